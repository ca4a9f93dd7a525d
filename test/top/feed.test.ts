import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import type { NodeState } from '../../src/live/node-state';
import { QueryScheduler } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { serveQueries } from '../../src/query/server';
import { Feed } from '../../src/top/feed';
import type { Choice } from '../../src/top/points';
import { Cleanup } from '../support/cleanup';
import { blockOf, livePeer } from '../support/top-data';
import { LAST_MS, MINUTE, topPoints } from '../support/top-points';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const peer = livePeer({ sinceMs: LAST_MS - 10_000, messagesRecv: 50 });

/** What the node reports: a block that is in its store, one that is not there yet, and 25 dropped points. */
const OLDER: NodeState = {
  ...{ version: '9.9.9', node: 'alice', network: 'regtest', startedMs: LAST_MS - 90_000, nowMs: LAST_MS },
  peers: [peer],
  blocks: [blockOf(9, { timeMs: LAST_MS }), blockOf(8, { timeMs: LAST_MS - 1, sha: 'e'.repeat(64) })],
  exporters: [{ name: 'duckdb', sent: 99, acked: 88, dropped: 25, queued: 77, retried: 66 }],
};

/** The same of a node that tells how well it is. */
const STATE: NodeState = {
  ...OLDER,
  verdicts: [
    { question: 'step', tone: 'bad', answer: 'Not known: no peer', reason: '', advice: '', panel: 'peers' },
  ],
  alerts: [{ title: 'No peer', severity: 'critical', firingMs: 5, reason: 'none', isSilenced: false }],
};

/** A process that has the store of alice and bob open, and its feed. */
async function feedOf(state: (() => NodeState) | undefined, choice: Choice = {}): Promise<Feed> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-feed-')), (name) =>
    rm(name, { recursive: true }),
  );
  const file = path.join(folder, 'store.duckdb');
  const exporter = cleanup.add(new StoreWriter({ path: file }), (opened) => opened.close());
  await exporter.open();
  await exporter.write([...topPoints('alice'), ...topPoints('bob')]);
  cleanup.add(
    await serveQueries({ scheduler: new QueryScheduler(new LocalAnswers(exporter)), state }),
    (server) => server.close(),
  );
  return cleanup.add(new Feed({ from: `duckdb:${file}`, choice, env: {} }), (feed) => feed.close());
}

it('shows the state of the running node, with its own series', async () => {
  const data = await (await feedOf(() => STATE)).next();
  expect(data).toMatchObject({
    ...{ version: '9.9.9', startedMs: LAST_MS - 90_000, newestMs: LAST_MS, notes: [] },
    nodes: [{ node: 'alice', network: 'regtest', silentMs: 0 }],
    peers: [{ ...peer, messagesPerS: 5 }],
    rates: { recv: { inv: { messages: MINUTE.inv } } },
    gauges: { total: 1 },
  });
  expect(data.blocks.map(({ height, timeMs }) => [height, timeMs > LAST_MS - 1_000])).toEqual([
    [9, true],
    [8, true],
    [7, false],
  ]);
  // The store knows that 7 were dropped before the window.
  expect(data.exporters).toEqual([{ ...STATE.exporters[0], node: 'alice', droppedNow: 18 }]);
});

it('has the verdicts of the running node and its alerts, which an older node does not tell', async () => {
  const data = await (await feedOf(() => STATE)).next();
  expect([data.verdicts, data.firing]).toEqual([STATE.verdicts, STATE.alerts]);
  const before = await (await feedOf(() => OLDER)).next();
  expect([before.verdicts, before.firing]).toEqual([[], []]);
});

it('shows the store of another node, and says who runs here', async () => {
  const data = await (await feedOf(() => STATE, { node: 'bob' })).next();
  expect(data).toMatchObject({ version: null, peers: null, nodes: [{ node: 'bob' }] });
  expect(data.notes[0]).toBe('the node that runs here is alice/regtest');
});

it('shows the store if a collector has it open', async () => {
  const data = await (await feedOf(undefined)).next();
  expect(data).toMatchObject({ version: null, peers: null, nodes: [{ node: 'alice' }, { node: 'bob' }] });
  expect(data.notes[0]).toMatch(/is not a node/);
});

it('goes from the running node to the others and back', async () => {
  const feed = await feedOf(() => STATE);
  const shown: unknown[] = [];
  for (let step = 0; step < 3; step++) {
    const { nodes, version, choices } = await feed.next();
    shown.push([nodes.map(({ node }) => node), version, choices]);
    feed.switchNode(1);
  }
  expect(shown).toEqual([
    [['alice'], '9.9.9', 2],
    [['bob'], null, 2],
    [['alice'], '9.9.9', 2],
  ]);
});

it('follows the state of the node between two intervals', async () => {
  let now = STATE;
  const feed = await feedOf(() => now);
  await feed.next();
  now = { ...STATE, nowMs: LAST_MS + 10_000, peers: [{ ...peer, messagesRecv: 250 }], blocks: [] };
  const data = await feed.next();
  expect(data.peers).toEqual([{ ...peer, messagesRecv: 250, messagesPerS: 12.5 }]);
  expect(data.blocks.map(({ height }) => height)).toEqual([8, 7]);
});
