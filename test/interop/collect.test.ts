import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { LineSocketExporter } from '../../src/export/line-socket';
import { spoolQueue } from '../../src/export/make-queue';
import { Spool } from '../../src/export/spool/spool';
import type { Point } from '../../src/metrics/point';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { influxd, startInfluxd } from '../support/influxd';
import { makePoints } from '../support/make-points';
import { outputOf, type Program, runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');
const clock = new SystemClock();

influxd.describe('many nodes and one collector', () => {
  const cleanup = new Cleanup();
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'btcdmon-collect-'));
    cleanup.add(home, (folder) => rmSync(folder, { recursive: true }));
  });
  afterEach(() => cleanup.run());

  /** Starts a collector and waits until it listens. */
  async function collector(args: readonly string[]): Promise<Program> {
    const program = cleanup.add(runProgram(['collect', ...args], home), (it) => it.kill());
    await until('the collector', () => program.log().includes('"collecting"'), { giveUp: program.ended });
    return program;
  }

  function audit(from: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [BIN, 'audit', '--from', from], {
      encoding: 'utf8',
      env: { HOME: home, BTCDMON_HTTP: 'off' },
    });
  }

  it('deliver every point through three kills, each once into both stores', async () => {
    const server = cleanup.add(await startInfluxd(), (it) => it.stop());
    const port = await freePort();
    const socket = path.join(home, 'collect.sock');
    const store = path.join(home, 'all.duckdb');
    const args = ['-l', `tcp://127.0.0.1:${port}`, '-l', `unix:${socket}`, '--interval', '1h'];
    args.push('-e', `duckdb:${store}`, '-e', `influx+udp://127.0.0.1:${server.udpPort}`);
    let program = await collector(args);

    const senders = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (i) => {
        // Half of them come over TCP.
        const exporter = new LineSocketExporter(
          {
            name: i % 2 === 0 ? 'line+tcp' : 'line+unix',
            address: i % 2 === 0 ? { host: '127.0.0.1', port } : { path: socket },
            destination: 'collect',
            ack: true,
            timeoutMs: 5_000,
          },
          { env: {} },
        );
        await exporter.open();
        const spool = await Spool.open(path.join(home, `spool-${i}`), { maxBytes: 100_000_000 });
        const queue = spoolQueue(
          { retryMinMs: 5, retryMaxMs: 100, flushMs: 20 },
          { exporter, spool, clock, warn: () => undefined },
        );
        return cleanup.add({ queue, node: `node-${i}` }, (it) => it.queue.close(200));
      }),
    );
    // All nodes give their points the same times: what is alike but for the node must not be taken for the
    // same.
    const points = makePoints(8_000, clock);
    const acked = (): number => senders.reduce((sum, { queue }) => sum + queue.stats().acked, 0);
    let pushed = 0;
    const pushing = (async () => {
      for (; pushed < points.length; pushed += 100) {
        for (const { queue, node } of senders) {
          const own = ownTags(node);
          for (const point of points.slice(pushed, pushed + 100)) queue.push(own(point));
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    for (const share of [0.2, 0.4, 0.6]) {
      await until('a part to be confirmed', () => acked() > share * points.length * senders.length, {
        giveUp: program.ended,
      });
      await program.kill();
      program = await collector(args);
    }
    await pushing;
    const all = points.length * senders.length;
    await until('all to be confirmed', () => acked() === all, { giveUp: program.ended });
    expect(await program.stop()).toBe(0);

    const stored = await openStored(store);
    const tables = ['tx', 'tx_inputs', 'tx_outputs'];
    const union = tables.map((table) => `SELECT node, time FROM ${table}`).join(' UNION ALL ');
    expect(
      await stored.rows(
        `SELECT node, count(*) AS points, count(DISTINCT time) AS times FROM (${union}) GROUP BY node ORDER BY node`,
      ),
    ).toEqual(senders.map(({ node }) => ({ node, points: points.length, times: points.length })));
    stored.close();
    await until('InfluxDB to have them', async () => {
      const counts = await Promise.all([
        server.count('tx', 'sha'),
        server.count('tx_inputs', 'sig_script_len'),
        server.count('tx_outputs', 'size'),
      ]);
      return counts.reduce((sum, count) => sum + count, 0) === all;
    });
  });

  it('are found whole by the audit of the central store, the collector’s own account too', async () => {
    const server = cleanup.add(await startInfluxd(), (it) => it.stop());
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const port = await freePort();
    const store = `duckdb:${path.join(home, 'all.duckdb')}`;
    const args = ['-l', `tcp://127.0.0.1:${port}`, '--interval', '200ms', '-e', store];
    args.push('-e', `influx+udp://127.0.0.1:${server.udpPort}`);
    let program = await collector(args);
    const nodes = ['one', 'two', 'three'].map((node) =>
      cleanup.add(
        runProgram(
          [
            ...['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '200ms', '--node', node],
            ...['--data-dir', path.join(home, node), '-e', `line+tcp://127.0.0.1:${port}?ack=on`],
          ],
          home,
        ),
        (it) => it.kill(),
      ),
    );
    await until('their handshakes', () => peer.connections.length === 3, {
      giveUp: () => nodes.map((node) => node.ended()).find((reason) => reason !== undefined),
    });
    // What the running collector answers from its store.
    const counted = async (sql: string): Promise<number> =>
      Number(
        (await outputOf(['query', '--from', store, '--raw', sql, '--format', 'csv'], home)).split('\r\n')[1],
      );
    const accounts = 'SELECT count(DISTINCT node) FROM btcdmon WHERE emitted IS NOT NULL';
    await until('all to have accounted for themselves', async () => (await counted(accounts)) === 4, {
      giveUp: program.ended,
    });
    await program.kill();
    // The nodes go on, and keep what nobody takes.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const restarted = Math.floor(Date.now() / 1_000);
    program = await collector(args);
    const later = `${accounts} AND epoch(time) > ${restarted}`;
    await until('what they kept to have come', async () => (await counted(later)) === 4, {
      giveUp: program.ended,
    });
    expect(await Promise.all(nodes.map((node) => node.stop()))).toEqual([0, 0, 0]);
    expect(await program.stop()).toBe(0);
    for (const node of nodes) expect(node.log()).not.toContain('dropped');

    // Three nodes, and two runs of the collector.
    const whole = audit(store);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    const sum = /\n\d{3,} points of 5 runs: the store holds every one\n$/;
    expect(whole.stdout).toMatch(sum);
    const influx = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
    // The last accounts of the collector that was killed may have come to one of the stores alone: its own
    // are on no disk.
    await until('InfluxDB to have everything', () => sum.test(audit(influx).stdout));
  });
});

/** Gives points the tags of a node; points of one tag set share one object still. */
function ownTags(node: string): (point: Point) => Point {
  const sets = new Map<Point['tags'], Point['tags']>();
  return (point) => {
    let tags = sets.get(point.tags);
    if (tags === undefined) sets.set(point.tags, (tags = { ...point.tags, node }));
    return { ...point, tags };
  };
}
