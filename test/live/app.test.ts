import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startApp } from '../../src/app/listener';
import type { LiveEvent } from '../../src/live/live';
import { createLog } from '../../src/lib/log';
import { parseTransaction } from '../../src/wire/transaction';
import { display, hashOf, mineBlock, REGTEST, sha256d } from '../chain/mine';
import { Cleanup } from '../support/cleanup';
import { blockThing, ServingPeer, txThing } from '../support/serving-peer';
import { until } from '../support/until';
import { buildTransaction } from '../wire/build';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('reports the peers, blocks and transactions of a running node', async () => {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-live-')), (name) =>
    rm(name, { recursive: true }),
  );
  const peer = cleanup.add(await ServingPeer.start('regtest'), (started) => started.stop());
  const app = await startApp(
    {
      ...{ node: 'n', network: 'regtest', connect: [{ host: '127.0.0.1', port: peer.port }] },
      ...{ exports: [`duckdb:${path.join(folder, 'store.duckdb')}`], intervalMs: 1_000 },
      ...{ spools: { directory: path.join(folder, 'spool'), maxBytes: 1_000_000 }, policy: 'btcd' },
      ...{ wtxidRelay: true, txPerSecond: 200, maxUserAgents: 200, mempoolBytes: 1_000_000 },
    },
    { log: createLog('error') },
  );
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await app.stop();
    running = false;
  };
  cleanup.add(stop, (undo) => undo());
  const { live } = app;
  const told: LiveEvent[] = [];
  live.subscribe((event) => told.push(event));
  await until('the handshake', () => peer.isReady);

  const parent = buildTransaction({ outputs: [{ value: 5_000 }] });
  const child = buildTransaction({
    inputs: [{ prevHash: sha256d(parent), prevIndex: 0 }],
    outputs: [{ value: 1_000 }],
  });
  peer.announce([txThing(parent)]);
  await until('the parent', () => live.transactions().length === 1);
  peer.announce([txThing(child)]);
  await until('the child', () => live.transactions().length === 2);
  const bytes = mineBlock({ on: REGTEST.genesis, height: 1 });
  peer.announce([blockThing(bytes)]);
  await until('the block', () => live.blocks().length === 1);

  const [newest, oldest] = live.transactions();
  const { vsize, txid } = parseTransaction(child);
  expect(newest).toMatchObject({ sha: txid, vsize, value: 1_000, feeRate: 4_000 / vsize });
  expect(oldest).toMatchObject({ sha: parseTransaction(parent).txid, feeRate: null, value: 5_000 });
  expect(live.blocks()).toEqual([
    expect.objectContaining({ sha: display(hashOf(bytes)), height: 1, status: 'accepted' }),
  ]);
  expect(told).toEqual([
    { kind: 'transaction', transaction: oldest },
    { kind: 'transaction', transaction: newest },
    { kind: 'block', block: live.blocks()[0] },
  ]);
  const { connection } = peer;
  await until('all that it sent', () => live.peers()[0]?.bytesRecv === connection.written);
  expect(live.peers()).toEqual([
    expect.objectContaining({ address: peer.address, userAgent: '/fake:1/', bytesRecv: connection.written }),
  ]);
  await until('all that was sent', () => live.peers()[0]?.bytesSent === connection.received);
  expect(live.peers()[0]?.messagesSent).toBe(connection.got.length);
  await stop();
  expect(live.peers()).toEqual([]);
});
