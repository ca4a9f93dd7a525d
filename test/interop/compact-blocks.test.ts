import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { SystemClock } from '../../src/lib/clock';
import type { Endpoint } from '../../src/p2p/endpoint';
import { parseBlock } from '../../src/wire/block';
import { type CompactListener, startListener } from '../support/compact-listener';
import { until } from '../support/until';

const DIST = path.join(__dirname, '..', '..', 'dist');

/**
 * A bcoin chain, mempool and miner with four pools, which speak compact blocks by bcoin's own code.
 * Transactions come faster than they are announced, so that blocks hold some that nobody has heard of. It
 * says where it listens, and each block that it mined.
 */
const NETWORK = `
  const { RegtestNetwork } = require('./demo/regtest');
  const { loadRegtestParts } = require('./bcoin/bcoin');
  const network = new RegtestNetwork(
    { listenHost: '127.0.0.1', blockIntervalMs: 700, txIntervalMs: 60, seed: 'compact' },
    { parts: loadRegtestParts(), onError: (error) => console.error(error) },
  );
  network.start().then(() => {
    console.log(JSON.stringify(network.endpoints));
    network.chain.on('connect', (entry, block) => console.log(JSON.stringify(block.toRaw().toString('hex'))));
    network.startTraffic();
  });
  process.stdin.resume().once('end', () => network.stop());
`;

const BLOCKS = 12;

describe('compact blocks of bcoin', () => {
  const mined = new Map<string, string>();
  let child: ChildProcess;
  let listener: CompactListener<SystemClock>;
  let stderr = '';

  beforeAll(async () => {
    child = spawn(process.execPath, ['-e', NETWORK], { cwd: DIST });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [first] = (await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(() => Promise.reject(new Error(`no network: ${stderr}`))),
    ])) as [string];
    lines.on('line', (line) => {
      const raw = JSON.parse(line) as string;
      mined.set(parseBlock(Buffer.from(raw, 'hex')).hash, raw);
    });
    const endpoints = JSON.parse(first) as Endpoint[];
    // Three, so that all send compact blocks unasked, and nobody the whole block after an `inv`.
    listener = startListener(
      endpoints.slice(0, 3).map(({ port }) => port),
      new SystemClock(),
    );
    await until('the blocks', () => listener.points('compact_blocks').length >= BLOCKS, {
      ms: 240_000,
    });
    // Nothing more comes, and what bcoin says of the last ones may still be on its way.
    await listener.stop();
    await until('the word on each', () =>
      listener.points('compact_blocks').every(({ sha }) => mined.has(String(sha))),
    );
  });

  afterAll(async () => {
    await listener.stop();
    child.kill('SIGKILL');
  });

  it('are rebuilt, all of them, to the bytes that bcoin mined', () => {
    const points = listener.points('compact_blocks');
    expect(points.filter(({ rebuilt }) => rebuilt !== true)).toEqual([]);
    for (const { sha, full_bytes, short_ids, prefilled } of points) {
      const block = listener.blocks.find((event) => event.block.hash === sha)?.block;
      expect(block?.bytes.toString('hex') === mined.get(String(sha))).toBe(true);
      expect([full_bytes, Number(short_ids) + Number(prefilled)]).toEqual([
        block?.size,
        block?.transactions.length,
      ]);
    }
  });

  it('are mostly known from the relay, and the rest comes from bcoin when it is asked', () => {
    const sum = (column: string): number =>
      listener.points('compact_blocks').reduce((total, fields) => total + Number(fields[column]), 0);
    expect(sum('short_ids')).toBeGreaterThan(sum('missing'));
    expect(sum('missing')).toBeGreaterThan(0);
    expect(sum('blocktxn_bytes')).toBeGreaterThan(0);
    expect(sum('bytes') + sum('blocktxn_bytes')).toBeLessThan(sum('full_bytes'));
  });

  it('are accepted, and break nothing on the way', () => {
    // The first may come before the headers under it: it is asked for whole, and waits for them.
    const fates = new Map(listener.processed.map(({ block, status }) => [block.hash, status]));
    expect(fates.size).toBeGreaterThanOrEqual(BLOCKS);
    expect(new Set(fates.values())).toEqual(new Set(['accepted']));
    expect(listener.violations).toEqual([]);
    expect(listener.faults).toEqual([]);
    expect(stderr).toBe('');
  });
});
