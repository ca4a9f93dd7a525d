// Measures how fast `btcdmon-node collect` reads lines, compared with how fast a node writes the same points.

import { LineReader } from '#dist/collect/line-reader';
import { LineParser } from '#dist/collect/parse-line';
import { LineSerializer } from '#dist/export/line';
import type { Point } from '#dist/metrics/point';
import { lineOf } from '../test/support/line-of';

const NODES = 50;
const TRANSACTIONS = 10_000;
const ROUNDS = 5;
/** The size of the chunks in which a socket delivers bytes. */
const CHUNK = 65_536;

const tags = Array.from({ length: NODES }, (_, i) => {
  const common = { node: `node-${i}`, network: 'mainnet' };
  const types = ['pubkeyhash', 'witness_v0_keyhash', 'witness_v1_taproot'];
  return { common, outputs: types.map((script_type) => ({ ...common, script_type })) };
});
const points: Point[] = [];
let time = 1_790_000_000_000_000_000n;
for (let i = 0; i < TRANSACTIONS; i++) {
  const { common = {}, outputs = [] } = tags[i % NODES] ?? {};
  const sha = i.toString(16).padStart(64, '0');
  const shape = { version_num: 2, tx_size: 222, num_inputs: 1, num_outputs: 3, weight: 561, vsize: 141 };
  const fields = { ...shape, num_op_return_outs: 0, is_standard: true, sha };
  points.push({ series: 'tx', time: time++, tags: common, fields });
  const input = { sig_script_len: 0, witness_size: 107, sequence_num: 4_294_967_293, is_standard: true };
  points.push({ series: 'tx_inputs', time: time++, tags: common, fields: input });
  for (const own of outputs) {
    const output = { size: 22, value: 100_000_000 + i, is_standard: true, is_dust: false };
    points.push({ series: 'tx_outputs', time: time++, tags: own, fields: output });
  }
}

/** Points a second in the fastest round. In the others the machine had other work, too. */
function best(work: () => void): number {
  let most = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    work();
    most = Math.max(most, points.length / ((performance.now() - start) / 1_000));
  }
  return most;
}

const serializer = new LineSerializer({ maxBytes: 65_536 });
let text = '';
const written = best(() => {
  text = '';
  for (const point of points) text += `${lineOf(serializer, point)}\n`;
  // This makes V8 join the pieces of the string, which is part of the work of writing.
  Buffer.from(text);
});
const bytes = Buffer.from(text);

const parser = new LineParser();
let read = 0;
const parsed = best(() => {
  read = 0;
  const reader = new LineReader({
    line: (line) => {
      if (typeof parser.parse(line) !== 'string') read += 1;
      return true;
    },
    bad: () => true,
  });
  for (let at = 0; at < bytes.length; at += CHUNK) reader.push(bytes.subarray(at, at + CHUNK));
});
if (read !== points.length) throw new Error(`${read} of ${points.length} points were read`);
console.log(`${(bytes.length / points.length).toFixed(0)} bytes a line, ${NODES} nodes`);
console.log(`written: ${Math.round(written)} points/s`);
console.log(
  `read:    ${Math.round(parsed)} points/s, ${(parsed / written).toFixed(2)} times the rate of writing`,
);
