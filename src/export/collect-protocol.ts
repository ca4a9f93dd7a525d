/**
 * The messages between a sender and `btcdmon-node collect`, beside the lines, over TCP, TLS or a Unix socket.
 * The sender's messages are comments of line protocol, which every other receiver skips:
 *
 *     > #btcdmon 1 token=…        the first line; without the token where the collector needs none
 *     < ready
 *     > #batch ID
 *     > lines
 *     > #end ID
 *     < wait                      now and then, while the points are not safe yet
 *     < ok ID REFUSED             the points are safe; REFUSED lines of the batch were refused
 *
 * or `refused CODE`, after which the connection is closed. A sender that does not begin with `#btcdmon` is a
 * plain client of line protocol: nothing is confirmed to it, and it is refused where a token is needed. A
 * batch that was not confirmed is sent again under its id over the next connection; the collector skips as
 * many of its lines as it has already taken.
 */

/** Version of the protocol. It grows when one side would misread the other. */
const VERSION = '1';

/** The longest message, in characters. */
export const MAX_MESSAGE_LENGTH = 512;

/** The characters that a token may have, so that it fits into one line. */
export const TOKEN = /^[\x21-\x7e]{1,256}$/;

const BATCH_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Why a collector does not listen to a sender. */
export type RefusalCode = 'token' | 'version' | 'order';

const REFUSED: Readonly<Record<RefusalCode, string>> = {
  token: 'the collector refuses the token',
  version: 'the collector speaks another version of the protocol',
  order: 'the collector did not expect this',
};

/** A message of a sender. */
export type SenderMessage =
  | {
      readonly kind: 'hello';
      readonly version: boolean;

      readonly token: string | null;
    }
  | { readonly kind: 'batch' | 'end'; readonly id: string }
  /** Any other comment. */
  | { readonly kind: 'comment' };

/** A message of a collector. */
export type CollectorReply =
  | { readonly kind: 'ready' | 'wait' }
  | { readonly kind: 'ok'; readonly id: string; readonly refused: number }
  | { readonly kind: 'refused'; readonly why: RefusalCode; readonly text: string };

/** The first line of a sender, with its newline. */
export function hello(token: string | null): string {
  return `#btcdmon ${VERSION}${token === null ? '' : ` token=${token}`}\n`;
}

/** Parses a sender's line that begins with `#`. */
export function readSenderMessage(line: string): SenderMessage {
  if (line.length > MAX_MESSAGE_LENGTH) return { kind: 'comment' };
  const [word, ...rest] = line.split(' ');
  const [id = ''] = rest;
  if (word === '#batch' && BATCH_ID.test(id)) return { kind: 'batch', id };
  if (word === '#end' && BATCH_ID.test(id)) return { kind: 'end', id };
  if (word !== '#btcdmon') return { kind: 'comment' };
  const token = rest.find((part) => part.startsWith('token='))?.slice('token='.length) ?? null;
  return { kind: 'hello', version: id === VERSION, token };
}

/** Parses a collector's line; null if it does not belong to this protocol. */
export function readCollectorReply(line: string): CollectorReply | null {
  if (line === 'ready' || line === 'wait') return { kind: line };
  const ok = /^ok (\S+) (\d{1,9})$/.exec(line);
  if (ok !== null) return { kind: 'ok', id: ok[1] ?? '', refused: Number(ok[2]) };
  const why = /^refused (token|version|order)$/.exec(line)?.[1] as RefusalCode | undefined;
  return why === undefined ? null : { kind: 'refused', why, text: REFUSED[why] };
}
