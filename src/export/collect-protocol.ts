/**
 * What a sender and `btcdmon-node collect` say to each other beside the lines, over TCP, TLS or a Unix
 * socket. The sender's part are comments, which every receiver of line protocol skips:
 *
 *     > #btcdmon 1 token=…        first of all; without the token where none is needed
 *     < ready
 *     > #batch ID
 *     > lines
 *     > #end ID
 *     < wait                      now and then, until the points are safe
 *     < ok ID REFUSED             they are; so many lines of the batch were refused
 *
 * or, before the connection is closed, `refused WHY`. A sender that does not begin so is taken as any client
 * of line protocol is: it needs no token, or is refused, and nothing is confirmed. A batch that was not
 * confirmed is sent again under its id, by the next connection; the collector skips as many of its lines as
 * it has taken already.
 */

/** Grows when one side would misread the other. */
const VERSION = '1';

/** The longest line of this protocol, in characters. */
export const MAX_MESSAGE_LENGTH = 512;

/** What a token may be made of, so that it stands in a line. */
export const TOKEN = /^[\x21-\x7e]{1,256}$/;

const BATCH_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Why a collector does not listen to a sender. */
export type RefusalCode = 'token' | 'version' | 'order';

const REFUSED: Readonly<Record<RefusalCode, string>> = {
  token: 'the collector refuses the token',
  version: 'the collector speaks another version of the protocol',
  order: 'the collector did not expect this',
};

/** What a sender says. */
export type SenderMessage =
  | {
      readonly kind: 'hello';
      readonly version: boolean;

      readonly token: string | null;
    }
  | { readonly kind: 'batch' | 'end'; readonly id: string }
  /** Any other comment. */
  | { readonly kind: 'comment' };

/** What a collector answers. */
export type CollectorReply =
  | { readonly kind: 'ready' | 'wait' }
  | { readonly kind: 'ok'; readonly id: string; readonly refused: number }
  | { readonly kind: 'refused'; readonly why: RefusalCode; readonly text: string };

/** The first line of a sender, with its newline. */
export function hello(token: string | null): string {
  return `#btcdmon ${VERSION}${token === null ? '' : ` token=${token}`}\n`;
}

/** Reads a line that begins with `#`. */
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

/** Reads a line of a collector; null where it is none. */
export function readCollectorReply(line: string): CollectorReply | null {
  if (line === 'ready' || line === 'wait') return { kind: line };
  const ok = /^ok (\S+) (\d{1,9})$/.exec(line);
  if (ok !== null) return { kind: 'ok', id: ok[1] ?? '', refused: Number(ok[2]) };
  const why = /^refused (token|version|order)$/.exec(line)?.[1] as RefusalCode | undefined;
  return why === undefined ? null : { kind: 'refused', why, text: REFUSED[why] };
}
