import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEndpoint } from '../../src/p2p/endpoint';
import { freePort } from '../support/free-port';
import type { Behaviour } from './behaviour';
import type { CulpritsNews, CulpritsOrder, LeaveOrder } from './culprits-child';
import { HonestPeer } from './honest-peer';
import { type Finding, type Observations, hasEnd, isBack, judge } from './judge';
import type { ListenerNews, ListenerOrder, ListenerReport } from './listener-child';

/** Options of a run. */
export interface RunOptions {
  /** How long the culprits misbehave. */
  readonly seconds: number;
  /** How long memory may take to be released after the culprits have left. */
  readonly settleSeconds: number;
  /** Number of honest peers. */
  readonly honest: number;
  /** Whether the elapsed time of honest pongs is judged, instead of processor time. */
  readonly judgesPong: boolean;
}

/** What all honest peers announce together. */
const HONEST_RELAY = { txPerSecond: 20, blockMs: 2_000 };

/** The time before the culprits come: memory that a listener takes in its first seconds is no leak. */
const WARM_MS = 3_000;

/**
 * How much longer behaviours that were not ended yet may go on. If many run at once it takes a few seconds on
 * an idle machine. Where other programs take the processor, a flood takes longer to use up its time.
 */
const GRACE_SECONDS = 240;
const LOOK_MS = 2_000;

/** The longest that an honest transaction may wait: another announcer is asked after 60 s. */
const DRAIN_MS = 70_000;

/** Runs behaviours against a listener, all at once, and judges the results. */
export async function runBehaviours(behaviours: readonly Behaviour[], options: RunOptions): Promise<Finding> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-zoo-'));
  const started: { listener?: ChildProcess } = {};
  const processorMs = (): number => threadMs(started.listener?.pid);
  const honest = await Promise.all(
    Array.from({ length: options.honest }, (_, n) =>
      HonestPeer.start(n, { peers: options.honest, processorMs }),
    ),
  );
  const lines = path.join(folder, 'points');
  const output = openSync(lines, 'w');
  const listener = start(path.join(__dirname, 'listener-child.ts'), output, ['--expose-gc']);
  started.listener = listener;
  const culprits = start(path.join(__dirname, 'culprits-child.ts'), 'ignore', []);
  const failures: string[] = [];
  culprits.on('message', (news: CulpritsNews) => {
    if ('failed' in news) failures.push(news.failed);
  });
  try {
    // The culprits share the core of the judge, so that the listener has its own.
    if (os.cpus().length > 1) {
      pin(listener, 0);
      pin(culprits, 1);
    }
    const port = await freePort();
    const listening = nextMessage(listener, (news: ListenerNews) => 'listening' in news);
    tell(listener, { listen: { port, honest: honest.map((peer) => peer.endpoint), dataDir: folder } });
    await listening;
    while (honest.some((peer) => !peer.isConnected)) await sleep(50);
    for (const peer of honest) peer.relay(HONEST_RELAY);
    await sleep(WARM_MS);
    const before = await report(listener);
    const names = behaviours.map(({ name }) => name);
    const done = nextMessage(culprits, (news: CulpritsNews) => 'done' in news);
    culprits.send({
      port,
      names,
      seconds: options.seconds + GRACE_SECONDS,
      comeBack: names.length > 1,
    } satisfies CulpritsOrder);
    await Promise.race([done, sleep(options.seconds * 1_000)]);
    // A behaviour that was ended as it must leaves, so that the listener has time for the others.
    while (!(await Promise.race([done.then(() => true), sleep(LOOK_MS)]))) {
      const reasons = await reasonsSoFar(listener);
      const leave = behaviours.filter((each) => hasEnd(each, reasons)).map(({ name }) => name);
      culprits.send({ leave } satisfies LeaveOrder);
    }
    await done;
    await sleep(1_000);
    for (const peer of honest) peer.quiet();
    const { lagP99Ms } = await report(listener);
    const drained = performance.now() + DRAIN_MS;
    while (honest.some((peer) => !peer.isDone) && performance.now() < drained) await sleep(100);
    const after = await settled(listener, before, options.settleSeconds);
    // All its counts are in its points once it has ended.
    const exited = once(listener, 'exit');
    listener.disconnect();
    const [status] = (await exited) as [number | null];
    const seen: Observations = {
      behaviours,
      addresses: honest.map(({ endpoint }) => formatEndpoint(endpoint)),
      honest: honest.map(({ record }) => record),
      before,
      after,
      lagP99Ms,
      points: await judgedPoints(lines),
      failures: [...failures, ...(status === 0 ? [] : [`the listener ended with ${String(status)}`])],
    };
    return judge(seen, options);
  } finally {
    culprits.kill('SIGKILL');
    listener.kill('SIGKILL');
    for (const peer of honest) await peer.stop();
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The points that are judged; all of a long run would not fit into a string. */
async function judgedPoints(file: string): Promise<string> {
  const judged: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file, 'utf8') }))
    if (/^(tx|rejects),/.test(line)) judged.push(line);
  return judged.join('\n');
}

/**
 * The processor time of the main thread of a process, in milliseconds; the elapsed time on systems other than
 * Linux.
 */
function threadMs(pid: number | undefined): number {
  try {
    const [nanoseconds] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/schedstat`, 'utf8').split(
      ' ',
    );
    return Number(nanoseconds) / 1e6;
  } catch {
    return performance.now();
  }
}

function start(file: string, output: number | 'ignore', execArgv: readonly string[]): ChildProcess {
  return fork(file, [], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...execArgv],
  });
}

/** Binds a process to one processor, if the system has `taskset`. */
function pin({ pid }: ChildProcess, processor: number): void {
  if (pid !== undefined) spawnSync('taskset', ['-cp', String(processor), String(pid)], { stdio: 'ignore' });
}

function tell(child: ChildProcess, order: ListenerOrder): void {
  child.send(order);
}

/** Resolves with the first wanted message. @throws if the process ends before */
async function nextMessage<T>(child: ChildProcess, isWanted: (news: T) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const listen = (news: unknown): void => {
      if (!isWanted(news as T)) return;
      child.off('message', listen);
      child.off('exit', ended);
      resolve(news as T);
    };
    const ended = (status: number | null, signal: string | null): void =>
      reject(new Error(`a process of the zoo ended with ${String(status ?? signal)}`));
    child.on('message', listen);
    child.once('exit', ended);
  });
}

/** The report once memory is released, or the last one before the deadline. */
async function settled(
  listener: ChildProcess,
  before: ListenerReport,
  seconds: number,
): Promise<ListenerReport> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const after = await report(listener);
    if (isBack(before, after) || performance.now() > deadline) return after;
    await sleep(1_000);
  }
}

async function reasonsSoFar(listener: ChildProcess): Promise<ListenerReport['reasons']> {
  const answered = nextMessage(listener, (news: ListenerNews) => 'reasons' in news);
  tell(listener, { reasons: true });
  const news = await answered;
  return 'reasons' in news ? news.reasons : {};
}

async function report(listener: ChildProcess): Promise<ListenerReport> {
  const answered = nextMessage(listener, (news: ListenerNews) => 'report' in news);
  tell(listener, { report: true });
  const news = await answered;
  if (!('report' in news)) throw new Error('no report');
  return news.report;
}
