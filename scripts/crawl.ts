// Crawls a simulated network on loopback with the built program, once without a break and once killed by
// SIGKILL in the middle. Says how long that took, and whether exactly the reachable nodes were found; status
// 1 if not. Needs npm run build.
//
//   node -r tsx/cjs scripts/crawl.ts --reachable 5000 --dead 50000 --silent 2000 --workers 2000
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CrawlFolder } from '../src/crawl/crawl-folder';
import { hostOf } from '../test/support/crawl-network';
import { cpuSecondsOf, memoryOf } from '../test/support/proc';
import { type Program, runProgram } from '../test/support/program';
import { type CrawlNetwork, startCrawlNetwork } from '../test/support/start-crawl-network';
import { until } from '../test/support/until';
import { wholeNumber } from './support/options';

const { values } = parseArgs({
  options: {
    reachable: { type: 'string', default: '5000' },
    dead: { type: 'string', default: '50000' },
    silent: { type: 'string', default: '2000' },
    workers: { type: 'string', default: '2000' },
  },
});
const numberOf = (name: keyof typeof values): number => wholeNumber('crawl', name, values[name], 1);
const reachable = numberOf('reachable');
const dead = numberOf('dead');
const silent = numberOf('silent');
const workers = numberOf('workers');

/** A crawl may take so long; only one that hangs does. */
const PATIENCE_MS = 1_800_000;

/** Waits for the end of the program, and tells its highest memory and its processor time meanwhile. */
async function watch(program: Program): Promise<{ readonly mb: number; readonly seconds: number }> {
  let bytes = 0;
  let seconds = 0;
  await until(
    'the crawl to end',
    () => {
      if (program.ended() !== undefined) return true;
      bytes = Math.max(bytes, memoryOf(program.pid).resident);
      seconds = cpuSecondsOf(program.pid);
      return false;
    },
    { ms: PATIENCE_MS },
  ).catch((error: unknown) => {
    if (program.ended() === undefined) throw error;
  });
  if (program.ended()?.includes(' ended with 0:') !== true) throw new Error(program.ended());
  return { mb: Math.round(bytes / 1e6), seconds };
}

/** The nodes that were not found, and those that should not have been. */
async function differences(network: CrawlNetwork, folder: string): Promise<readonly string[]> {
  const snapshot = await new CrawlFolder(folder, 'regtest').newest(console.error);
  const found = new Set(snapshot?.nodes.map(({ address }) => address));
  const { port, reachable: count } = network.size;
  const wanted = new Set(Array.from({ length: count }, (_, i) => `${hostOf(network.size, i)}:${port}`));
  return [
    ...[...wanted].filter((address) => !found.has(address)).map((address) => `not found: ${address}`),
    ...[...found].filter((address) => !wanted.has(address)).map((address) => `does not exist: ${address}`),
  ];
}

async function main(): Promise<void> {
  const network = await startCrawlNetwork({ reachable, dead, silent });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crawl-'));
  try {
    for (const isKilled of [false, true]) {
      const home = path.join(folder, String(isKilled));
      const args = [
        ...['crawl', '--network', 'regtest', '--connect', `${hostOf(network.size, 0)}:${network.size.port}`],
        ...['--workers', String(workers), '--transport', 'auto', '--data-dir', home],
      ];
      const before = (await network.counts()).getaddrs.reduce((sum, count) => sum + count, 0);
      const begun = performance.now();
      let program = runProgram(args, folder);
      if (isKilled) {
        await until(
          'half of it',
          async () => {
            const asked = (await network.counts()).getaddrs.reduce((sum, count) => sum + count, 0);
            return asked - before > reachable / 2;
          },
          { giveUp: program.ended, ms: PATIENCE_MS },
        );
        await program.kill();
        program = runProgram(args, folder);
      }
      const { mb, seconds } = await watch(program);
      const took = (performance.now() - begun) / 1_000;
      const wrong = await differences(network, home);
      for (const line of wrong.slice(0, 10)) console.log(line);
      const asked = (await network.counts()).getaddrs.reduce((sum, count) => sum + count, 0) - before;
      console.log(
        `${isKilled ? 'killed in the middle: ' : ''}${reachable} nodes and ${dead} dead addresses, ${silent} of them silent, ` +
          `in ${took.toFixed(0)} s with ${workers} workers: ${wrong.length} wrong, ${asked} getaddr, ` +
          `${seconds.toFixed(0)} s of a core, ${mb} MB at most`,
      );
      if (wrong.length > 0) process.exitCode = 1;
    }
  } finally {
    network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
