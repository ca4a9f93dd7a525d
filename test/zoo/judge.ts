import { isDeepStrictEqual } from 'node:util';
import type { Behaviour } from './behaviour';
import type { HonestRecord } from './honest-peer';
import type { Counts, ListenerReport } from './listener-child';
import { BEHAVIOURS } from './all-behaviours';

/** The results of a run. */
export interface Observations {
  readonly behaviours: readonly Behaviour[];
  /** Addresses of the honest peers. */
  readonly addresses: readonly string[];
  readonly honest: readonly HonestRecord[];
  readonly before: ListenerReport;
  readonly after: ListenerReport;
  /** See {@link ListenerReport}; from the first culprit to the last one. */
  readonly lagP99Ms: number;
  /** The points of `tx` and `rejects`, in line protocol. */
  readonly points: string;
  readonly failures: readonly string[];
}

/** The verdict on a run. */
export interface Finding {
  /** What was wrong; empty if everything held. */
  readonly faults: readonly string[];
  /** By behaviour: the reasons for which its peers were ended. */
  readonly reasons: ReadonlyMap<string, Counts>;
  readonly transactions: number;
  /** Whether every message of the honest peers was counted, and their transactions were stored in order. */
  readonly isHonestExact: boolean;
  /** Number of messages from the culprits. */
  readonly messages: number;
  readonly residentBefore: number;
  readonly residentPeak: number;
  readonly residentAfter: number;
  /** In milliseconds: the time that peers waited, and processor time of the listener. */
  readonly pongP99: { readonly ms: number; readonly processorMs: number };
  /** See {@link ListenerReport}; from the first culprit to the last one. */
  readonly lagP99Ms: number;
}

const MOST_RESIDENT = 500_000_000;
/** Memory afterwards may be this many times the memory before. */
const LEFT_OVER = 1.2;

/**
 * Memory that may stay in addition, each part bounded: transactions in the relay view (2 MB here) with the
 * outputs that they spend, hashes of announcements, and what the allocator keeps after thousands of
 * connections. At 60 s the most was 15 MB, after storms-of-resets and names-by-the-hundred-thousand.
 */
const MAY_STAY = 20_000_000;

/** Whether the memory for the culprits was released: both the memory in use and the resident memory. */
export function isBack(before: ListenerReport, after: ListenerReport): boolean {
  return (
    after.live <= before.live * LEFT_OVER + MAY_STAY &&
    after.resident <= before.resident * LEFT_OVER + MAY_STAY
  );
}

const PONG_MS = 250;

/** Reasons that are no violation. */
const PEACEFUL: ReadonlySet<string> = new Set(['closed-by-peer', 'socket-error', 'stopped', 'stalled']);

/** Compares the results with what must hold. */
export function judge(seen: Observations, options: { readonly judgesPong: boolean }): Finding {
  const { before, after } = seen;
  const faults = [...seen.failures];
  const reasons = new Map<string, Counts>();
  for (const behaviour of seen.behaviours) {
    const found = reasonsOf(behaviour, after.reasons);
    reasons.set(behaviour.name, found);
    const fault = endFault(behaviour, found, seen.behaviours.length > 1);
    if (fault !== undefined) faults.push(fault);
  }
  const stored = [...seen.points.matchAll(/^tx,.*?sha="([0-9a-f]{64})"/gm)].map(([, sha = '']) => sha);
  const inexact = seen.honest.flatMap((record, n) => honestFaults(record, n, seen, stored));
  faults.push(...inexact);
  faults.push(...rejectsFaults(seen));
  if (after.peak > MOST_RESIDENT) faults.push(`memory: ${mb(after.peak)} at most, 500 MB are allowed`);
  if (!isBack(before, after))
    faults.push(
      `memory: ${mb(after.live)} in use and ${mb(after.resident)} resident afterwards, ${mb(before.live)} and ${mb(before.resident)} before`,
    );
  const pongs = seen.honest.flatMap((record) => record.pongs);
  const pongP99 = {
    ms: p99(pongs.map(({ ms }) => ms)),
    processorMs: p99(pongs.map((pong) => pong.processorMs)),
  };
  const judged = options.judgesPong ? pongP99.ms : pongP99.processorMs;
  if (judged > PONG_MS) faults.push(`pongs: p99 ${judged.toFixed(0)} ms, 250 are allowed`);
  return {
    faults,
    reasons,
    transactions: seen.honest.reduce((sum, { announced }) => sum + announced, 0),
    isHonestExact: inexact.length === 0,
    messages: Object.values(after.messages).reduce((sum, n) => sum + n, 0),
    residentBefore: before.resident,
    residentPeak: after.peak,
    residentAfter: after.resident,
    pongP99,
    lagP99Ms: seen.lagP99Ms,
  };
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Infinity;
}

/** The reasons for ending a behaviour, which dials from its own addresses. */
function reasonsOf(behaviour: Behaviour, reasons: ListenerReport['reasons']): Counts {
  const prefix = `127.${BEHAVIOURS.indexOf(behaviour) + 10}.`;
  const found: Counts = {};
  for (const [host, counts] of Object.entries(reasons)) {
    if (!host.startsWith(prefix) && host !== 'refused') continue;
    for (const [reason, count] of Object.entries(counts)) found[reason] = (found[reason] ?? 0) + count;
  }
  return found;
}

/** Whether the listener has ended a behaviour as it must. A behaviour that may stay needs no end. */
export function hasEnd(behaviour: Behaviour, reasons: ListenerReport['reasons']): boolean {
  const found = reasonsOf(behaviour, reasons);
  return behaviour.ends === 'stays' || behaviour.ends.some((reason) => reason in found);
}

function endFault({ name, ends }: Behaviour, found: Counts, isOneOfMany: boolean): string | undefined {
  // Many behaviours share one processor, so a peer may be too slow by itself.
  const isSlow = (reason: string): boolean => isOneOfMany && reason === 'handshake-timeout';
  const reasons = Object.keys(found).filter((reason) => !PEACEFUL.has(reason) && !isSlow(reason));
  if (ends !== 'stays')
    return ends.some((reason) => reason in found)
      ? undefined
      : `${name}: must end by ${ends.join(' or ')}, found ${Object.keys(found).join(', ') || 'nothing'}`;
  return undefined === reasons.find((reason) => !REFUSALS.has(reason))
    ? undefined
    : `${name}: must stay, found ${reasons.join(', ')}`;
}

/** Reasons without a peer: a refused connection has none. */
const REFUSALS: ReadonlySet<string> = new Set([
  'banned',
  'excluded',
  'inbound-full',
  'inbound-share',
  'duplicate',
]);

/** @param stored the transactions of all points of `tx`, in their order */
function honestFaults(
  record: HonestRecord,
  n: number,
  { addresses, after }: Observations,
  stored: readonly string[],
): string[] {
  const faults: string[] = [];
  const own = after.honest[addresses[n] ?? ''];
  const who = `honest peer ${n}`;
  if (own === undefined) return [`${who}: the listener never heard of it`];
  for (const [what, theirs, ours] of [
    ['received', record.sent, own.received],
    ['sent', record.got, own.sent],
  ] as const)
    if (!isDeepStrictEqual({ ...ours }, theirs))
      faults.push(
        `${who}: messages ${what}: counted ${JSON.stringify(ours)}, it has ${JSON.stringify(theirs)}`,
      );
  if (record.given.length !== record.announced)
    faults.push(`${who}: ${record.given.length} of ${record.announced} transactions were asked for`);
  if (record.unanswered > 0) faults.push(`${who}: ${record.unanswered} pings without a pong`);
  // The reason for which the listener lost it, if it did. It is dialled by the encrypted transport first.
  const host = (addresses[n] ?? '').split(':')[0] ?? '';
  const ends = Object.entries(after.reasons[host] ?? {}).filter(([reason]) => reason !== 'plain-transport');
  if (ends.length > 0) faults.push(`${who}: the listener gave it ${JSON.stringify(ends)}`);
  const mine = new Set(record.given);
  const ours = stored.filter((sha) => mine.has(sha));
  if (!isDeepStrictEqual(ours, [...record.given]))
    faults.push(`${who}: ${ours.length} points of tx for ${record.given.length} given, or in another order`);
  return faults;
}

/** The series `rejects` must match the events. */
function rejectsFaults({ points, after }: Observations): string[] {
  const told: Counts = {};
  for (const [, reason = '', fields = ''] of points.matchAll(/^rejects,.*?reason=([a-z-]+) (\S+) /gm))
    for (const [, n = '0'] of fields.matchAll(/(?:violations|disconnects)=(\d+)i/g))
      told[reason] = (told[reason] ?? 0) + Number(n);
  const counted: Counts = {};
  for (const counts of Object.values(after.reasons))
    for (const [reason, n] of Object.entries(counts)) counted[reason] = (counted[reason] ?? 0) + n;
  // The honest peers end with the run, after the report.
  delete told['stopped'];
  delete counted['stopped'];
  return Object.entries(counted).flatMap(([reason, n]) =>
    told[reason] === n ? [] : [`rejects: ${told[reason] ?? 0} of ${reason}, there were ${n}`],
  );
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
