import type { Query } from '../query/model';
import type { Result } from '../query/result';
import { parseSubject, type Subject } from './subject';
import { type StoredSubject, type StoredWhy, storedWhy } from './stored-why';
import type { LiveWhy, StoredPoint, WhyAnswer, WhyKind } from './why-answer';

/** Where an answer comes from. */
export interface WhySources {
  /** Asks the record of the running node; null where none runs, or where it keeps no record. */
  readonly live: (text: string) => Promise<LiveWhy | null>;
  /** Asks the store. */
  readonly run: (query: Query) => Promise<Result>;
  readonly nowNs: bigint;
  /** How far back the store is looked through; undefined: a day of transactions, 30 days of the rest. */
  readonly sinceNs?: bigint | undefined;
}

/** The series that tell what an object is, in the order in which they decide. */
const KIND_OF: Readonly<Record<string, WhyKind>> = {
  tx: 'transaction',
  propagation: 'transaction',
  double_spends: 'transaction',
  replacements: 'transaction',
  processed_blocks: 'block',
  blocks: 'block',
};

/**
 * Answers why a transaction, a block or a peer is what it is: from the record of the running node, and from
 * the store.
 * @throws UsageError for a text that names none
 */
export async function answerWhy(text: string, sources: WhySources): Promise<WhyAnswer> {
  const subject = parseSubject(text);
  const live = await sources.live(text);
  const stored = await storedOf(subject, live, sources);
  const points = stored?.points ?? [];
  const hashes = distinct(points.flatMap(({ series, values }) => blockOf(series, values)));
  const isSeveral = live?.kind == null && subject.kind === 'height' && hashes.length > 1;
  const kind = live?.kind ?? (isSeveral ? null : kindOf(subject, points));
  return {
    asked: text.trim(),
    kind,
    id: live?.kind == null ? (kind === null ? '' : idOf(subject, points)) : live.id,
    node: live?.node ?? null,
    matches: isSeveral ? hashes : (live?.matches ?? []),
    facts: live?.facts ?? [],
    timeline: live?.timeline ?? [],
    policies: live?.policies ?? [],
    stored: points,
    notKnown: [...gaps(subject, live, stored, kind !== null || isSeveral)],
  };
}

async function storedOf(
  subject: Subject,
  live: LiveWhy | null,
  { run, nowNs, sinceNs }: WhySources,
): Promise<StoredWhy | null> {
  const about = storedSubject(subject, live);
  return about === null ? null : storedWhy(run, about, { nowNs, sinceNs });
}

/** What the store is asked for; null where that is not clear, as of the beginning of a hash. */
function storedSubject(subject: Subject, live: LiveWhy | null): StoredSubject | null {
  if (live?.kind != null) return { kind: live.kind, id: live.id, firstMs: live.firstMs };
  switch (subject.kind) {
    case 'hash':
      return { kind: null, id: subject.hash, firstMs: null };
    case 'height':
      return (live?.matches.length ?? 0) > 0
        ? null
        : { kind: 'block', id: '', height: subject.height, firstMs: null };
    case 'peer':
      return { kind: 'peer', id: subject.address, firstMs: null };
    case 'prefix':
    case 'host':
      return null;
  }
}

function kindOf(subject: Subject, points: readonly StoredPoint[]): WhyKind | null {
  if (points.length === 0) return null;
  if (subject.kind === 'peer') return 'peer';
  return points.map(({ series }) => KIND_OF[series]).find((kind) => kind !== undefined) ?? null;
}

function idOf(subject: Subject, points: readonly StoredPoint[]): string {
  if (subject.kind === 'hash') return subject.hash;
  if (subject.kind === 'peer') return subject.address;
  return points.flatMap(({ series, values }) => blockOf(series, values))[0] ?? '';
}

function blockOf(series: string, values: StoredPoint['values']): readonly string[] {
  const sha = values['sha'];
  return series === 'processed_blocks' && typeof sha === 'string' ? [sha] : [];
}

function* gaps(
  subject: Subject,
  live: LiveWhy | null,
  stored: StoredWhy | null,
  isFound: boolean,
): Generator<string> {
  if (live === null)
    yield 'No node runs that has this store open and keeps a record (--why): who announced what and when, and what was asked of whom, is not known.';
  else yield* live.notKnown;
  if (stored === null) {
    if (live === null && (subject.kind === 'prefix' || subject.kind === 'host'))
      yield `The store can't be searched for ${subject.kind === 'host' ? 'a host' : 'the beginning of a hash'}: give all of it.`;
    return;
  }
  const since = new Date(stored.sinceMs).toISOString();
  if (stored.points.length === 0)
    yield `The store has no point about it since ${since}${isFound ? '' : '; --since looks further back'}.`;
  if (stored.points.length === 0 && !isFound && subject.kind === 'hash')
    yield 'The store knows transactions by their txid alone: a wtxid is found only in the record of a node.';
  if (stored.rawSinceMs !== null && stored.rawSinceMs > stored.sinceMs)
    yield `Before ${new Date(stored.rawSinceMs).toISOString()} the store has rollups alone (--retention), which tell of no single object.`;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
