import BcoinBlock from 'bcoin/lib/primitives/block';
import { itemsOf, type Message, type SeenItem, type Transcript } from './transcript';

/** How long announcements of one transaction or block are gathered. */
const WINDOW_MS = 30_000;
/** The uncertainty about when the window began and when the listener looked at it. */
const BEFORE_MS = 3_000;
const AFTER_MS = 30_000;

const BLOCK = 2;

/** The announcements of a transaction or a block. */
export interface Spread {
  readonly kind: 'tx' | 'block';
  /** The number of connections over which it was announced within the window. */
  readonly peers: number;
  /** Number of the connection over which it was announced first. */
  readonly first: number;
  /** Whether no announcement came so close to the end of the window that it may or may not count. */
  readonly isCertain: boolean;
}

/**
 * The announcements of each transaction and block over these connections: an `inv`, or a block that the
 * listener has asked nobody for. Compact blocks and blocks announced by headers are not considered.
 */
export function spreadsOf(transcripts: readonly Transcript[]): Spread[] {
  const kinds = new Map<string, Spread['kind']>();
  const times = new Map<string, { readonly connection: number; readonly at: number }[]>();
  const questions = transcripts.flatMap(({ out }) => out.filter(({ command }) => command === 'getdata'));
  const asked = new Set(questions.flatMap(itemsOf).map(({ hash }) => hash));
  for (const [connection, transcript] of transcripts.entries()) {
    const first = new Map<string, number>();
    for (const message of transcript.in)
      for (const { type, hash } of announcedBy(message, asked)) {
        kinds.set(hash, type === BLOCK ? 'block' : 'tx');
        if (!first.has(hash)) first.set(hash, message.at);
      }
    for (const [hash, at] of first) times.set(hash, [...(times.get(hash) ?? []), { connection, at }]);
  }
  return [...kinds].map(([hash, kind]) => {
    const all = [...(times.get(hash) ?? [])].sort((a, b) => a.at - b.at);
    const [first = { connection: 0, at: 0 }] = all;
    const delays = all.map(({ at }) => at - first.at);
    return {
      kind,
      first: first.connection,
      peers: delays.filter((delay) => delay <= WINDOW_MS).length,
      isCertain: delays.every((delay) => delay < WINDOW_MS - BEFORE_MS || delay > WINDOW_MS + AFTER_MS),
    };
  });
}

/** The items that a message announces, if these hashes were requested. */
function announcedBy(message: Message, asked: ReadonlySet<string>): SeenItem[] {
  if (message.command === 'inv') return itemsOf(message);
  if (message.command !== 'block') return [];
  const hash = blockHashOf(message.payload);
  return hash === undefined || asked.has(hash) ? [] : [{ type: BLOCK, hash }];
}

/** The hash of a block as bcoin computes it; undefined where the bytes are no block. */
function blockHashOf(payload: Buffer): string | undefined {
  try {
    return BcoinBlock.fromRaw(payload).rhash();
  } catch {
    return undefined;
  }
}
