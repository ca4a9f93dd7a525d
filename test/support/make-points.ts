import { readFileSync } from 'node:fs';
import type { Clock } from '../../src/lib/clock';
import { LineSerializer } from '../../src/export/line';
import type { Point } from '../../src/metrics/point';
import { lineOf as lineBy } from './line-of';

/** Two thirds of the buffer: a point takes some 120 bytes of a datagram. */
const BUFFER_BYTES_PER_POINT = 140;

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
 * How many of these points, in datagrams, wait in the buffer of a server that asks for 8 MiB and reads
 * nothing. The kernel gives it no more than `net.core.rmem_max`, twice, and counts a datagram of 1,400 bytes
 * as 2,304.
 */
export function pointsPerBuffer(): number {
  const allowed = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'));
  return Math.floor(Math.min(8_388_608, allowed) / BUFFER_BYTES_PER_POINT);
}

/**
 * The line of a point.
 * @throws Error that names what is wrong with a point that has no line
 */
export function lineOf(point: Point): string {
  return lineBy(serializer, point);
}

const serializer = new LineSerializer({ maxBytes: 1400 });
