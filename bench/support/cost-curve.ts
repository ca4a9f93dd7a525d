// Measures whether an item costs the same at 10 and 100 times a size as at the size itself. Each value is the
// processor time of the whole process, that of the garbage collector and the JIT compiler included. The time
// of other programs does not count, but they still slow this one down through the caches. So the sizes take
// turns, each with the same number of items in a round. Sizes are compared within each round, and the median
// of these ratios counts. Many short rounds are steadier than a few long ones. Warm-up rounds come first.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './median';

/** Sizes, as multiples of the smallest. */
export const SCALES = [1, 10, 100] as const;

/** A curve is flat if an item costs at most this many times what it costs at any smaller size. */
const MOST = 1.3;

/**
 * Warm-up ends after CALM_ROUNDS rounds in a row in which no size got faster by more than CALM of its time.
 */
const CALM_ROUNDS = 2;
const CALM = 0.1;
const MOST_WARM_UP = 12;
const ROUNDS = 11;

/**
 * The threads of the process are at rest if they use less than REST_MS while the main thread sleeps LOOK_MS.
 */
const LOOK_MS = 3;
const REST_MS = 0.5;
const MOST_LOOKS = 30;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** What a round prepares. */
interface Prepared {
  /** Undoes what was prepared. */
  readonly end?: () => void;
}

/** The work whose processor time a round measures, and its number of items. */
export interface Round extends Prepared {
  readonly work: () => void | Promise<void>;
  readonly count: number;
}

/** A round that measures by itself. */
export interface TimedRound extends Prepared {
  /** What an item takes, in nanoseconds. */
  readonly time: () => Promise<number>;
}

/** Prepares a round. */
export type MakeRound = () => Round | TimedRound | Promise<Round | TimedRound>;

/**
 * Measures one curve and prints it. A curve that is not flat sets the exit status to 1.
 * @param name what is measured, with the name of the bench
 * @param labels the sizes, as they are printed
 * @param makers one for each size
 * @param limits the rise from which the curve is not flat, and how many rounds are measured
 */
export async function costCurve(
  name: string,
  labels: readonly (string | number)[],
  makers: readonly MakeRound[],
  { most = MOST, rounds: count = ROUNDS }: { readonly most?: number; readonly rounds?: number } = {},
): Promise<void> {
  await warmUp(makers);
  const rounds: (readonly number[])[] = [];
  while (rounds.length < count) rounds.push(await measure(makers, rounds.length));
  const times = makers.map((_, i) => median(rounds.map((round) => round[i] ?? NaN)));
  const ratio = (i: number, j: number): number =>
    median(rounds.map((round) => (round[i] ?? NaN) / (round[j] ?? NaN)));
  const rise = Math.max(...makers.flatMap((_, i) => makers.slice(0, i + 1).map((_, j) => ratio(i, j))));
  const isFlat = rise <= most;
  if (!isFlat) process.exitCode = 1;
  console.log(
    `${name}: ${times.map((ns) => ns.toFixed(ns < 100 ? 1 : 0)).join(', ')} ns an item at ${labels.join(', ')}; ` +
      `ratios ${makers.map((_, i) => ratio(i, 0).toFixed(2)).join(', ')}, rise ${rise.toFixed(2)}` +
      (isFlat ? '' : ` NOT FLAT: the rise may be ${most} at most`),
  );
}

async function warmUp(makers: readonly MakeRound[]): Promise<void> {
  const least: number[] = makers.map(() => Infinity);
  for (let round = 0, calm = 0; calm < CALM_ROUNDS && round < MOST_WARM_UP; round++) {
    const times = await measure(makers, round);
    calm = times.every((ns, i) => ns > (least[i] ?? NaN) * (1 - CALM)) ? calm + 1 : 0;
    for (const [i, ns] of times.entries()) least[i] = Math.min(least[i] ?? NaN, ns);
  }
}

/** What an item takes in nanoseconds, for each size. Each round begins with another size. */
async function measure(makers: readonly MakeRound[], turnsBefore: number): Promise<readonly number[]> {
  const times = makers.map(() => NaN);
  for (let turn = 0; turn < makers.length; turn++) {
    const i = (turn + turnsBefore) % makers.length;
    const makeRound = makers[i];
    if (makeRound === undefined) continue;
    const round = await makeRound();
    await collectGarbage();
    times[i] = 'time' in round ? await round.time() : await processorTime(round);
    round.end?.();
  }
  return times;
}

/** The processor time of an item in nanoseconds. */
async function processorTime({ work, count }: Round): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / count;
}

/**
 * Collects the garbage of earlier work, which must not count, and waits until the collector's threads are at
 * rest.
 */
async function collectGarbage(): Promise<void> {
  gc();
  for (let looks = 0, calm = 0; calm < 2 && looks < MOST_LOOKS; looks++) {
    const start = process.cpuUsage();
    await sleep(LOOK_MS);
    const { user, system } = process.cpuUsage(start);
    calm = (user + system) / 1_000 < REST_MS ? calm + 1 : 0;
  }
}
