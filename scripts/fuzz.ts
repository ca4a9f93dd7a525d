// Feeds damaged payloads to every decoder of messages and to the parsers of transactions and blocks:
//   node -r tsx/cjs scripts/fuzz.ts --runs N [--seed S] [--from I]
// Each input is a real or generated payload with one to four random changes. It goes to the decoder of its
// own command and to one other decoder. A compact block is also rebuilt from the transactions of the corpus.
// One input in 512 becomes a message of a recording (--record), whose records and blocks are damaged.
// One input in 1,024 goes to a client of a SOCKS proxy. One in 4,096 passes an encrypted connection (BIP324),
// whose bytes are damaged half of the time.
// The run fails at the first error other than DecodeError, decoded value with bytes from outside the payload,
// input that takes more than five seconds, or full heap. It then prints how to repeat the input: input I of
// seed S is the same on every machine that has the same data. Needs dist (npm run build).
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { DATA } from './fuzz/corpus';
import type { FuzzNews, FuzzOrder } from './fuzz/worker';
import { messageOf, usageError, wholeNumber } from './support/options';

/** An input that takes longer counts as a hang. Even megabytes on a busy machine take less than a second. */
const HANG_MS = 5_000;

/**
 * Limit of the worker's heap in MB: ten times what it needs, and a hundredth of what a count in a payload can
 * claim.
 */
const HEAP_MB = 512;

function readOptions(): Omit<FuzzOrder, 'shared'> {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
        from: { type: 'string', default: '0' },
      },
    });
    return {
      runs: wholeNumber('fuzz', 'runs', values.runs, 1),
      seed: wholeNumber('fuzz', 'seed', values.seed, 0),
      from: wholeNumber('fuzz', 'from', values.from, 0),
    };
  } catch (error) {
    return usageError('fuzz', messageOf(error));
  }
}

const { runs, seed, from } = readOptions();
if (!existsSync(DATA))
  console.log('fuzz: ../shared/data was not found, so only generated payloads are mutated');
console.log(`fuzz: ${runs} inputs from ${from}, seed ${seed}`);

const shared = new SharedArrayBuffer(8);
const progress = new BigInt64Array(shared);
// The thread writes the index of its first input once its code and data are loaded.
progress[0] = -1n;
const started = performance.now();
const order: FuzzOrder = { seed, from, runs, shared };
const worker = new Worker(path.join(__dirname, 'fuzz', 'worker.ts'), {
  workerData: order,
  resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
});

const seconds = (): number => (performance.now() - started) / 1_000;
const clearLine = (): void => {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
};

let last = -1;
let movedAt = started;
const watch = setInterval(() => {
  const index = Number(progress[0]);
  const now = performance.now();
  if (index < 0) return;
  if (index !== last) [last, movedAt] = [index, now];
  else if (now - movedAt > HANG_MS) finish(1, `input ${index} takes more than ${HANG_MS} ms`, index);
  if (process.stderr.isTTY) {
    const done = index - from;
    process.stderr.write(`\r\x1b[K${done} of ${runs}, ${Math.round(done / seconds())}/s`);
  }
}, 250);

/** Ends the run with a message. `index` is the input that failed. */
function finish(status: 0 | 1, message: string, index = from): void {
  clearInterval(watch);
  clearLine();
  if (status === 0) console.log(message);
  else
    console.error(
      `fuzz: ${message}\nrepeat: node -r tsx/cjs scripts/fuzz.ts --seed ${seed} --from ${index} --runs 1`,
    );
  process.exitCode = status;
  void worker.terminate();
}

worker.on('message', (news: FuzzNews) => {
  if ('failed' in news) {
    const lines = [news.failed, news.stack, `payload: ${news.hex}`];
    finish(1, lines.filter(Boolean).join('\n'), news.index);
    return;
  }
  const { decoded, rebuilt, slowest, slowestIndex } = news;
  finish(
    0,
    `fuzz: ${runs} inputs in ${seconds().toFixed(1)} s, ${Math.round(runs / seconds())}/s; ${decoded} decoded, the others ` +
      `were refused; ${rebuilt} compact blocks rebuilt; slowest ${slowest.toFixed(1)} ms (input ${slowestIndex})`,
  );
});
worker.on('error', (error) => finish(1, error.stack ?? error.message, Number(progress[0])));
