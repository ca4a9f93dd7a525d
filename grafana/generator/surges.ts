import { SURGE_BUCKETS, SURGE_MINUTES, type Surge } from '../../src/alerts/surges';
import { metricName } from './metric-name';

const PAST_MINUTES = SURGE_MINUTES * (SURGE_BUCKETS + 1);

const BY = 'by (node, network)';

/** PromQL for a surge of a count. `metric` is the counter of what the alert adds up. */
export function surgeOfCount(surge: Surge, metric: string): string {
  const recent = `sum ${BY} (increase(${metric}[${SURGE_MINUTES}m]))`;
  const past = `sum ${BY} (increase(${metric}[${SURGE_MINUTES * SURGE_BUCKETS}m] offset ${SURGE_MINUTES}m)) / ${SURGE_BUCKETS}`;
  return promql(recent, past, surge);
}

/** PromQL for a surge of a gauge. */
export function surgeOfState(surge: Surge, metric: string): string {
  const recent = `max ${BY} (avg_over_time(${metric}[${SURGE_MINUTES}m]))`;
  const past = `max ${BY} (avg_over_time(${metric}[${SURGE_MINUTES * SURGE_BUCKETS}m] offset ${SURGE_MINUTES}m))`;
  return promql(recent, past, surge);
}

/**
 * Uses `unless` and not `and`, because something that was never counted before has no past value. The past
 * only exists if Prometheus knew the same run then; a node that was not scraped is not a quiet node.
 */
function promql(recent: string, past: string, { floor, factor }: Surge): string {
  const started = metricName('btcdmon', 'started');
  return [
    `${recent} > ${floor}`,
    `unless on (node, network) ${recent} <= ${factor} * ${past}`,
    `and on (node, network) max ${BY} (${started} offset ${PAST_MINUTES}m) == max ${BY} (${started})`,
  ].join('\n');
}
