import type { SeriesName } from '../metrics/schema';
import type { Query } from '../query/model';
import { type Result, type Value, allRows } from '../query/result';
import { ifThere } from '../query/store-nodes';
import { MAX_NS } from '../query/time';
import type { Where } from '../query/where';
import type { StoredPoint, WhyKind } from './why-answer';

const NS_A_MS = 1_000_000n;
const HOUR_NS = 3_600_000_000_000n;
const DAY_NS = 24n * HOUR_NS;

/** Points of one series that are told. */
const MOST_POINTS = 20;

/** How far back the store is looked through where nothing says when it was. */
const TRANSACTION_NS = DAY_NS;
const OTHER_NS = 30n * DAY_NS;

/** The object of which the store is asked. */
export interface StoredSubject {
  /** What it is; null for a hash of which that is not known. */
  readonly kind: WhyKind | null;
  /** A txid, the hash of a block, an address; '' where a height is asked for. */
  readonly id: string;
  readonly height?: number;
  /** When it was first heard of, Unix milliseconds; null where that is not known. */
  readonly firstMs: number | null;
}

/** What a store tells of an object. */
export interface StoredWhy {
  readonly points: readonly StoredPoint[];
  /** From where on it was looked through, Unix milliseconds. */
  readonly sinceMs: number;
  /** Before this time it has rollups alone, which tell of no object; null where it has all points. */
  readonly rawSinceMs: number | null;
}

/**
 * Asks a store for the points about an object. Series of transactions are looked through for an hour around
 * its first time, or else for a day: that of mainnet has 600,000 of them.
 * @param sinceNs how far back it is looked through; undefined: as far as these say
 */
export async function storedWhy(
  run: (query: Query) => Promise<Result>,
  subject: StoredSubject,
  { nowNs, sinceNs }: { readonly nowNs: bigint; readonly sinceNs?: bigint | undefined },
): Promise<StoredWhy> {
  const store = new Looking(run);
  const first = subject.firstMs === null ? null : BigInt(Math.floor(subject.firstMs)) * NS_A_MS - HOUR_NS;
  const since = (ns: bigint): bigint => sinceNs ?? first ?? nowNs - ns;
  const wide = sinceNs ?? nowNs - OTHER_NS;
  const { kind, id, height } = subject;
  if (kind === 'peer') await store.peer(id, wide);
  else if (height !== undefined) await store.height(height, wide);
  else {
    if (kind !== 'transaction') await store.block(id, wide);
    if (kind === 'transaction' || (kind === null && store.points.length === 0))
      await store.transaction(id, since(TRANSACTION_NS));
  }
  return { points: store.points, sinceMs: Number(store.since / NS_A_MS), rawSinceMs: store.rawSinceMs };
}

/** Collects the points of some questions. */
class Looking {
  readonly points: StoredPoint[] = [];
  rawSinceMs: number | null = null;
  since = MAX_NS;

  constructor(private readonly run: (query: Query) => Promise<Result>) {}

  async transaction(txid: string, since: bigint): Promise<void> {
    await this.ask('tx', is('sha', txid), since);
    await this.ask('propagation', all(is('kind', 'tx'), is('sha', txid)), since);
    await this.ask('double_spends', any(is('tx_id', txid), is('conflicts_with', txid)), since);
    await this.ask('replacements', any(is('tx_id', txid), is('replaced', txid)), since);
  }

  async block(hash: string, since: bigint): Promise<void> {
    const found = await this.ask('processed_blocks', is('sha', hash), since);
    const [newest] = found;
    if (newest?.timeMs == null) return;
    // The series of transactions are large, so they are looked through around its time alone.
    const [from, until] = [-HOUR_NS, HOUR_NS].map(
      (ns) => BigInt(Math.floor(newest.timeMs ?? 0)) * NS_A_MS + ns,
    );
    await this.ask('blocks', is('sha', hash), from ?? since, until);
    await this.ask('propagation', all(is('kind', 'block'), is('sha', hash)), from ?? since, until);
    await this.ask('compact_blocks', is('sha', hash), from ?? since, until);
    await this.ask('block_templates', is('sha', hash), from ?? since, until);
    // The last thing that is known of the branch that it ends.
    await this.ask('chain_tips', is('sha', hash), from ?? since, MAX_NS, 1);
    await this.ask('reorgs', any(is('old_tip', hash), is('new_tip', hash)), from ?? since);
  }

  async height(height: number, since: bigint): Promise<void> {
    const found = await this.ask('processed_blocks', is('height', height), since);
    const hashes = new Set(found.map(({ values }) => values['sha']));
    const [only] = hashes;
    if (hashes.size !== 1 || typeof only !== 'string') return;
    this.points.length = 0;
    await this.block(only, since);
  }

  async peer(address: string, since: bigint): Promise<void> {
    await this.ask('peer_sessions', is('address', address), since);
    await this.ask('session_messages', is('address', address), since);
    await this.ask('processed_blocks', is('peer_addr', address), since);
    await this.ask('node_peers', is('address', address), since, MAX_NS, 1);
  }

  /** The points that a query gives, the newest of them where they are too many. */
  private async ask(
    series: SeriesName,
    where: Where,
    since: bigint,
    until = MAX_NS,
    limit = MOST_POINTS,
  ): Promise<readonly StoredPoint[]> {
    if (since < this.since) this.since = since;
    const query = { series, where, since, until, agg: null, by: [], everyNs: null, limit };
    const result = await ifThere(() => this.run(query));
    if (result === null) return [];
    if (result.rawSince !== undefined)
      this.rawSinceMs = Math.max(this.rawSinceMs ?? 0, Number(result.rawSince / NS_A_MS));
    const names = result.columns.map(({ name }) => name);
    const found = (await allRows(result)).map((row) => pointOf(series, names, row));
    this.points.push(...found);
    return found;
  }
}

function pointOf(series: SeriesName, names: readonly string[], row: readonly Value[]): StoredPoint {
  const values: Record<string, string | number | boolean> = {};
  let timeMs: number | null = null;
  let node = '';
  for (const [index, name] of names.entries()) {
    const value = row[index] ?? null;
    if (value === null || value === '') continue;
    // Most commands were not sent.
    if (series === 'session_messages' && Number(value) === 0) continue;
    if (name === 'time') timeMs = typeof value === 'bigint' ? Number(value / 1_000n) / 1_000 : null;
    else if (name === 'node') node = String(value);
    else values[name] = typeof value === 'bigint' ? Number(value) : value;
  }
  return { series, timeMs, node, values };
}

function is(column: string, value: string | number): Where {
  return { kind: 'compare', column, op: '=', value };
}

function all(...terms: readonly Where[]): Where {
  return { kind: 'and', terms };
}

function any(...terms: readonly Where[]): Where {
  return { kind: 'or', terms };
}
