import type { Threshold } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  BytesPerSecondSI,
  BytesSI,
  LocaleFormat,
  Milliseconds,
  Percent,
} from '@grafana/grafana-foundation-sdk/units';
import type { Unit } from '../../src/panels/panel';

/**
 * Grafana's units. It has none for satoshi, virtual bytes and the like, but shows any text after a number.
 */
export const UNITS: Readonly<Record<Unit, string>> = {
  count: LocaleFormat,
  bytes: BytesSI,
  'bytes/s': BytesPerSecondSI,
  // With a prefix for thousands and millions: an output has up to 10 digits in satoshi.
  sat: 'count:sat',
  'sat/vB': 'suffix: sat/vB',
  ms: Milliseconds,
  'per minute': 'suffix:/min',
  percent: Percent,
  height: 'none',
  vB: 'suffix: vB',
};

/** Units whose axis does not begin at 0; for a height only its changes matter. */
export const FLOATING: ReadonlySet<Unit> = new Set(['height']);

/** Panels whose values can be negative; an axis that begins at 0 would hide them. */
export const SIGNED: ReadonlySet<string> = new Set([
  // A block can be received before the first peer announces it.
  'block-propagation',
  'clock-steps',
  'transaction-lag',
  'block-lag',
  'node-clock',
  'fee-error',
  'block-times',
  'block-clocks',
  'replacement-fees',
]);

/** Panels whose values differ by powers of ten. */
export const LOGARITHMIC: ReadonlySet<string> = new Set(['output-values', 'fees-per-hour', 'fee-rate']);

const GOOD = 'green';
const POOR = 'orange';
const BAD = 'red';

/** Values of a panel, by its name, that are worth a look or bad; other panels have no thresholds. */
export const THRESHOLDS: Readonly<Record<string, readonly Threshold[]>> = {
  peers: [
    { value: null, color: BAD },
    { value: 1, color: GOOD },
  ],
  'ban-scores': [
    { value: null, color: GOOD },
    { value: 50, color: POOR },
    { value: 100, color: BAD },
  ],
  'rpc-latency': [
    { value: null, color: GOOD },
    { value: 1_000, color: BAD },
  ],
  reorgs: [
    { value: null, color: GOOD },
    { value: 2, color: BAD },
  ],
  'points-lost': [
    { value: null, color: GOOD },
    { value: 0.000001, color: BAD },
  ],
  'loop-lag': [
    { value: null, color: GOOD },
    { value: 200, color: POOR },
    { value: 500, color: BAD },
  ],
};

/** Panels whose thresholds are drawn; on the others they only colour the number. */
export const DRAWN_THRESHOLDS: ReadonlySet<string> = new Set(['reorgs', 'loop-lag', 'ban-scores']);

/** Most buckets of a panel of bars: more would make them thinner than a pixel is wide on a small screen. */
export const MOST_BARS = 120;

/** Titles of the overview's numbers where those of the panels are too long, or mean several lines. */
export const NUMBERS: Readonly<Record<string, string>> = {
  'chain-height': 'Height',
  'mempool-count': 'Mempool',
  bandwidth: 'Received',
  'loop-lag': 'Loop lag',
};

/** From this many lines on, a legend is a table at the side. */
export const MANY_LINES = 8;

/** A shorter gap is not shown as one, in ms, because an interval may be longer than a bucket. */
export const LONGEST_GAP_MS = 300_000;
