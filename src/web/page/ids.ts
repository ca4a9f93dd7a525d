import { copyButton } from './copy';
import { el } from './dom';
import { whyLink } from './place';

const HASH = /^[0-9a-f]{64}$/;

/** `192.0.2.1:8333`, `[2001:db8::1]:8333`, `name.onion:8333`. */
const PEER = /^(?:\[[0-9a-f:]+\]|[\w-]+(?:\.[\w-]+)+):\d{1,5}$/;

/** Whether a text is the id of a transaction or a block, or the address of a peer. */
export function isId(text: string): boolean {
  return HASH.test(text) || PEER.test(text);
}

/** Whether it is a hash, which has no place in a line of words. */
export function isHash(text: string): boolean {
  return HASH.test(text);
}

/** A link to what is known of an id. */
export function idLink(text: string): HTMLElement {
  return el('a', { href: whyLink(text) }, text);
}

/** The same with a button that copies the id. */
export function copiedLink(text: string): HTMLElement {
  return el(
    'span',
    { class: 'id' },
    idLink(text),
    copyButton(() => text),
  );
}
