import { LIMITS } from '../live/limits';
import { type PanelLine, line } from '../panels/panel';
import type { Alert } from './alert';
import { overBuckets, whole } from './alert-query';

/**
 * A surge lasts this many minutes. It is compared with the three hours before, for which a node must have
 * run.
 */
export const SURGE_MINUTES = LIMITS.latelyMs / 60_000;

/** The number of such periods before it. */
export const SURGE_BUCKETS = LIMITS.surgeBeforeMs / LIMITS.latelyMs;

const NOW_S = SURGE_MINUTES * 60;
const PAST_S = NOW_S * (SURGE_BUCKETS + 1);

/** Every point of `btcdmon` has the start of the run; one point per interval is enough. */
const ONE_POINT = { where: { series: 'blocks' } } as const;

/** What makes a surge: more than `floor`, and more than `factor` times the past. */
export interface Surge {
  readonly line: PanelLine;
  readonly floor: number;
  readonly factor: number;
}

/** What surges are watched for. The first two are counts, the last is a state. */
export const SURGES = {
  violations: { line: line('', 'rejects', 'sum', 'total_violations'), floor: 50, factor: 5 },
  addresses: { line: line('', 'addr_relay', 'sum', 'entries'), floor: 5_000, factor: 5 },
  mempool: { line: line('', 'mempool', 'mean', 'num_tx'), floor: LIMITS.surgeFrom, factor: LIMITS.surgeFactor },
} as const satisfies Readonly<Record<string, Surge>>;

/** The part of an alert that says when there is a surge. */
export function surgeOf({
  line: asked,
  floor,
  factor,
}: Surge): Pick<Alert, 'queries' | 'condition' | 'noData'> {
  return {
    queries: {
      A: whole(asked, [NOW_S, 0]),
      B: overBuckets('mean', asked, SURGE_MINUTES, [PAST_S, NOW_S]),
      C: overBuckets('count', asked, SURGE_MINUTES, [PAST_S, NOW_S]),
      D: whole(line('', 'btcdmon', 'min', 'started', ONE_POINT), [PAST_S, 0]),
      E: whole(line('', 'btcdmon', 'max', 'started', ONE_POINT), [PAST_S, 0]),
    },
    condition: `$A > ${floor} && $A > ${factor} * $B && $C >= ${SURGE_BUCKETS} && $D == $E`,
    noData: 'OK',
  };
}
