import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadRegtestParts } from '../../src/bcoin/bcoin';
import { RegtestNetwork } from '../../src/demo/regtest';
import { Btcd } from '../../test/support/btcd';
import type { Cleanup } from '../../test/support/cleanup';
import { freePort } from '../../test/support/free-port';
import { BIN } from '../../test/support/program';

/** Nodes that dial the watched one. */
const INBOUND_PEERS = 3;

/** Milliseconds that the program has to listen. */
const LISTENING_MS = 5_000;

/** What is shown. */
export interface Scene {
  /** The page. */
  readonly url: string;
  /** The data folder of the program. */
  readonly folder: string;
  /** Has transactions and blocks made for this time. */
  run(ms: number): Promise<void>;
}

/**
 * Starts the demo's network, a btcd in it, and the program beside them: a listener to the demo's peers that
 * watches the btcd. btcd dials the demo's peers by the tap, and other btcds dial it by the tap. `cleanup`
 * ends all of it.
 */
export async function startScene(btcdProgram: string, cleanup: Cleanup): Promise<Scene> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-screenshots-'));
  cleanup.add(folder, (it) => rmSync(it, { recursive: true, force: true }));
  const network = cleanup.add(await startNetwork(), (it) => it.stop());
  const [forward, socks, page] = [await freePort(), await freePort(), await freePort()];
  // The demo's transactions have outputs of every type, which btcd's policy on mainnet would refuse.
  const start = async (extraArgs: readonly string[], tls = false): Promise<Btcd> =>
    cleanup.add(await Btcd.start(btcdProgram, { nonStandard: true, tls, extraArgs }), (it) => it.stop());
  const peers = network.endpoints.map(({ host, port }) => `${host}:${port}`);
  const watched = await start(
    [`--proxy=127.0.0.1:${socks}`, ...peers.map((peer) => `--connect=${peer}`)],
    true,
  );
  const args = [
    ...['--node', 'demo', '--data-dir', folder, '--http', `127.0.0.1:${page}`],
    ...[...peers, `127.0.0.1:${watched.p2pPort}`].flatMap((peer) => ['--connect', peer]),
    ...['--watch', `https://${watched.user}@127.0.0.1:${watched.rpcPort}?ca-file=${watched.certificateFile}`],
    ...['--forward', `127.0.0.1:${forward}=127.0.0.1:${watched.p2pPort}`, '--socks', String(socks)],
  ];
  startProgram(args, { BTCDMON_WATCH_PASSWORD: watched.password }, cleanup);
  await sleep(LISTENING_MS);
  for (let i = 0; i < INBOUND_PEERS; i++) await start([`--connect=127.0.0.1:${forward}`]);
  return {
    url: `http://127.0.0.1:${page}`,
    folder,
    run: (ms) => {
      network.startTraffic();
      return sleep(ms);
    },
  };
}

/** Starts the program on regtest. */
export function startProgram(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  cleanup: Cleanup,
): void {
  const common = ['--network', 'regtest', '--interval', '2s', '--log-level', 'warn'];
  const env = { ...process.env, ...variables };
  cleanup.add(spawn(process.execPath, [BIN, ...common, ...args], { stdio: 'inherit', env }), stopProgram);
}

/**
 * Starts a network with more transactions than the demo's and with blocks that are further apart, which have
 * not room for all: what pays least waits. A coin is spent about once between two blocks, as no node relays
 * long chains of unconfirmed transactions.
 */
async function startNetwork(): Promise<RegtestNetwork> {
  const network = new RegtestNetwork(
    {
      ...{ listenHost: '127.0.0.1', seed: 'screenshots' },
      ...{ blockIntervalMs: 40_000, txIntervalMs: 200, coins: 350, blockWeight: 200_000 },
    },
    { parts: loadRegtestParts(), onError: (error) => console.error(error) },
  );
  await network.start();
  return network;
}

async function stopProgram(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const exited = once(program, 'exit');
  program.kill('SIGTERM');
  await exited;
}
