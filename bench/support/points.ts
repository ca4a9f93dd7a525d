// Points like those of a busy relay, ordered by time: of each five points one is of `tx`, one of `tx_inputs`
// and three of `tx_outputs`.
import { createHash } from 'node:crypto';
import type { Point } from '#dist/metrics/point';

const TAGS = { node: 'bench', network: 'mainnet' };
const OUTPUT_TAGS = ['pubkeyhash', 'witness_v0_keyhash', 'witness_v1_taproot'].map((script_type) => ({
  ...TAGS,
  script_type,
}));

/**
 * @param startNs in nanoseconds; the first point is `stepNs` later, and each other `stepNs` after the one
 *   before
 */
export function makePoints(count: number, startNs: bigint, stepNs = 1_000n): Point[] {
  const points: Point[] = [];
  let time = startNs;
  const add = (series: Point['series'], tags: Point['tags'], fields: Point['fields']): number =>
    points.push({ series, time: (time += stepNs), tags, fields });
  for (let i = 0; points.length < count; i++) {
    add('tx', TAGS, {
      version_num: 2,
      tx_size: 222 + (i % 97),
      num_inputs: 1,
      num_outputs: 3,
      weight: 561 + (i % 97) * 4,
      vsize: 141 + (i % 97),
      num_op_return_outs: 0,
      is_standard: i % 50 !== 0,
      non_standard_reason: i % 50 === 0 ? 'dust' : undefined,
      sha: createHash('sha256').update(String(time)).digest('hex'),
    });
    add('tx_inputs', TAGS, {
      sig_script_len: 0,
      witness_size: 107 + (i % 3),
      sequence_num: 4_294_967_293,
      is_standard: true,
    });
    for (const tags of OUTPUT_TAGS)
      add('tx_outputs', tags, {
        size: 22,
        value: (i * 7_919) % 1_000_000_007,
        is_standard: true,
        is_dust: false,
      });
  }
  points.length = count;
  return points;
}
