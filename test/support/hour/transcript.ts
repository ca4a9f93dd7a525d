import { NETWORKS } from '../../../src/wire/networks';
import { type RecordedConversation, splitMessages } from '../recorder';

/** A message that a recorder saw. */
export interface Message {
  readonly command: string;
  readonly payload: Buffer;
  /** When its last byte came from the peer, in Unix milliseconds; 0 for a message of the listener. */
  readonly at: number;
}

/** The messages of a connection. */
export interface Transcript {
  /** From the peer to the listener. */
  readonly in: readonly Message[];
  readonly out: readonly Message[];
}

/** An inventory item that a recorder saw. */
export interface SeenItem {
  readonly type: number;
  /** The hash as people write it. */
  readonly hash: string;
}

const HEADER_BYTES = 24;
const ITEM_BYTES = 36;

/** Cuts the bytes of a recorder into messages. */
export function transcribe(conversation: RecordedConversation): Transcript {
  const { magic } = NETWORKS.regtest;
  const ends = conversation.in.map(({ length }) => length);
  for (let i = 1; i < ends.length; i++) ends[i] = (ends[i] ?? 0) + (ends[i - 1] ?? 0);
  let chunk = 0;
  let position = 0;
  const timeOf = (bytes: Buffer): number => {
    position += bytes.length;
    while ((ends[chunk] ?? Infinity) < position) chunk++;
    return conversation.inAt[chunk] ?? 0;
  };
  return {
    in: splitMessages(conversation.in, magic).map((bytes) => message(bytes, timeOf(bytes))),
    out: splitMessages(conversation.out, magic).map((bytes) => message(bytes, 0)),
  };
}

function message(bytes: Buffer, at: number): Message {
  const command = bytes.toString('latin1', 4, 16).replace(/\0+$/, '');
  return { command, payload: bytes.subarray(HEADER_BYTES), at };
}

/** The items of an `inv`, a `getdata` or a `notfound` of fewer than 65,536; none where it is malformed. */
export function itemsOf({ payload }: Message): SeenItem[] {
  const isLong = payload[0] === 0xfd;
  const count = isLong ? payload.readUInt16LE(1) : (payload[0] ?? 0);
  const head = isLong ? 3 : 1;
  if (payload.length !== head + count * ITEM_BYTES) return [];
  return Array.from({ length: count }, (_, i) => {
    const start = head + i * ITEM_BYTES;
    const hash = Buffer.from(payload.subarray(start + 4, start + ITEM_BYTES));
    return { type: payload.readUInt32LE(start), hash: hash.reverse().toString('hex') };
  });
}
