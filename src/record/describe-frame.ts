import { DecodeError } from '../wire/decode-error';
import { displayOf } from '../wire/hash';
import { type InventoryItem, kindOfItem } from '../wire/messages/inventory';
import { type DecodedCommand, DECODERS, isDecoded, type MessageOf } from '../wire/messages/table';
import type { ListedFrame } from './frame-list';

/** Characters of a stranger's text that are shown. */
const MOST_SHOWN = 60;

type Describers = { readonly [C in DecodedCommand]?: (message: MessageOf<C>, payload: Buffer) => string };

const DESCRIBERS: Describers = {
  version: ({ version, userAgent, startHeight, services }) =>
    `${version} ${cleanText(userAgent)}, height ${startHeight}, services ${services.toString(16)}`,
  addr: (addresses) => counted(addresses.length, 'address', 'addresses'),
  addrv2: (addresses) => counted(addresses.length, 'address', 'addresses'),
  inv: inventory,
  getdata: inventory,
  notfound: inventory,
  headers: (headers) => {
    const last = headers.at(-1);
    return last === undefined ? 'no headers' : `${counted(headers.length, 'header')}, to ${last.hash}`;
  },
  ping: (_, payload) => payload.subarray(0, 8).toString('hex'),
  pong: (_, payload) => payload.subarray(0, 8).toString('hex'),
  tx: ({ txid, vsize, inputs, outputs }) =>
    `${txid}, ${vsize} vB, ${inputs.length} in, ${outputs.length} out`,
  block: ({ hash, transactions }) => `${hash}, ${counted(transactions.length, 'transaction')}`,
  cmpctblock: ({ header, shortIds, prefilled }) =>
    `${header.hash}, ${counted(shortIds.length, 'short id')}, ${prefilled.length} prefilled`,
  blocktxn: ({ blockHash, transactions }) =>
    `${displayOf(blockHash)}, ${counted(transactions.length, 'transaction')}`,
  getblocktxn: ({ blockHash, indexes }) =>
    `${displayOf(blockHash)}, ${counted(indexes.length, 'transaction')}`,
};

/** What a message or event held, in a few words without control characters. */
export function describeFrame({ direction, command, payload, fact }: ListedFrame): string {
  if (direction === 'event') return eventWords(fact?.all ?? {});
  if (payload === null) return 'wrong checksum';
  if (!isDecoded(command)) return payload.length === 0 ? '' : 'not decoded';
  try {
    return decoded(command, payload);
  } catch (error) {
    if (error instanceof DecodeError) return 'malformed';
    throw error;
  }
}

/** Printable ASCII of a stranger's text. */
export function cleanText(text: string): string {
  const cut = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, '?');
}

function decoded(command: DecodedCommand, payload: Buffer): string {
  // The describer belongs to the command, which the types of a look-up in both tables can't express.
  const describer = DESCRIBERS[command] as ((message: never, bytes: Buffer) => string) | undefined;
  return describer?.(DECODERS[command](payload) as never, payload) ?? '';
}

function eventWords(fields: Readonly<Record<string, unknown>>): string {
  const { reason, outbound } = fields;
  if (typeof reason === 'string') return cleanText(reason);
  return typeof outbound === 'boolean' ? (outbound ? 'outbound' : 'inbound') : '';
}

function inventory(items: readonly InventoryItem[]): string {
  const kinds = new Map<string, number>();
  for (const { type } of items)
    kinds.set(kindOfItem(type) ?? 'other', (kinds.get(kindOfItem(type) ?? 'other') ?? 0) + 1);
  const words = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const [only] = items;
  return items.length === 1 && only !== undefined ? `${words} ${displayOf(only.hash)}` : words;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
