import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEndpoint } from '../../src/p2p/endpoint';
import { freePort } from '../support/free-port';
import type { Behaviour } from './behaviour';
import type { CulpritsNews, CulpritsOrder, LeaveOrder } from './culprits-child';
import { HONEST_PEERS } from './honest-data';
import { HonestPeer } from './honest-peer';
import { type Finding, type Seen, hasEnd, isBack, judge } from './judge';
import type { ListenerNews, ListenerOrder, ListenerReport } from './listener-child';

/** How a run goes. */
export interface RunOptions {
  /** How long the culprits misbehave. */
  readonly seconds: number;
  /** How long after they have left memory is looked at. */
  readonly settleSeconds: number;
  /** Whether the time of honest pongs is a part of the verdict. */
  readonly judgesPong: boolean;
}

/** Each honest peer's transactions a second: 20 together. */
const PER_SECOND = 10;
const BLOCK_MS = 2_000;

/** Before the culprits come: what a listener takes in its first seconds is no leak. */
const WARM_MS = 3_000;

/**
 * Of many at once each gets its turn: how much longer, at most, those go on that were not ended yet. On a
 * machine that does nothing else it takes a few seconds.
 */
const GRACE_SECONDS = 240;
const LOOK_MS = 2_000;

/** The longest that an honest transaction may wait for its turn: Core asks another announcer after 60 s. */
const DRAIN_MS = 70_000;

/** Lets behaviours loose on a listener, all at once, and judges what was seen. */
export async function run(behaviours: readonly Behaviour[], options: RunOptions): Promise<Finding> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-zoo-'));
  const started: { listener?: ChildProcess } = {};
  const processorMs = (): number => threadMs(started.listener?.pid);
  const honest = await Promise.all(
    Array.from({ length: HONEST_PEERS }, (_, n) => HonestPeer.start(n, processorMs)),
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
    // The culprits have the core of the judge, so that the listener has its own.
    if (os.cpus().length > 1) {
      pin(listener, 0);
      pin(culprits, 1);
    }
    const port = await freePort();
    const listening = heard(listener, (news: ListenerNews) => 'listening' in news);
    tell(listener, { listen: { port, honest: honest.map((peer) => peer.endpoint), dataDir: folder } });
    await listening;
    while (honest.some((peer) => !peer.isConnected)) await sleep(50);
    for (const peer of honest) peer.relay(PER_SECOND, BLOCK_MS);
    await sleep(WARM_MS);
    const before = await report(listener);
    const names = behaviours.map(({ name }) => name);
    const done = heard(culprits, (news: CulpritsNews) => 'done' in news);
    culprits.send({
      port,
      names,
      seconds: options.seconds + (names.length > 1 ? GRACE_SECONDS : 0),
      comeBack: names.length > 1,
    } satisfies CulpritsOrder);
    if (names.length > 1) await Promise.race([done, sleep(options.seconds * 1_000)]);
    // Whoever has had the end that it must have leaves, so that the listener comes to the others.
    while (names.length > 1 && !(await Promise.race([done.then(() => true), sleep(LOOK_MS)]))) {
      const reasons = await reasonsSoFar(listener);
      const leave = behaviours.filter((each) => hasEnd(each, reasons)).map(({ name }) => name);
      culprits.send({ leave } satisfies LeaveOrder);
    }
    await done;
    await sleep(1_000);
    for (const peer of honest) peer.quiet();
    const drained = performance.now() + DRAIN_MS;
    while (honest.some((peer) => !peer.isDone) && performance.now() < drained) await sleep(100);
    const after = await settled(listener, before, options.settleSeconds);
    // What it has counted is in its points once it has ended.
    const exited = once(listener, 'exit');
    listener.disconnect();
    const [status] = (await exited) as [number | null];
    const seen: Seen = {
      behaviours,
      addresses: honest.map(({ endpoint }) => formatEndpoint(endpoint)),
      honest: honest.map(({ record }) => record),
      before,
      after,
      points: readFileSync(lines, 'utf8'),
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

/**
 * The processor time that the main thread of a process has taken, in milliseconds; where the system does not
 * tell (it is Linux that does), the time that has passed.
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

/** Keeps a process to one processor, where the system has the command for that. */
function pin({ pid }: ChildProcess, processor: number): void {
  if (pid !== undefined) spawnSync('taskset', ['-cp', String(processor), String(pid)], { stdio: 'ignore' });
}

function tell(child: ChildProcess, order: ListenerOrder): void {
  child.send(order);
}

/** Resolves with the first message that is wanted. @throws where the process ends before */
async function heard<T>(child: ChildProcess, isWanted: (news: T) => boolean): Promise<T> {
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

/** The report once memory is back, or the last one of the time that it has for that. */
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
  const answered = heard(listener, (news: ListenerNews) => 'reasons' in news);
  tell(listener, { reasons: true });
  const news = await answered;
  return 'reasons' in news ? news.reasons : {};
}

async function report(listener: ChildProcess): Promise<ListenerReport> {
  const answered = heard(listener, (news: ListenerNews) => 'report' in news);
  tell(listener, { report: true });
  const news = await answered;
  if (!('report' in news)) throw new Error('no report');
  return news.report;
}
