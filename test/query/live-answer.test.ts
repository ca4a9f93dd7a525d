import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import type { NodeState } from '../../src/live/node-state';
import { askLive } from '../../src/query/client';
import { QueryScheduler } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { serveQueries } from '../../src/query/server';
import { socketPath } from '../../src/query/socket-path';
import { Cleanup } from '../support/cleanup';

const STATE: NodeState = {
  ...{ version: '9.9.9', node: 'n', network: 'regtest', startedMs: 1, nowMs: 2 },
  peers: [
    {
      ...{ id: 1, address: '192.0.2.1:8333', outbound: true, userAgent: '/x/', version: 70_016 },
      ...{ network: 'ipv4', transport: 'v1' },
      ...{
        services: '0000000000000009',
        startHeight: 5,
        height: 5,
        relay: true,
        sinceMs: 1,
        lastMessageMs: null,
      },
      ...{ pingMs: null, leastPingMs: null, bytesSent: 1, bytesRecv: 2, messagesSent: 3, messagesRecv: 4 },
    },
  ],
  blocks: [],
  exporters: [{ name: 'duckdb', sent: 5, acked: 4, dropped: 3, queued: 2, retried: 1 }],
};

const cleanup = new Cleanup();
let file: string;

beforeEach(async () => {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-state-')), (name) =>
    rm(name, { recursive: true }),
  );
  file = path.join(folder, 'store.duckdb');
});

afterEach(() => cleanup.run());

async function serve(state?: () => NodeState): Promise<void> {
  const exporter = cleanup.add(new StoreWriter({ path: file }), (opened) => opened.close());
  await exporter.open();
  cleanup.add(
    await serveQueries({ scheduler: new QueryScheduler(new LocalAnswers(exporter)), state }),
    (server) => server.close(),
  );
}

/** A process that has the store open and sends this answer to each GET. */
async function answerWith(body: string): Promise<void> {
  const server = createServer((_, response) => response.end(body));
  cleanup.add(server, (opened) => opened.close());
  server.listen(socketPath(file));
  await once(server, 'listening');
}

it('is the state of a node', async () => {
  await serve(() => STATE);
  expect(await askLive(file)).toEqual({ state: STATE });
});

it('is null if no node runs', async () => {
  expect(await askLive(file)).toBeNull();
});

it('reports that a collector has no state', async () => {
  await serve();
  expect(await askLive(file)).toEqual({ state: null, why: expect.stringMatching(/is not a node/) as string });
});

it.each([
  ['an older node', '', /without a live view/],
  ['a newer node', '{"format":2,"state":{}}', /newer than this program/],
])('reports that %s has no readable state', async (_, body, why) => {
  await answerWith(body);
  expect(await askLive(file)).toEqual({ state: null, why: expect.stringMatching(why) as string });
});

it('fails with one line for an invalid answer', async () => {
  await answerWith('<html>');
  await expect(askLive(file)).rejects.toThrow(/not JSON/);
});
