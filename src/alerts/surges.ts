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

/**
 * What makes a surge: more than `factor` times the past, and more than `floor`. If the node knows the usual
 * value for this hour of the week, it compares with that in place of the floor: more than `factor` times the
 * usual value, and more than a tenth of the floor, because twice of nearly nothing is no surge.
 */
export interface Surge {
  readonly line: PanelLine;
  readonly floor: number;
  readonly factor: number;
  /** What is counted, for the reason of a firing alert. */
  readonly measured: string;
}

/** The part of the floor that a surge exceeds where the node knows what is usual. */
const LEAST_PART = 0.1;

/** What surges are watched for. The first two are counts, the last is a state. */
export const SURGES = {
  violations: {
    ...{ line: line('', 'rejects', 'sum', 'total_violations'), floor: 50, factor: 5 },
    measured: '{A} violations within 10 minutes, {B} before',
  },
  addresses: {
    ...{ line: line('', 'addr_relay', 'sum', 'entries'), floor: 5_000, factor: 5 },
    measured: '{A} addresses within 10 minutes, {B} before',
  },
  mempool: {
    line: line('', 'mempool', 'mean', 'num_tx'),
    ...{ floor: LIMITS.surgeFrom, factor: LIMITS.surgeFactor },
    measured: '{A} transactions, {B} before',
  },
} as const satisfies Readonly<Record<string, Surge>>;

/** The condition of an alert that says when there is a surge. */
export function surgeOf({
  line: asked,
  floor,
  factor,
  measured,
}: Surge): Pick<Alert, 'queries' | 'condition' | 'noData' | 'usual' | 'measured'> {
  // A node that has just started sees more than one that has run for hours.
  const sudden = `$A > ${factor} * $B && $C >= ${SURGE_BUCKETS} && $D == $E`;
  return {
    queries: {
      A: whole(asked, [NOW_S, 0]),
      B: overBuckets('mean', asked, SURGE_MINUTES, [PAST_S, NOW_S]),
      C: overBuckets('count', asked, SURGE_MINUTES, [PAST_S, NOW_S]),
      D: whole(line('', 'btcdmon', 'min', 'started', ONE_POINT), [PAST_S, 0]),
      E: whole(line('', 'btcdmon', 'max', 'started', ONE_POINT), [PAST_S, 0]),
    },
    condition: `$A > ${floor} && ${sudden}`,
    noData: 'OK',
    usual: {
      ...{ line: asked, minutes: SURGE_MINUTES },
      condition: `$A > ${floor * LEAST_PART} && $A > ${factor} * $U && ${sudden}`,
      measured: `${measured}, and {U} are usual at this hour of the week`,
    },
    measured,
  };
}
