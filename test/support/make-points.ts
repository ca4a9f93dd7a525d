import type { Clock } from '../../src/lib/clock';
import { LineSerializer } from '../../src/export/line';
import type { Point } from '../../src/metrics/point';
import { lineOf as lineBy } from './line-of';

const TAGS = { node: 'test-node', network: 'regtest' };
const OUTPUT_TAGS = ['pubkeyhash', 'witness_v0_keyhash', 'witness_v1_taproot'].map((script_type) => ({
  ...TAGS,
  script_type,
}));

/** Points of a busy relay in the order of their times: transactions with their inputs and outputs. */
export function makePoints(count: number, clock: Clock): Point[] {
  const points: Point[] = [];
  for (let i = 0; points.length < count; i++) {
    const next = () => clock.uniqueNs();
    const sha = i.toString(16).padStart(64, '0');
    points.push(
      {
        series: 'tx',
        time: next(),
        tags: TAGS,
        fields: {
          tx_size: 222,
          vsize: 141,
          weight: 561,
          is_standard: true,
          non_standard_reason: undefined,
          sha,
        },
      },
      { series: 'tx_inputs', time: next(), tags: TAGS, fields: { sig_script_len: 0, witness_size: 107 } },
      ...OUTPUT_TAGS.map((tags): Point => ({
        series: 'tx_outputs',
        time: next(),
        tags,
        fields: { size: 22, value: 100_000_000 + i, is_dust: false },
      })),
    );
  }
  return points.slice(0, count);
}

/**
 * The line of a point.
 * @throws Error that names what is wrong with a point that has no line
 */
export function lineOf(point: Point): string {
  return lineBy(serializer, point);
}

const serializer = new LineSerializer({ maxBytes: 1400 });
