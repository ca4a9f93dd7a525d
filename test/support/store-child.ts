import { once } from 'node:events';
import { SystemClock } from '../../src/lib/clock';
import { BtcdmonError } from '../../src/lib/errors';
import { StoreWriter } from '../../src/store/writer';
import { memoryQueue } from '../../src/export/make-queue';
import { keepRetention } from '../../src/store/retention';
import { openStore } from '../../src/store/store';
import { makePoints } from './make-points';
import { exporterOf } from './store-exporter';

const say = (...words: (string | number | bigint)[]): void => {
  process.stdout.write(`${words.join(' ')}\n`);
};

/** `open FILE`: opens the store and prints `open`, or the error like the program. */
async function open(file: string): Promise<void> {
  try {
    await openStore(file);
    say('open');
  } catch (error) {
    if (!(error instanceof BtcdmonError)) throw error;
    say(error.exitCode, error.message);
    process.exit(error.exitCode);
  }
}

/**
 * `append FILE RATE`: pushes RATE points a second without end, and prints the time of the last point of each
 * turn.
 */
async function append(file: string, rate: number): Promise<void> {
  const clock = new SystemClock();
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  const queue = memoryQueue(
    {},
    { exporter: exporterOf(exporter), clock, warn: (message) => say('warning', message) },
  );
  const perTurn = rate / 50;
  setInterval(() => {
    const points = makePoints(perTurn, clock);
    for (const point of points) queue.push(point);
    const { acked, dropped } = queue.stats();
    say('pushed', points.at(-1)?.time ?? 0, acked, dropped);
  }, 20);
}

/**
 * `full FILE`: writes until the disk is full; the first failure comes during a checkpoint. Prints `failed`
 * then, goes on trying, and prints `stored …` once everything is stored.
 */
async function full(file: string): Promise<void> {
  const clock = new SystemClock();
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  const queue = memoryQueue(
    { flushMs: 5, retryMinMs: 20, retryMaxMs: 50 },
    { exporter: exporterOf(exporter), clock, warn: (message) => say('warning', message) },
  );
  const { store } = exporter;
  let pushed = 0;
  const disk = { full: false };
  while (!disk.full || queue.stats().retried === 0) {
    const points = makePoints(5000, clock).map((point) =>
      point.series === 'tx' ? { ...point, fields: { ...point.fields, sha: randomText() } } : point,
    );
    // None may be dropped, however slow the disk is.
    if (!queue.isCrowded) {
      for (const point of points) queue.push(point);
      pushed += points.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (disk.full) continue;
    const connection = await store.connect();
    await connection
      .run('CHECKPOINT')
      .catch((error: unknown) => (disk.full = String(error).includes('FATAL')));
    connection.closeSync();
  }
  say('failed');
  // The test now makes room, and then writes to stdin.
  await once(process.stdin, 'data');
  while (queue.stats().acked < pushed) await new Promise((resolve) => setTimeout(resolve, 20));
  // The store was open all the time.
  const connection = await store.connect();
  const reader = await connection.runAndReadAll('SELECT count(*) FROM tx');
  say('stored', pushed, String(reader.getRows()[0]?.[0]), queue.stats().dropped);
  process.exit(0);
}

/**
 * `retain FILE NOW`: keeps the points of the hour before NOW (milliseconds), and prints `done` once the
 * others are rolled up.
 */
async function retain(file: string, now: number): Promise<void> {
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  say('open');
  keepRetention(
    { keepMs: 3_600_000, passMs: 50 },
    { holder: exporter, nowMs: () => now, warn: (message) => say('warning', message) },
  );
  const connection = await exporter.store.connect();
  const before = BigInt(now - 3_600_000) * 1_000_000n;
  for (;;) {
    const reader = await connection.runAndReadAll('SELECT epoch_ns(min(time)) FROM tx_outputs');
    const first = (reader.getRows()[0]?.[0] ?? null) as bigint | null;
    if (first === null || first >= before - (before % 3_600_000_000_000n)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  say('done');
}

/**
 * `late FILE START`: writes points of all ages while they are rolled up. Its clock begins at START
 * (milliseconds) and runs fast.
 */
async function late(file: string, start: number): Promise<void> {
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  let now = start;
  keepRetention(
    { keepMs: null, passMs: 1 },
    { holder: exporter, nowMs: () => now, warn: (message) => say('warning', message) },
  );
  const clock = { uniqueNs: () => ns++, monotonicMs: () => performance.now() };
  let ns = 0n;
  for (let batch = 0; ; batch++) {
    now += 70_000;
    ns =
      BigInt(Math.floor(now - 55_000 - Math.random() * (batch % 5 === 0 ? 3_600_000 : 10_000))) * 1_000_000n;
    await exporter.write(makePoints(20, clock));
    say('written', batch);
  }
}

function randomText(): string {
  return Array.from({ length: 20 }, () => Math.random().toString(36)).join('');
}

const [command, file = '', rate] = process.argv.slice(2);
if (command === 'open') void open(file);
else if (command === 'append') void append(file, Number(rate));
else if (command === 'late') void late(file, Number(rate));
else if (command === 'retain') void retain(file, Number(rate));
else void full(file);
