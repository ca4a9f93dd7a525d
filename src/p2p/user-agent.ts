import { VERSION } from '../lib/version';

/** Most characters of a contact. Core allows 256 for a user agent (`src/net.h` MAX_SUBVERSION_LENGTH). */
export const MAX_CONTACT = 100;

/** Core's set for comments (`src/util/strencodings.cpp` SAFE_CHARS_UA_COMMENT), with no blank at an end. */
const CONTACT = /^[A-Za-z0-9.,;\-_?@]([A-Za-z0-9 .,;\-_?@]*[A-Za-z0-9.,;\-_?@])?$/;

/** Whether a text can stand in a user agent as a comment. */
export function isContact(text: string): boolean {
  return text.length <= MAX_CONTACT && CONTACT.test(text);
}

/**
 * Our user agent (BIP14).
 * @param contact how the operator can be reached, as a comment; see `isContact`
 */
export function userAgentOf(contact?: string): string {
  return `/btcdmon-node:${VERSION}${contact === undefined ? '' : `(${contact})`}/`;
}
