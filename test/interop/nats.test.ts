import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '../../src/lib/clock';
import { nats } from '../../src/export/nats/exporter';
import { spoolQueue } from '../../src/export/make-queue';
import type { PointQueue } from '../../src/export/point-queue';
import { Spool } from '../../src/export/spool/spool';
import type { Point } from '../../src/metrics/point';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';
import { freePort } from '../support/free-port';
import { startSink } from '../support/line-sink';
import { lineOf, makePoints } from '../support/make-points';
import { type Nats, natsProcess, natsServer, startNats } from '../support/nats';
import { type Program, runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');
const clock = new SystemClock();

natsServer.describe('three NATS servers', () => {
  const cleanup = new Cleanup();
  const ofAll = new Cleanup();
  let home = '';
  /** Of all tests, each with a stream of its own: to choose a leader takes the servers five seconds. */
  let cluster: Nats;
  beforeAll(async () => {
    cluster = ofAll.add(await startNats({ servers: 3 }), (it) => it.stop());
  });
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'btcdmon-fleet-'));
    cleanup.add(home, (folder) => rmSync(folder, { recursive: true }));
  });
  afterEach(() => cleanup.run());
  afterAll(() => ofAll.run());

  /** A queue as a node has it before the cluster. */
  async function sender(stream: string): Promise<PointQueue> {
    const exporter = nats(cluster.url(stream, 'timeout=3').slice('nats:'.length), {
      env: {},
      warn: () => undefined,
    });
    await exporter.open();
    const spool = await Spool.open(path.join(home, `spool-${stream}`), { maxBytes: 200_000_000 });
    const queue = spoolQueue(
      { retryMinMs: 50, retryMaxMs: 500, flushMs: 20 },
      { exporter, spool, clock, warn: () => undefined },
    );
    return cleanup.add(queue, (it) => it.close(500));
  }

  /** Pushes at a rate that a fleet has, 20,000 points a second at most. */
  async function pushAll(queue: PointQueue, points: readonly Point[]): Promise<void> {
    for (let at = 0; at < points.length; at += 400) {
      for (const point of points.slice(at, at + 400)) queue.push(point);
      await sleep(20);
    }
  }

  async function collector(name: string, args: readonly string[]): Promise<Program> {
    const program = runProgram(
      ['collect', '--data-dir', path.join(home, name), '--node', name, '--interval', '200ms', ...args],
      home,
    );
    cleanup.add(program, (it) => it.kill());
    await until('the collector', () => program.log().includes('"collecting"'), { giveUp: program.ended });
    return program;
  }

  it('have every point once when their leader is killed while points come', async () => {
    const queue = await sender('LEADER');
    const points = makePoints(30_000, clock);
    const pushing = pushAll(queue, points);
    await until('a part', () => queue.stats().acked > 8_000);
    const leader = await until('a leader', () => cluster.leader('LEADER'));
    await leader.kill();
    await until('a good part without it', () => queue.stats().acked > 24_000);
    await leader.start();
    await pushing;
    await until('all', () => queue.stats().acked === points.length);
    expect(queue.stats()).toMatchObject({ sent: points.length, dropped: 0, spooled: 0 });
    const messages = await until('the stream', () => cluster.read('LEADER'));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    expect(messages.flatMap(({ lines }) => lines).sort()).toEqual(points.map(lineOf).sort());
  });

  it('and a collector with the embedded store that is killed twice: each point is there once', async () => {
    const store = path.join(home, 'all.duckdb');
    const args = ['--from', cluster.url('COLLECTOR'), '-e', `duckdb:${store}`];
    let program = await collector('center', args);
    const queue = await sender('COLLECTOR');
    const points = makePoints(20_000, clock);
    const pushing = pushAll(queue, points);
    for (const share of [0.3, 0.6]) {
      await until('a part', () => queue.stats().acked > share * points.length);
      await program.kill();
      program = await collector('center', args);
    }
    await pushing;
    await until('all to be taken', () => queue.stats().acked === points.length);
    await until('all to be confirmed', async () => (await cluster.read('COLLECTOR')).length === 0, {
      giveUp: program.ended,
    });
    expect(await program.stop()).toBe(0);
    const stored = cleanup.add(await openStored(store), (it) => it.close());
    const tables = ['tx', 'tx_inputs', 'tx_outputs'].map((table) => `SELECT time FROM ${table}`);
    expect(
      await stored.rows(
        `SELECT count(*) AS n, count(DISTINCT time) AS times FROM (${tables.join(' UNION ALL ')})`,
      ),
    ).toEqual([{ n: points.length, times: points.length }]);
  });

  influxd.describe('and two collectors of one group before InfluxDB', () => {
    let server: Influxd;
    beforeEach(async () => {
      server = cleanup.add(await startInfluxd(), (it) => it.stop());
    });

    function audit(): string {
      const from = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
      const { stdout, stderr } = spawnSync(process.execPath, [BIN, 'audit', '--from', from], {
        encoding: 'utf8',
        env: { HOME: home, BTCDMON_HTTP: 'off' },
      });
      return stdout + stderr;
    }

    it('bring every point through the kills of a server and of a collector', async () => {
      const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
      const args = ['--from', cluster.url('GROUP'), '-e', `influx+udp://127.0.0.1:${server.udpPort}`];
      const [stays, goes] = await Promise.all([collector('c1', args), collector('c2', args)]);
      const nodes = ['one', 'two'].map((node) =>
        cleanup.add(
          runProgram(
            [
              ...['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '100ms', '--node', node],
              ...['--data-dir', path.join(home, node), '-e', cluster.url('GROUP', 'timeout=3')],
            ],
            home,
          ),
          (it) => it.kill(),
        ),
      );
      const running = (): string | undefined =>
        nodes.map((node) => node.ended()).find((reason) => reason !== undefined);
      await until('their handshakes', () => peer.connections.length === 2, { giveUp: running });
      // Beside what the nodes tell, what keeps both collectors busy.
      const queue = await sender('GROUP');
      const points = makePoints(20_000, clock);
      const pushing = pushAll(queue, points);
      await until('a part', () => queue.stats().acked > 5_000);
      const leader = await until('a leader', () => cluster.leader('GROUP'));
      await Promise.all([leader.kill(), goes.kill()]);
      await until('a part without them', () => queue.stats().acked > 12_000, { giveUp: running });
      await leader.start();
      const back = await collector('c2', args);
      await pushing;
      await until('all to be taken', () => queue.stats().acked === points.length);
      expect(await Promise.all(nodes.map((node) => node.stop()))).toEqual([0, 0]);
      for (const node of nodes) expect(node.log()).not.toContain('dropped');
      // What the one that was killed had in hand comes to another after 15 seconds.
      await until('all to be confirmed', async () => (await cluster.read('GROUP')).length === 0, {
        ms: 90_000,
      });
      expect(await Promise.all([stays.stop(), back.stop()])).toEqual([0, 0]);
      const columns = [
        ['tx', 'sha'],
        ['tx_inputs', 'sig_script_len'],
        ['tx_outputs', 'size'],
      ] as const;
      await until('InfluxDB to have them', async () => {
        const counts = await Promise.all(columns.map(([series, column]) => server.count(series, column)));
        return counts.reduce((sum, count) => sum + count, 0) === points.length;
      });
      // Two nodes, one collector that stayed and one that was started twice.
      await until('the audit to pass', () =>
        /\n\d{3,} points of 5 runs: the store holds every one\n$/.test(audit()),
      );
      for (const collected of [stays, back]) expect(collected.log()).not.toMatch(/refused: |dropped/);
    }, 600_000);
  });
});

natsServer.describe('one NATS server', (program) => {
  const cleanup = new Cleanup();
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'btcdmon-one-'));
    cleanup.add(home, (folder) => rmSync(folder, { recursive: true }));
  });
  afterEach(() => cleanup.run());

  it.each([
    ['is not there', async () => `nats://127.0.0.1:${await freePort()}/S`],
    [
      'answers nothing',
      async () => {
        const sink = cleanup.add(await startSink(), (it) => it.stop());
        return `nats://127.0.0.1:${sink.port}/S`;
      },
    ],
    [
      'freezes',
      async () => {
        const server = cleanup.add(await startNats(), (it) => it.stop());
        setTimeout(() => server.servers[0]?.freeze(), 3_000);
        return server.url('S', 'timeout=1');
      },
    ],
  ])('that %s holds neither the store nor the end up', async (_, make) => {
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const store = path.join(home, 'store.duckdb');
    const args = ['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '100ms', '--data-dir', home];
    const node = runProgram([...args, '-e', `duckdb:${store}`, '-e', await make()], home);
    cleanup.add(node, (it) => it.kill());
    await until('a failure', () => node.log().includes('nats: a delivery failed'), { giveUp: node.ended });
    await sleep(500);
    expect(await node.stop()).toBe(0);
    const { stdout } = spawnSync(process.execPath, [BIN, 'audit', '--from', `duckdb:${store}`], {
      encoding: 'utf8',
      env: { HOME: home, BTCDMON_HTTP: 'off' },
    });
    expect(stdout).toMatch(/the store holds every one\n$/);
  });

  it('runs with the sample configuration, and lets in who has the token', async () => {
    const sample = readFileSync(path.join(__dirname, '..', '..', 'config', 'nats-server.conf'), 'utf8');
    const file = path.join(home, 'nats-server.conf');
    writeFileSync(file, sample.replace('/var/lib/nats', path.join(home, 'store')));
    writeFileSync(path.join(home, 'nats-auth.conf'), 'authorization { token: "right" }\n', { mode: 0o600 });
    const port = await freePort();
    const args = ['-c', file, '-p', String(port)];
    const server = cleanup.add(natsProcess(program, args, { name: 'sample', port }), (it) => it.kill());
    await server.start();
    const url = `nats://127.0.0.1:${port}/BTCDMON`;
    const stranger = spawnSync(process.execPath, [BIN, 'collect', '--from', url, '--data-dir', home], {
      encoding: 'utf8',
      env: { HOME: home, BTCDMON_HTTP: 'off' },
    });
    expect(stranger.stderr).toBe(
      `btcdmon-node: --from ${url}: the server refuses the user, password or token\n`,
    );
    expect(stranger.status).toBe(1);
    const exporter = nats(url.slice('nats:'.length), {
      env: { BTCDMON_NATS_TOKEN: 'right' },
      warn: () => undefined,
    });
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    const lines = Buffer.from('tx,node=a n=1i 1\n');
    expect(await exporter.writeLines({ id: 'b', lines, points: 1 })).toMatchObject({ acked: 1 });
  });

  it('lets a node with the rights that the sample names do no more than write', async () => {
    const rights =
      'permissions: { publish: ["BTCDMON.>", "$JS.API.STREAM.INFO.BTCDMON"], subscribe: "_INBOX.>" }';
    const users = `{ user: node, password: right, ${rights} }, { user: collector, password: right }`;
    const server = cleanup.add(await startNats({ config: `authorization { users: [ ${users} ] }` }), (it) =>
      it.stop(),
    );
    const open = (user: string): Promise<void> => {
      const env = { BTCDMON_NATS_PASSWORD: 'right' };
      const url = server.url('BTCDMON', 'timeout=2').replace('nats://', `//${user}@`);
      exporter = cleanup.add(nats(url, { env, warn: () => undefined }), (it) => it.close());
      return exporter.open();
    };
    let exporter: ReturnType<typeof nats> | undefined;
    await open('collector');
    await open('node');
    const lines = Buffer.from('tx,node=a n=1i 1\n');
    expect(await exporter?.writeLines({ id: 'b', lines, points: 1 })).toMatchObject({ acked: 1 });
  });

  it('whose stream has another group says so in one line', async () => {
    const server = cleanup.add(await startNats(), (it) => it.stop());
    const url = server.url('S');
    const args = ['--from', url, '--data-dir', home, '-e', `duckdb:${path.join(home, 'a.duckdb')}`];
    const first = runProgram(['collect', ...args], home);
    cleanup.add(first, (it) => it.kill());
    await until('the first', () => first.log().includes('"collecting"'), { giveUp: first.ended });
    const second = spawnSync(
      process.execPath,
      [BIN, 'collect', '--from', url, '--group', 'other', '--data-dir', path.join(home, 'b')],
      { encoding: 'utf8', env: { HOME: home, BTCDMON_HTTP: 'off' } },
    );
    expect(second.stderr).toMatch(/^btcdmon-node: --from [^\n]*: S has a group already[^\n]*\n$/);
    expect(second.status).toBe(1);
  });
});
