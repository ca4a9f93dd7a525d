import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { CHAIN_PARAMS } from '../../src/chain/params';
import type { Endpoint } from '../../src/p2p/endpoint';
import { encodeLocator } from '../../src/wire/messages/locator';
import { hashOf } from '../chain/mine';
import { dialListener } from './fake-peer';
import { until } from './until';

const DIST = path.join(__dirname, '..', '..', 'dist');

/**
 * The network ends when its stdin ends. It runs in another process because signatures in JavaScript take ten
 * times as long inside jest.
 */
const NETWORK = `
  const { RegtestNetwork } = require('./demo/regtest');
  const { loadRegtestParts } = require('./bcoin/bcoin');
  const network = new RegtestNetwork(
    { listenHost: '127.0.0.1', blockIntervalMs: 2500, txIntervalMs: 120, seed: 'test' },
    { parts: loadRegtestParts(), onError: (error) => console.error(error) },
  );
  network.start().then(() => {
    console.log(JSON.stringify(network.endpoints));
    process.stdin.once('data', () => network.startTraffic()).once('end', () => network.stop());
  });
`;

/** The demo's network of four peers, in a process of its own. */
export interface RegtestChild {
  readonly endpoints: readonly Endpoint[];
  /** Starts sending transactions and blocks. */
  startTraffic(): void;
  stop(): Promise<void>;
}

/** Starts the network. Resolves when it listens. */
export async function startRegtest(): Promise<RegtestChild> {
  const child = spawn(process.execPath, ['-e', NETWORK], { cwd: DIST, stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const exited = once(child, 'exit');
  await until('the regtest network to listen', () => out.includes('\n'), {
    giveUp: () => (child.exitCode === null ? undefined : 'it has ended'),
  });
  return {
    endpoints: JSON.parse(out) as Endpoint[],
    startTraffic: () => child.stdin.write('go\n'),
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The headers of a peer's chain of at most 2,000 blocks, without the genesis block. */
export async function headersOf(port: number): Promise<readonly Buffer[]> {
  const connection = await dialListener(port);
  try {
    await until('a handshake', () => connection.commands().includes('verack'));
    const locator = encodeLocator(70_016, [hashOf(CHAIN_PARAMS.regtest.genesis)]);
    connection.send('getheaders', locator);
    const payload = await until(
      'headers',
      () => connection.got.find(({ command }) => command === 'headers')?.payload,
    );
    const start = (payload[0] ?? 0) < 0xfd ? 1 : 3;
    const count = (payload.length - start) / 81;
    return Array.from({ length: count }, (_, i) => payload.subarray(start + i * 81, start + i * 81 + 80));
  } finally {
    connection.socket.destroy();
  }
}
