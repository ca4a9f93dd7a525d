import { LineReader } from '../../src/collect/line-reader';
import { LineParser } from '../../src/collect/parse-line';

/**
 * Feeds lines of `count` names, each in a chunk of 65 kB, and writes the bytes that stay in memory for them.
 * The line is the second of its chunk: the first is decoded alone, all others are parts of one text.
 */
const count = Number(process.argv[2]);
const parser = new LineParser();
let taken = 0;
const reader = new LineReader({
  line: (text) => {
    if (!text.startsWith('#') && typeof parser.parse(text) !== 'string') taken++;
    return true;
  },
  bad: () => true,
});
const used = (): number => {
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const filler = `#${'x'.repeat(32_000)}\n`;
const before = used();
for (let i = 0; i < count; i++)
  reader.push(
    Buffer.from(
      `${filler}tx,network=regtest,node=name${i} tx_size=5i ${1_700_000_000_000_000_000n + BigInt(i)}\n${filler}`,
    ),
  );
process.stdout.write(JSON.stringify({ taken, bytes: used() - before }));
