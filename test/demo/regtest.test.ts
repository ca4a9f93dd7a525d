import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { countDemoStats } from '../../src/demo/stats';
import { EventBus } from '../../src/lib/event-bus';
import type { MonitorEvents } from '../../src/metrics/collector';
import type { Endpoint } from '../../src/p2p/endpoint';
import { Pool } from '../../src/p2p/pool';
import { OUTPUT_TYPES } from '../../src/wire/output-type';
import { NO_COMPACT } from '../support/compact';
import { until } from '../support/until';

const DIST = path.join(__dirname, '..', '..', 'dist');

/**
 * Runs the network in a separate process until its stdin ends, because signatures in JavaScript take ten
 * times as long inside jest. The process prints its height before the traffic, and its endpoints.
 */
const NETWORK = `
  const { RegtestNetwork } = require('./demo/regtest');
  const { loadRegtestParts } = require('./bcoin/bcoin');
  const network = new RegtestNetwork(
    { listenHost: '127.0.0.1', blockIntervalMs: 1500, txIntervalMs: 100, seed: 'test' },
    { parts: loadRegtestParts(), onError: (error) => console.error(error) },
  );
  network.start().then(() => {
    console.log(JSON.stringify({ height: network.height, endpoints: network.endpoints }));
    network.startTraffic();
  });
  process.stdin.resume().once('end', () => network.stop());
`;

describe('RegtestNetwork', () => {
  const faults: unknown[] = [];
  const bus = new EventBus<MonitorEvents>();
  const stats = countDemoStats(bus);
  const agents = new Set<string>();
  const spenders = new Map<string, string>();
  const conflicts = new Set<string>();
  const versions = new Set<number>();
  let inputs = 0;
  let height = 0;
  let mined = 0;
  let started: { readonly height: number; readonly endpoints: readonly Endpoint[] };
  let child: ChildProcess;
  let stderr = '';
  let pool: Pool;

  beforeAll(async () => {
    bus.on('handshake', ({ claims }) => agents.add(claims.userAgent));
    bus.on('block', ({ block }) => {
      height = Math.max(height, block.coinbaseHeight ?? 0);
      mined = Math.max(mined, block.transactions.length - 1);
    });
    bus.on('transaction', ({ transaction, first }) => {
      if (!first) return;
      versions.add(transaction.version);
      inputs = Math.max(inputs, transaction.inputs.length);
      for (const { bytes, start } of transaction.inputs) {
        const outpoint = bytes.toString('hex', start, start + 36);
        const other = spenders.get(outpoint);
        if (other !== undefined && other !== transaction.txid) conflicts.add(outpoint);
        spenders.set(outpoint, transaction.txid);
      }
    });
    child = spawn(process.execPath, ['-e', NETWORK], { cwd: DIST });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout?.setEncoding('utf8');
    const [line] = (await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(`no network: ${stderr}`))),
    ])) as [string];
    started = JSON.parse(line) as typeof started;
    pool = new Pool(
      {
        network: 'regtest',
        connect: started.endpoints,
        userAgent: '/test/',
        wtxidRelay: true,
        txPerSecond: 200,
      },
      {
        bus,
        clock: new SystemClock(),
        ...NO_COMPACT,
        reportUnreachable: () => undefined,
        fault: (error) => faults.push(error),
      },
    );
    pool.start();
  });

  afterAll(() => {
    child.kill('SIGKILL');
  });

  it('has coins that can be spent before anybody connects', () => {
    expect(started.height).toBe(120);
  });

  it('shakes hands as four peers with their own names', async () => {
    await until('four peers', () => stats.peers === 4);
    expect(agents.size).toBe(4);
  });

  it('pays to every type of output', async () => {
    await until('all types of outputs', () => OUTPUT_TYPES.every((type) => stats.outputs.has(type)));
    expect([...stats.outputs.keys()].sort()).toEqual([...OUTPUT_TYPES].sort());
  });

  it('spends coins twice, in transactions of several inputs and of versions 1 to 3', async () => {
    await until('conflicts and all versions', () => conflicts.size > 0 && inputs > 1 && versions.size === 3);
    expect([...versions].sort()).toEqual([1, 2, 3]);
  });

  it('mines the transactions into blocks', async () => {
    await until('a block', () => mined > 0);
    expect(height).toBeGreaterThan(120);
  });

  it('does all that without an error, and ends when it is stopped', async () => {
    await pool.stop();
    const exit = once(child, 'exit');
    child.stdin?.end();
    expect(await exit).toEqual([0, null]);
    expect(stderr).toBe('');
    expect(faults).toEqual([]);
  });
});
