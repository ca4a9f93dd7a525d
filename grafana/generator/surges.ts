import { type PanelLine, line } from '../../src/panels/panel';
import type { Alert } from './alert';
import { overBuckets, whole } from './alert-influxql';
import { metricName } from './metric-name';

/**
 * A surge lasts this many minutes. It is compared with the three hours before, for which a node must have
 * run.
 */
const MINUTES = 10;
const BUCKETS = 18;
const NOW_S = MINUTES * 60;
const PAST_S = NOW_S * (BUCKETS + 1);

const BY = 'by (node, network)';

/** Every point of `btcdmon` has the start of the run; one point per interval is enough. */
const ONE_POINT = { where: { series: 'blocks' } } as const;

/** What makes a surge: more than `floor`, and more than `factor` times the past. */
interface Bounds {
  readonly floor: number;
  readonly factor: number;
}

/**
 * Queries and expression for a surge of a count. `metric` is the Prometheus counter of what `counted` adds
 * up.
 */
export function surgeOf(
  counted: PanelLine,
  metric: string,
  { floor, factor }: Bounds,
): Pick<Alert, 'influx' | 'promql'> {
  const recent = `sum ${BY} (increase(${metric}[${MINUTES}m]))`;
  const past = `sum ${BY} (increase(${metric}[${MINUTES * BUCKETS}m] offset ${MINUTES}m)) / ${BUCKETS}`;
  return { influx: influx(counted, { floor, factor }), promql: promql(recent, past, { floor, factor }) };
}

/** Queries and expression for a surge of a gauge. */
export function surgeOfState(
  state: PanelLine,
  metric: string,
  bounds: Bounds,
): Pick<Alert, 'influx' | 'promql'> {
  const recent = `max ${BY} (avg_over_time(${metric}[${MINUTES}m]))`;
  const past = `max ${BY} (avg_over_time(${metric}[${MINUTES * BUCKETS}m] offset ${MINUTES}m))`;
  return { influx: influx(state, bounds), promql: promql(recent, past, bounds) };
}

function influx(asked: PanelLine, { floor, factor }: Bounds): Alert['influx'] {
  return {
    queries: {
      A: whole(asked, [NOW_S, 0]),
      B: overBuckets('mean', asked, MINUTES, [PAST_S, NOW_S]),
      C: overBuckets('count', asked, MINUTES, [PAST_S, NOW_S]),
      D: whole(line('', 'btcdmon', 'min', 'started', ONE_POINT), [PAST_S, 0]),
      E: whole(line('', 'btcdmon', 'max', 'started', ONE_POINT), [PAST_S, 0]),
    },
    condition: `$A > ${floor} && $A > ${factor} * $B && $C >= ${BUCKETS} && $D == $E`,
    noData: 'OK',
  };
}

/**
 * Uses `unless` and not `and`, because something that was never counted before has no past value. The past
 * only exists if Prometheus knew the same run then; a node that was not scraped is not a quiet node.
 */
function promql(recent: string, past: string, { floor, factor }: Bounds): string {
  const started = metricName('btcdmon', 'started');
  return [
    `${recent} > ${floor}`,
    `unless on (node, network) ${recent} <= ${factor} * ${past}`,
    `and on (node, network) max ${BY} (${started} offset ${PAST_S / 60}m) == max ${BY} (${started})`,
  ].join('\n');
}

/** The counts that the surges of `alerts.ts` watch. */
export const VIOLATIONS = line('', 'rejects', 'sum', 'total_violations');
export const ADDRESSES = line('', 'addr_relay', 'sum', 'entries');
export const WAITING = line('', 'mempool', 'mean', 'num_tx');
