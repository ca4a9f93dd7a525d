import { itemsOf, type Transcript } from './transcript';

/** How long announcements of one thing are gathered. */
const WINDOW_MS = 30_000;
/** What stays unclear of when the window began and when the listener looked at it. */
const BEFORE_MS = 3_000;
const AFTER_MS = 30_000;

const BLOCK = 2;

/** How a transaction or a block was announced. */
export interface Spread {
  readonly kind: 'tx' | 'block';
  /** Connections over which it was announced within the window. */
  readonly peers: number;
  /** Number of the one over which it came first. */
  readonly first: number;
  /** Whether no announcement came so near to the end of the window that it may or may not count. */
  readonly isCertain: boolean;
}

/** How each thing was announced over these connections. */
export function spreadsOf(transcripts: readonly Transcript[]): Spread[] {
  const kinds = new Map<string, Spread['kind']>();
  const times = new Map<string, { readonly connection: number; readonly at: number }[]>();
  for (const [connection, transcript] of transcripts.entries()) {
    const first = new Map<string, number>();
    for (const message of transcript.in)
      if (message.command === 'inv')
        for (const { type, hash } of itemsOf(message)) {
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
