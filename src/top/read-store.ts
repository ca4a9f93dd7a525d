import type { LiveBlock } from '../live/live';
import type { SeriesName } from '../metrics/schema';
import type { Period } from '../query/time';
import type { Where } from '../query/where';
import type { AgentCount, StoreFigures } from './data';
import {
  blockRow,
  clockStepOf,
  exporterRows,
  gaugesOf,
  intervalOf,
  mempoolOf,
  newestOf,
  nodesOf,
} from './store-figures';
import { is, type Points } from './points';
import { ratesOf } from './rates';

const SECOND_NS = 1_000_000_000n;
const MINUTE_NS = 60n * SECOND_NS;
const HOUR_NS = 60n * MINUTE_NS;
const DAY_NS = 24n * HOUR_NS;

/** How far back to look for the newest point, step by step; everything is only read from an old store. */
const LOOK_BACK_NS = [10n * MINUTE_NS, DAY_NS, 30n * DAY_NS];

/**
 * A minute, and the point that begins it. If points come less often, the window is as many minutes as two
 * points need.
 */
const WINDOW_NS = 61n * SECOND_NS;
const LONG_WINDOW_NS = 16n * MINUTE_NS;

const BLOCKS_NS = 14n * DAY_NS;

/** As many as a node keeps. */
export const MAX_BLOCKS = 20;

/** Statuses of judged blocks; the others would fill the list. */
const JUDGED = ['accepted', 'side_chain', 'rejected', 'orphan'];

/** Selects the points of `peers` that belong to an interval. */
const IS_GAUGE: Where = { kind: 'compare', column: 'total_connected', op: '>=', value: 0 };

/** The points of `btcdmon` about a step of the clock. */
const IS_STEP: Where = { kind: 'compare', column: 'clock_step', op: '!=', value: 0 };

/** A clock that was set back has its step before points that are older: how far back steps are looked for. */
const STEPS_NS = 30n * DAY_NS;

const EMPTY: StoreFigures = {
  ...{ newestMs: null, intervalMs: null, nodes: [], startedMs: null, rates: null },
  ...{ mempool: null, gauges: null, agents: [], blocks: [], exporters: [], clockStep: null },
};

/**
 * Reads the data of a store up to `newest`, the time of its newest point; with `agents` also the handshakes
 * of the last hour.
 */
export async function readStore(
  points: Points,
  newest: bigint | null,
  { agents }: { readonly agents: boolean },
): Promise<StoreFigures> {
  if (newest === null) return EMPTY;
  const until = newest + 1n;
  const back = (ns: bigint): Period => ({ since: until > ns ? until - ns : 0n, until });
  let window = back(WINDOW_NS);
  let recv = await points.read('msg_recv', window);
  if (ratesOf({ recv, recvBytes: [], sent: [], sentBytes: [] }) === null) {
    window = back(LONG_WINDOW_NS);
    recv = await points.read('msg_recv', window);
  }
  const rates = ratesOf({
    recv,
    recvBytes: await points.read('msg_recv_bytes', window),
    sent: await points.read('msg_sent', window),
    sentBytes: await points.read('msg_sent_bytes', window),
  });
  const seen = await points.read('btcdmon', back(HOUR_NS), {
    ...{ agg: { fn: 'count', column: 'started' }, by: ['node', 'network'], everyNs: MINUTE_NS },
  });
  const accounts = await points.read('btcdmon', window, { where: [is('series', '')] });
  const runs = newestOf(accounts).map(({ values }) => Number(values['started']));
  return {
    newestMs: Number(newest / 1_000_000n),
    intervalMs: intervalOf(recv),
    nodes: nodesOf(seen, newest),
    startedMs: runs.length === 1 ? (runs[0] ?? null) : null,
    rates,
    mempool: mempoolOf(await points.read('mempool', window)),
    gauges: gaugesOf(newestOf(await points.read('peers', window, { where: [IS_GAUGE] }))),
    agents: agents ? await agentCounts(points, back(HOUR_NS)) : [],
    blocks: await lastBlocks(points, back(BLOCKS_NS)),
    exporters: exporterRows(accounts),
    clockStep: clockStepOf(
      await points.read('btcdmon', back(STEPS_NS), { where: [IS_STEP] }),
      until - DAY_NS,
    ),
  };
}

/**
 * The time of the newest point. Each process writes its account last in an interval, so only accounts are
 * read. Null if there is none.
 */
export async function newestTime(
  points: Points,
  nowNs: bigint,
  series: SeriesName = 'btcdmon',
): Promise<bigint | null> {
  for (const ns of [...LOOK_BACK_NS, nowNs]) {
    // Includes points of a machine whose clock is slightly ahead of ours.
    const range = { since: nowNs - ns, until: nowNs + MINUTE_NS };
    const [newest] = await points.read(series, range, { limit: 1 });
    if (newest !== undefined) return newest.time;
  }
  return null;
}

async function agentCounts(points: Points, range: Period): Promise<readonly AgentCount[]> {
  const groups = await points.read('peers', range, {
    ...{ agg: { fn: 'count', column: 'version' }, by: ['user_agent'] },
  });
  return groups
    .map(({ values }) => ({
      userAgent: String(values['user_agent'] ?? ''),
      handshakes: Number(values['count_version'] ?? 0),
    }))
    .filter(({ handshakes }) => handshakes > 0)
    .sort((a, b) => b.handshakes - a.handshakes);
}

/** Each block once, even if several nodes judged it. */
async function lastBlocks(points: Points, range: Period): Promise<readonly LiveBlock[]> {
  const judged = await points.read('processed_blocks', range, {
    ...{
      where: [{ kind: 'or', terms: JUDGED.map((status) => is('status', status)) }],
      limit: 3 * MAX_BLOCKS,
    },
  });
  const blocks = new Map<string, LiveBlock>();
  for (const block of judged.map(blockRow)) {
    blocks.delete(block.sha);
    blocks.set(block.sha, block);
  }
  return [...blocks.values()].reverse().slice(0, MAX_BLOCKS);
}
