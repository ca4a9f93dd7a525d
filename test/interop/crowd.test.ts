import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childScript } from '../support/child';
import { Cleanup } from '../support/cleanup';
import { CrowdListener } from '../support/crowd/listener';
import type { CrowdOrder, CrowdReport } from '../support/crowd/news';
import { CrowdProcess } from '../support/crowd/process';
import { DnsServer } from '../support/dns-server';
import { runProgram } from '../support/program';
import { until } from '../support/until';

const PEERS = 200;
const SEED = 'seed.example';
const PATIENCE = { ms: 240_000 };

const ORDER: CrowdOrder = {
  ...{ peers: PEERS, spare: 100, txPerSecond: 20, blockSeconds: 4, blockBytes: 200_000, churn: 0.5 },
  relay: { trickleMs: 1_000 },
};

const cleanup = new Cleanup();
const script = childScript('support/crowd-child.ts');
afterEach(() => cleanup.run());
afterAll(() => script.remove());

/** A simulated network, and the program that joins it from one DNS seed. */
async function joined(
  order: CrowdOrder,
  { wanted = order.peers, feelersAnHour = 0 } = {},
): Promise<{ crowd: CrowdProcess; listener: CrowdListener }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crowd-'));
  cleanup.add(folder, (it) => rm(it, { recursive: true, force: true }));
  const crowd = cleanup.add(await CrowdProcess.start(order, script), (it) => it.stop());
  const { port, seeds } = crowd.place;
  const dns = cleanup.add(await DnsServer.start({ [SEED]: seeds }), (it) => it.stop());
  const listener = CrowdListener.start(
    [
      ...['--network', 'regtest', '--join', '--peers', `${wanted}`, '--interval', '500ms'],
      ...['--feelers', `${feelersAnHour}`],
      ...['--seed', `${SEED}:${port}`, '--dns', dns.endpoint],
    ],
    folder,
  );
  cleanup.add(listener, (it) => it.stop('SIGKILL'));
  const all = async (): Promise<boolean> => (await crowd.report()).connected >= wanted - 2;
  await until('the crowd to be joined', all, { ...PATIENCE, giveUp: listener.ended });
  return { crowd, listener };
}

/** What the crowd has counted once it has read all that a program sent that has ended. */
async function lastReport(crowd: CrowdProcess): Promise<CrowdReport> {
  return until('the crowd to see all connections end', async () => {
    const report = await crowd.report();
    return report.connected === 0 && report;
  });
}

/** Has the peers fall silent, waits until nothing is under way, and stops the program. */
async function end(crowd: CrowdProcess, listener: CrowdListener): Promise<void> {
  crowd.order('quiet');
  let before = '';
  await until('quiescence', async () => {
    await sleep(1_500);
    const { received, sent } = await crowd.report();
    // The program still pings.
    const now = JSON.stringify([sent, { ...received, ping: null }]);
    const isQuiet = now === before;
    before = now;
    return isQuiet;
  });
  expect(await listener.stop()).toBe(0);
}

it('200 peers are joined by gossip from one DNS seed, and each message of them is counted while they churn', async () => {
  const { crowd, listener } = await joined(ORDER);
  crowd.order('relay');
  const busy = async (): Promise<boolean> => {
    const { blocks, ended, transactions } = await crowd.report();
    return blocks >= 3 && ended >= 15 && transactions >= 200;
  };
  await until('relay and churn', busy, { ...PATIENCE, giveUp: listener.ended });
  await end(crowd, listener);
  const report = await lastReport(crowd);
  expect(listener.differences(report)).toEqual([]);
  expect(report.lost).toBe(0);
  expect(report.duplicates).toBe(0);
  expect(report.sent['inv']?.messages).toBeGreaterThan(1_000);
  expect(listener.log).not.toContain('failed');
});

it('addresses that gossip tells are tried, and those that are reachable counted', async () => {
  const order = { ...ORDER, peers: 100, churn: 0, absentTold: 0.5 };
  const { crowd, listener } = await joined(order, { wanted: 4, feelersAnHour: 3_600 });
  const { addr_relay: told } = listener.sums;
  const enough = (): boolean =>
    (told['reachable'] ?? 0) >= 4 && (told['tried'] ?? 0) - (told['reachable'] ?? 0) >= 4;
  await until('some to be tried', enough, { ...PATIENCE, giveUp: listener.ended });
  expect(await listener.stop()).toBe(0);
  const { tried = NaN, reachable = NaN, entries = NaN, fresh = NaN, self_announced: own = NaN } = told;
  const { feeler = NaN, stopped = NaN } = listener.ends;
  expect(feeler).toBe(reachable);
  // The listener ends the connections of feelers, and at its end all others.
  const { refused, mostConnected } = await until('the crowd to see their ends', async () => {
    const report = await crowd.report();
    return report.lost === feeler + stopped && report;
  });
  expect(mostConnected).toBeLessThan(20);
  // Peers that are not there hang up at once, on feelers and on other dials.
  expect(tried - reachable).toBeLessThanOrEqual(refused);
  expect(fresh).toBe(entries);
  expect(entries).toBeGreaterThan(100);
  expect(own).toBeLessThan(entries / 10);
});

it('a limit of open files that is too low is told at the start, with the remedy', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crowd-'));
  cleanup.add(folder, (it) => rm(it, { recursive: true, force: true }));
  const under = ['sh', '-c', 'ulimit -n 600 && exec "$@"', 'sh'];
  const args = [
    '--network',
    'regtest',
    '--join',
    '--peers',
    '500',
    '-c',
    '127.0.0.1:1',
    '--export',
    'stdout:',
  ];
  const program = cleanup.add(runProgram(args, folder, under), (it) => it.kill());
  const end = await until('the program to end', program.ended);
  expect(end).toContain('btcdmon-node ended with 1:');
  expect(end).toContain(
    'btcdmon-node: --peers 500: needs 700 open files and sockets, and this process may have 600; raise the limit (ulimit -n 700;',
  );
});
