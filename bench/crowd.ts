// Joins a simulated network of ten thousand peers from one DNS seed, by gossip, and listens to it: each peer
// announces each of 7 transactions a second in batches as Core does, a block of 2 MB comes every minute, and
// 5 % of the peers leave in a minute and are replaced. The peers are in a process of their own
// (test/support/crowd), and their counts are the judge. Prints whether each message was counted, the delay of
// the listener's event loop while it joins and after, its memory for each peer beyond the first hundred, the
// connections that no peer ended, and the processor time of both processes. Needs Linux, and a limit of
// 10,300 open files. Exits with status 1 if a message was not counted or a connection was lost.
//   npm run build && BENCH_PEERS=10000 BENCH_SECONDS=180 node -r tsx/cjs bench/crowd.ts
// With BENCH_SCRIPT=10000 each peer announces each transaction by itself, at a scripted time within so many
// milliseconds, and the delays that the listener measured are compared with the script. Each transaction is
// as many messages as there are peers. So with 10,000 peers it takes BENCH_TX=1, and seven minutes in all.
// With BENCH_INTERVAL=60s the delay of the event loop is that of the worst hundredth of each minute, and not
// of each second.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrowdListener } from '../test/support/crowd/listener';
import { type CrowdOrder, type CrowdReport, scriptedDelays } from '../test/support/crowd/news';
import { CrowdProcess } from '../test/support/crowd/process';
import { DnsServer } from '../test/support/dns-server';
import { cpuSecondsOf, memoryOf } from '../test/support/proc';

const PEERS = Number(process.env['BENCH_PEERS'] ?? 10_000);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 180);
const TX_PER_SECOND = Number(process.env['BENCH_TX'] ?? 7);
const SCRIPT_MS = Number(process.env['BENCH_SCRIPT'] ?? 0);
const FEW = 100;
const SEED = 'seed.example';

/** The longest time that joining may take, and how much of the crowd is enough. */
const JOIN_MS = 1_200_000;
const ENOUGH = 0.985;

const LOOK_MS = 1_000;
const QUIET_MS = 5_000;
/** The listener's interval: the delay of its event loop is told of each. */
const INTERVAL = process.env['BENCH_INTERVAL'] ?? '1s';

/** What was measured. */
interface Measured {
  readonly joinSeconds: number;
  readonly stormLags: readonly number[];
  readonly laterLags: readonly number[];
  /** Resident memory at the end, in bytes. */
  readonly resident: number;
  /** Parts of a core after joining: of the listener, and of the peers. */
  readonly cores: readonly [number, number];
  readonly report: CrowdReport;
  readonly listener: CrowdListener;
}

async function measure(peers: number, seconds: number): Promise<Measured> {
  const order: CrowdOrder = {
    ...{
      peers,
      spare: Math.ceil(peers / 2),
      txPerSecond: TX_PER_SECOND,
      blockSeconds: 60,
      blockBytes: 2_000_000,
    },
    churn: SCRIPT_MS > 0 ? 0 : 0.05,
    relay: SCRIPT_MS > 0 ? { scriptedMs: SCRIPT_MS } : { trickleMs: 5_000 },
  };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-crowd-'));
  const crowd = await CrowdProcess.start(order, {
    file: path.join(__dirname, '..', 'test', 'support', 'crowd-child.ts'),
    execArgv: process.execArgv,
  });
  const { port, seeds } = crowd.place;
  const dns = await DnsServer.start({ [SEED]: seeds });
  const listener = CrowdListener.start(
    [
      ...['--network', 'regtest', '--join', '--peers', `${peers}`, '--interval', INTERVAL],
      ...['--seed', `${SEED}:${port}`, '--dns', dns.endpoint, '--feelers', '0'],
    ],
    folder,
  );
  try {
    const begun = performance.now();
    if (SCRIPT_MS === 0) crowd.order('relay');
    for (let connected = 0; connected < peers * ENOUGH;) {
      await sleep(LOOK_MS);
      const problem = listener.ended();
      if (problem !== undefined) throw new Error(problem);
      ({ connected } = await crowd.report());
      if (performance.now() - begun > JOIN_MS) throw new Error(`only ${connected} peers were joined`);
    }
    const joinSeconds = (performance.now() - begun) / 1_000;
    if (SCRIPT_MS > 0) crowd.order('relay');
    const ofStorm = listener.lags.length;
    const pids = [listener.pid, crowd.pid] as const;
    const cpuBefore = pids.map(cpuSecondsOf);
    const listenedFrom = performance.now();
    let resident = Infinity;
    while (performance.now() - listenedFrom < seconds * 1_000) {
      await sleep(LOOK_MS);
      const isLastQuarter = performance.now() - listenedFrom > seconds * 750;
      if (isLastQuarter) resident = Math.min(resident, memoryOf(listener.pid).resident);
    }
    const elapsed = (performance.now() - listenedFrom) / 1_000;
    const [ours = NaN, theirs = NaN] = pids.map(
      (pid, i) => (cpuSecondsOf(pid) - (cpuBefore[i] ?? NaN)) / elapsed,
    );
    const laterLags = listener.lags.slice(ofStorm);
    // The first interval has the program's own start, before there is a peer.
    const stormLags = listener.lags.slice(1, ofStorm);
    crowd.order('quiet');
    await sleep(QUIET_MS);
    await listener.stop();
    // What was under way has arrived by then.
    await sleep(LOOK_MS);
    const report = await crowd.report();
    return { joinSeconds, stormLags, laterLags, resident, cores: [ours, theirs], report, listener };
  } finally {
    await listener.stop('SIGKILL');
    await crowd.stop();
    await dns.stop();
    rmSync(folder, { recursive: true });
  }
}

/** A part of values, nearest rank. */
function partOf(values: readonly number[], part: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN).toFixed(0);
}

const lagsOf = (lags: readonly number[]): string =>
  lags.length === 0
    ? 'no whole interval'
    : `median ${partOf(lags, 0.5)}, p99 ${partOf(lags, 0.99)}, most ${partOf(lags, 1)} ms`;

/** The share of spreads whose measured p50 and p90 are within 5 ms or 5 % of the script. */
function judgeScript({ listener }: Measured, peers: number): void {
  const delays = [...scriptedDelays({ peers: peers + Math.ceil(peers / 2) }, SCRIPT_MS)];
  const there = delays.slice(0, peers).sort((a, b) => a - b);
  const rank = (part: number): number => (there[Math.ceil(peers * part) - 1] ?? NaN) - (there[0] ?? NaN);
  const isNear = (measured: number, part: number): boolean =>
    Math.abs(measured - rank(part)) <= Math.max(5, 0.05 * rank(part));
  const whole = listener.spreads.filter(({ peers: announcers }) => announcers >= peers * ENOUGH);
  const near = whole.filter(({ p50, p90 }) => isNear(p50, 0.5) && isNear(p90, 0.9));
  console.log(
    `crowd: of ${whole.length} transactions that all announced, ${near.length} have p50 and p90 within 5 ms or 5 % ` +
      `of the script (${rank(0.5)} and ${rank(0.9)} ms); the last one: ${whole.at(-1)?.p50.toFixed(1) ?? 'none'} and ` +
      (whole.at(-1)?.p90.toFixed(1) ?? 'none'),
  );
  if (near.length < whole.length || whole.length === 0) process.exitCode = 1;
}

async function main(): Promise<void> {
  const few = await measure(FEW, SECONDS);
  const many = await measure(PEERS, SECONDS);
  const { report, listener, cores, joinSeconds } = many;
  const differences = listener.differences(report);
  const messages = Object.values(report.sent).reduce((sum, each) => sum + each.messages, 0);
  const aPeer = (many.resident - few.resident) / (PEERS - FEW) / 1_000;
  console.log(
    `crowd: ${report.mostConnected} of ${PEERS} peers joined in ${joinSeconds.toFixed(0)} s ` +
      `(${(report.mostConnected / joinSeconds).toFixed(0)} a second); ${messages} messages of theirs, ` +
      `${differences.length === 0 ? 'each counted' : `NOT COUNTED ALIKE: ${differences.join('; ')}`}; ` +
      `${report.lost} connections lost that no peer ended, ${report.ended} ended by peers, ` +
      `${report.refused} dials of absent ones, ${report.duplicates} of connected ones; ` +
      `${report.transactions} transactions and ${report.blocks} blocks, ${report.askedAgain} asked for again`,
  );
  console.log(
    `crowd: delay of the event loop, of the worst hundredth of each ${INTERVAL}: while joining ${lagsOf(many.stormLags)}; ` +
      `after that ${lagsOf(many.laterLags)}`,
  );
  console.log(
    `crowd: resident ${(many.resident / 1e6).toFixed(0)} MB, with ${FEW} peers ${(few.resident / 1e6).toFixed(0)} MB: ` +
      `${aPeer.toFixed(1)} kB a peer beyond these; processor after joining: listener ${(cores[0] * 100).toFixed(0)} % ` +
      `of a core, peers ${(cores[1] * 100).toFixed(0)} % (their latest turn ${report.latestMs.toFixed(0)} ms late); ` +
      `ends: ${JSON.stringify(listener.ends)}`,
  );
  if (SCRIPT_MS > 0) judgeScript(many, PEERS);
  if (differences.length > 0 || report.lost > 0) process.exitCode = 1;
}

void main();
