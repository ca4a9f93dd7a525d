import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import { LineSerializer } from '../../src/export/line';
import type { Point } from '../../src/metrics/point';
import { parseQuery } from '../../src/query/model';
import { allRows } from '../../src/query/result';
import { openSource } from '../../src/query/open-source';
import { Feed } from '../../src/top/feed';
import type { Choice } from '../../src/top/points';
import { Cleanup } from '../support/cleanup';
import { influxd, startInfluxd } from '../support/influxd';
import { SteppedRun } from '../support/stepped-run';
import { LAST_MS, MINUTE, topPoints } from '../support/top-points';
import { LISTENER, WATCHED, peerAddress, receivedAt, watchedPoints } from '../support/watched-points';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Makes a store of points and returns its URL. */
type MakeStore = (points: readonly Point[]) => Promise<string>;

async function duckdbStore(points: readonly Point[]): Promise<string> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-top-')), (name) =>
    rm(name, { recursive: true }),
  );
  const url = `duckdb:${path.join(folder, 'store.duckdb')}`;
  await write(url, points);
  return url;
}

async function write(url: string, points: readonly Point[]): Promise<void> {
  const exporter = new StoreWriter({ path: url.slice('duckdb:'.length) });
  await exporter.open();
  await exporter.write(points);
  await exporter.close();
}

async function influxStore(points: readonly Point[]): Promise<string> {
  const server = cleanup.add(await startInfluxd(), (started) => started.stop());
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  const lines = points.map((point) => {
    const line = serializer.serialize(point);
    if (typeof line !== 'string') throw new Error(line.detail);
    return line;
  });
  expect(await server.write(lines.join('\n'))).toBe('');
  return `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
}

function feedOf(from: string, choice: Choice = {}): Feed {
  return cleanup.add(new Feed({ from, choice, env: {} }), (feed) => feed.close());
}

function behaves(make: MakeStore): void {
  it('covers the minute before the newest point, like the queries', async () => {
    const from = await make([...topPoints('alice'), ...topPoints('bob')]);
    const data = await feedOf(from, { node: 'alice' }).next();
    const { exporters, startedMs, blocks, rates, ...rest } = data;
    expect(rest).toEqual({
      source: from,
      atMs: expect.any(Number) as number,
      version: null,
      choices: expect.any(Number) as number,
      ...{ nodeLost: false, verdicts: [], firing: [] },
      newestMs: LAST_MS,
      intervalMs: 5_000,
      nodes: [{ node: 'alice', network: 'regtest', silentMs: 0 }],
      peers: null,
      gauges: { total: 1, outbound: 1, inbound: 0, banned: 0, known: null },
      agents: [{ userAgent: '/x:1/', handshakes: 1 }],
      mempool: { transactions: 5, bytes: 1_234, orphans: 1, conflicts: 13, heldBack: 0 },
      clockStep: null,
      notes: expect.arrayContaining([expect.stringMatching(/a store has no table of peers/)]) as string[],
    });
    expect(startedMs).toBeGreaterThan(0);
    expect(rates).toMatchObject({
      seconds: 60,
      recv: {
        inv: { messages: MINUTE.inv, bytes: MINUTE.invBytes, messagesPerS: 0.6, bytesPerS: 36.6 },
      },
      sent: {
        getdata: { messages: MINUTE.getdata, bytes: MINUTE.getdataBytes, messagesPerS: 0.2, bytesPerS: 10 },
      },
    });
    expect(Object.keys(rates?.recv ?? {})).toEqual(['inv']);
    const facts = { size: 285, numTx: 0, totalFees: 10, processMs: 1.5, status: 'accepted', firstFrom: null };
    const timeMs = LAST_MS - 9 * 5_000 - 1_000;
    expect(blocks).toEqual([
      { ...facts, height: 8, sha: 'e'.repeat(64), timeMs },
      { ...facts, height: 7, sha: 'f'.repeat(64), timeMs },
    ]);
    const counts = { sent: 9, acked: 8, dropped: 19, queued: 7, retried: 6 };
    expect(exporters).toEqual([{ node: 'alice', name: 'duckdb', ...counts, droppedNow: 12 }]);

    const source = cleanup.add(await openSource(from, {}), (opened) => opened.close());
    const [window] = rates?.windows ?? [];
    const sum = async (series: string, column: string): Promise<unknown> => {
      const args = { series, agg: ['sum', column], where: "node = 'alice'" };
      const query = parseQuery({ ...args, since: window?.since, until: window?.until }, 0n);
      const [row] = await allRows(await source.run(query));
      return row?.[0];
    };
    expect(await sum('msg_recv', 'inv')).toBe(MINUTE.inv);
    // Its last point comes after that of `msg_recv`, which ends the window.
    expect(await sum('msg_recv_bytes', 'inv')).toBe(MINUTE.invBytes);
  });

  it('tells of the last step of a clock, also where it was set back', async () => {
    const run = new SteppedRun('alice', LAST_MS).pass(63).set(7_200).pass(30).set(-3_600).pass(37).end();
    const early = new SteppedRun('bob', LAST_MS - 3 * 86_400_000).pass(10).set(60).pass(10).end();
    const from = await make([...run.points, ...early.points]);
    const { clockStep } = await feedOf(from).next();
    expect(clockStep).toMatchObject({ node: 'alice/regtest', ms: -3_600_000, steps: 2 });
    const setMs = LAST_MS + (63 + 7_200 + 30 - 3_600) * 1_000;
    expect(Math.abs((clockStep?.timeMs ?? 0) - setMs)).toBeLessThan(5_000);
  });

  it('sums several nodes, says so, and has each block once', async () => {
    const carol = topPoints('carol', LAST_MS - 600_000);
    const from = await make([...topPoints('alice'), ...topPoints('bob', LAST_MS - 2_000), ...carol]);
    const data = await feedOf(from).next();
    expect(data.nodes.map(({ node, silentMs }) => [node, silentMs > 0])).toEqual([
      ['alice', false],
      ['bob', false],
      ['carol', true],
    ]);
    expect(data.notes.at(-1)).toBe(
      '3 nodes summed (choose with --node, --network): alice/regtest, bob/regtest, carol/regtest',
    );
    expect(data.rates?.recv['inv']).toMatchObject({ messages: MINUTE.inv * 2 - 3, messagesPerS: 1.2 });
    expect(data.gauges).toMatchObject({ total: 2, outbound: 2 });
    expect(data.mempool).toMatchObject({ transactions: 5 });
    expect(data.startedMs).toBeNull();
    expect(data.blocks.map(({ height }) => height)).toEqual([8, 7]);
    expect(data.exporters.map(({ node }) => node)).toEqual(['alice', 'bob']);
  });

  it('shows the listener and the node that it watches one after the other, and never sums them', async () => {
    const from = await make(watchedPoints({ endMs: LAST_MS, minutes: 10 }));
    const feed = feedOf(from);
    const shown = async () => {
      const { nodes, gauges, choices, mempool } = await feed.next();
      return [nodes.map(({ node }) => node), gauges?.total, mempool?.transactions, choices];
    };
    expect(await shown()).toEqual([[LISTENER], 1, 100, 2]);
    feed.switchNode(1);
    expect(await shown()).toEqual([[WATCHED], 12, 50_600, 2]);
    feed.switchNode(1);
    expect(await shown()).toEqual([[LISTENER], 1, 100, 2]);
    feed.switchNode(-1);
    const data = await feed.next();
    expect(data.nodes.map(({ node }) => node)).toEqual([WATCHED]);
    expect(data.notes).toEqual([
      expect.stringMatching(/^a watched node, height 900,002, up 2h 56m, RPC 2\.0 ms, 1 warnings: /),
    ]);
    expect(data.peers).toHaveLength(12);
    expect(data.peers?.find(({ address }) => address === peerAddress(1))).toMatchObject({
      ...{ outbound: true, pingMs: null, bytesRecv: receivedAt(1, 600), messagesPerS: null },
      sinceMs: LAST_MS - 4_200_000,
    });
    expect(await feedOf(from, { node: WATCHED }).next()).toMatchObject({ gauges: { total: 12 } });
  });

  it('refuses a node or a network without points', async () => {
    const from = await make(topPoints('alice'));
    await expect(feedOf(from, { node: 'alicia' }).next()).rejects.toThrow(
      '--node alicia: the store only has points of alice/regtest',
    );
    await expect(feedOf(from, { node: 'alice', network: 'mainnet' }).next()).rejects.toThrow(
      '--node alice --network mainnet: the store only has points of alice/regtest',
    );
  });
}

describe('a DuckDB file', () => {
  behaves(duckdbStore);

  it('is not kept open, and is read again after it was written', async () => {
    const from = await duckdbStore(topPoints('alice'));
    const feed = feedOf(from);
    const first = await feed.next();
    expect(first.newestMs).toBe(LAST_MS);
    expect({ ...(await feed.next()), atMs: 0 }).toEqual({ ...first, atMs: 0 });
    await write(from, topPoints('alice', LAST_MS + 3_600_000));
    expect((await feed.next()).newestMs).toBe(LAST_MS + 3_600_000);
  });

  it('that is new has nothing to show', async () => {
    const from = await duckdbStore([]);
    expect(await feedOf(from).next()).toMatchObject({ newestMs: null, rates: null, blocks: [] });
    expect(await feedOf(from, { node: 'x' }).next()).toMatchObject({ newestMs: null });
  });

  it('whose points come every five minutes has rates nevertheless', async () => {
    const sparse = topPoints('alice').filter(({ time }) => time > BigInt(LAST_MS) * 1_000_000n);
    const before = sparse.map((point) => ({ ...point, time: point.time - 300_000_000_000n }));
    const data = await feedOf(await duckdbStore([...before, ...sparse])).next();
    expect(data.rates).toMatchObject({ seconds: 300, recv: { inv: { messages: 3, messagesPerS: 0.01 } } });
    expect(data.intervalMs).toBe(300_000);
  });
});

influxd.describe('an InfluxDB', () => behaves(influxStore));
