import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { FailureError } from '../../src/lib/errors';
import { isLineExporter, openExports } from '../../src/export/open-exports';
import type { PointQueue } from '../../src/export/point-queue';
import { createExporter } from '../../src/export/registry';
import type { Point } from '../../src/metrics/point';
import { allRows } from '../../src/query/result';
import { openSource } from '../../src/query/open-source';
import { makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { type Influxd, type InfluxdOptions, influxd, startInfluxd } from '../support/influxd';
import { lineOf, makePoints } from '../support/make-points';
import { describeWithTmpfs, mountTmpfs } from '../support/tmpfs';
import { until } from '../support/until';

const clock = new SystemClock();
const cleanup = new Cleanup();
const warnings: string[] = [];
beforeEach(() => warnings.splice(0));
afterEach(() => cleanup.run());

const start = async (options: InfluxdOptions = {}): Promise<Influxd> =>
  cleanup.add(await startInfluxd(options), (it) => it.stop());

const folder = async (): Promise<string> =>
  cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-influx-')), (it) => rm(it, { recursive: true }));

/** The queue in front of an exporter, as the program makes it. */
async function open(url: string, env: NodeJS.ProcessEnv = {}): Promise<PointQueue> {
  const { queues } = await openExports([url], {
    clock,
    warn: (message) => warnings.push(message),
    env,
    spools: { directory: await folder(), maxBytes: 100_000_000 },
    onEnded: () => undefined,
  });
  const [queue] = queues;
  if (queue === undefined) throw new Error('no queue');
  return cleanup.add(queue, (it) => it.close(1_000));
}

const urlOf = ({ httpPort, database }: Influxd, user = ''): string =>
  `influx+http://${user}127.0.0.1:${httpPort}/${database}`;

async function stored(server: Influxd): Promise<number> {
  const counts = await Promise.all([
    server.count('tx', 'sha'),
    server.count('tx_inputs', 'sig_script_len'),
    server.count('tx_outputs', 'size'),
  ]);
  return counts.reduce((a, b) => a + b);
}

function push(queue: PointQueue, points: readonly Point[]): void {
  for (const point of points) queue.push(point);
}

async function failure(url: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const error = await open(url, env).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FailureError);
  expect((error as Error).message).not.toMatch(/\n/);
  return (error as Error).message;
}

influxd.describe('InfluxDB over HTTP', () => {
  it('gets 100,000 points, each once, and confirms them', async () => {
    const server = await start();
    const queue = await open(urlOf(server));
    push(queue, makePoints(100_000, clock));
    await until('all', () => queue.stats().acked === 100_000);
    expect(await queue.close(1_000)).toMatchObject({ sent: 100_000, dropped: 0, retried: 0, spooled: 0 });
    expect(await stored(server)).toBe(100_000);
    expect(warnings).toEqual([]);
  });

  it('refuses points of a wrong type: these are named and counted, the rest goes in', async () => {
    const server = await start();
    // Types are those of a shard: its time must be one of today.
    await server.write(`tx,node=test-node,network=regtest vsize=1.5 ${clock.uniqueNs()}`);
    const queue = await open(urlOf(server));
    push(queue, makePoints(1_000, clock));
    await until('the end', () => queue.stats().sent + queue.stats().dropped === 1_000);
    expect(await queue.close(1_000)).toMatchObject({
      sent: 800,
      acked: 800,
      dropped: 200,
      retried: 0,
      spooled: 0,
    });
    expect(await stored(server)).toBe(800);
    expect(warnings.join('\n')).toMatch(
      /^influx\+http: points dropped: 200 that can never be written \(one of them: partial write: field type conflict: input field "vsize" on measurement "tx" is type integer, already exists as type float dropped=\d+\); 200 since the start$/,
    );
  });

  it('refuses a line that it can’t read, which is named, and stores those around it', async () => {
    const server = await start();
    const exporter = createExporter(urlOf(server), { clock, warn: () => undefined, env: {} });
    if (!isLineExporter(exporter)) throw new Error('no exporter of lines');
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    const lines = makePoints(100, clock).map(lineOf);
    lines[30] = 'tx vsize= 1';
    const batch = { id: '', lines: Buffer.from(`${lines.join('\n')}\n`), points: 100 };
    expect(await exporter.writeLines(batch)).toEqual({
      sent: 99,
      acked: 99,
      rejection: 'tx: unable to parse: missing field value',
    });
    expect(await stored(server)).toBe(99);
  });

  it('refuses points that are older than it keeps', async () => {
    const server = await start();
    await server.query('ALTER RETENTION POLICY autogen ON btcdmon DURATION 1h SHARD DURATION 1h');
    const queue = await open(urlOf(server));
    const points = makePoints(100, clock).map((point, i) =>
      i < 30 ? { ...point, time: BigInt(i + 1) } : point,
    );
    push(queue, points);
    await until('the end', () => queue.stats().sent + queue.stats().dropped === 100);
    expect(await queue.close(1_000)).toMatchObject({ acked: 70, dropped: 30 });
    expect(await stored(server)).toBe(70);
    expect(warnings.join()).toContain('points beyond retention policy');
  });

  it('takes a batch in parts where its bound for a request is smaller', async () => {
    const server = await start({ http: 'max-body-size = 50000' });
    const queue = await open(`${urlOf(server)}?gzip=off`);
    push(queue, makePoints(5_000, clock));
    await until('all', () => queue.stats().acked === 5_000);
    expect(await stored(server)).toBe(5_000);
    expect(queue.stats()).toMatchObject({ dropped: 0, retried: 0 });
  });

  it('says at start what is wrong with user, password, database and retention policy', async () => {
    const admin = { user: 'root', password: 'toor' };
    const server = await start({ admin });
    await server.query(`CREATE USER writer WITH PASSWORD 'right'`);
    const right = { BTCDMON_INFLUX_PASSWORD: 'right' };
    expect(await failure(urlOf(server))).toMatch(
      /answers 401 unable to parse authentication credentials; give a user who may write to btcdmon, as in influx\+http:\/\/USER@HOST/,
    );
    expect(await failure(urlOf(server, 'writer@'), { BTCDMON_INFLUX_PASSWORD: 'wrong' })).toMatch(
      /answers 401 authorization failed; check the password of user writer \(.*\) for database btcdmon$/,
    );
    expect(await failure(urlOf(server, 'writer@'), right)).toMatch(
      /answers 403 .*not authorized.*; let an administrator GRANT WRITE ON "btcdmon" TO "writer"$/,
    );
    expect(await failure(urlOf({ ...server, database: 'no such' }, 'writer@'), right)).toMatch(
      /answers 404 database not found: "no such"; the database is no such, which "btcdmon-node setup influx --store influx\+http:\/\/127\.0\.0\.1:\d+\/no%20such" makes$/,
    );
    await server.query('GRANT WRITE ON btcdmon TO writer');
    expect(await failure(`${urlOf(server, 'writer@')}?rp=5y`, right)).toContain(
      'retention policy not found: 5y; make it',
    );
    expect(warnings).toEqual([]);
  });

  it('keeps nobody waiting for ever who comes with the right password in the end', async () => {
    const admin = { user: 'root', password: 'toor' };
    const server = await start({ admin });
    await server.query(`CREATE USER writer WITH PASSWORD 'right'`);
    await server.query('GRANT WRITE ON btcdmon TO writer');
    const queue = await open(urlOf(server, 'writer@'), { BTCDMON_INFLUX_PASSWORD: 'right' });
    await server.query(`SET PASSWORD FOR writer = 'other'`);
    push(queue, makePoints(1_000, clock));
    await until('refusals', () => queue.stats().retried > 2);
    expect(queue.stats()).toMatchObject({ sent: 0, dropped: 0, spooled: 1_000 });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^influx\+http: a delivery failed and is tried again, 1000 points wait on disk: http:\S+ answers 401 authorization failed$/,
      ),
    ]);
    await server.query(`SET PASSWORD FOR writer = 'right'`);
    await until('all', () => queue.stats().acked === 1_000);
    expect(await stored(server)).toBe(1_000);
  });

  it('that has lost its database gets all points once it is there again', async () => {
    const server = await start();
    const queue = await open(urlOf(server));
    await server.query('DROP DATABASE btcdmon');
    push(queue, makePoints(1_000, clock));
    await until('a refusal', () => queue.stats().retried > 0);
    await server.query('CREATE DATABASE btcdmon');
    await until('all', () => queue.stats().acked === 1_000);
    expect(await stored(server)).toBe(1_000);
  });

  it('that is not there yet when the program starts gets all points', async () => {
    const server = await start();
    await server.halt();
    const queue = await open(urlOf(server));
    push(queue, makePoints(1_000, clock));
    await until('a failure', () => queue.stats().retried > 0);
    expect(warnings[0]).toMatch(
      /^export influx\+http: the server at \S+ can't be reached, points wait for it on disk/,
    );
    await server.run();
    await until('all', () => queue.stats().acked === 1_000);
    expect(await stored(server)).toBe(1_000);
  });

  openssl.describe('and TLS', () => {
    it('takes points and answers queries, with an authority of our own', async () => {
      const { certificateFile, keyFile, cert } = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) =>
        it.remove(),
      );
      const server = await start({ tls: { certificate: certificateFile, key: keyFile, ca: cert } });
      const url = urlOf(server).replace('http', 'https');
      const queue = await open(`${url}?ca-file=${certificateFile}`);
      push(queue, makePoints(1_000, clock));
      await until('all', () => queue.stats().acked === 1_000);
      const source = await openSource(`${url}?ca-file=${certificateFile}`);
      expect(await allRows(await source.raw('SELECT count(sha) FROM tx'))).toEqual([['tx', 0n, 200]]);
      const stranger = await openSource(url);
      await expect(stranger.raw('SELECT count(sha) FROM tx').then(allRows)).rejects.toThrow(
        /has a certificate that does not verify: self-signed certificate/,
      );
      expect(await failure(url)).toContain('has a certificate that does not verify');
    });
  });
});

describeWithTmpfs('a full disk', () => {
  influxd.describe('of InfluxDB', () => {
    it('keeps points waiting, and loses none', async () => {
      const disk = cleanup.add(mountTmpfs(3_000_000), (it) => it.remove());
      const server = await start({ wal: disk.folder });
      const queue = await open(urlOf(server));
      let pushed = 0;
      await until('the disk to be full', async () => {
        const points = makePoints(5_000, clock);
        push(queue, points);
        pushed += points.length;
        await until('the points to go somewhere', () => queue.stats().queued === 0);
        return queue.stats().retried > 0;
      });
      expect(warnings.join()).toMatch(
        /a delivery failed and is tried again, \d+ points wait on disk: .* answers 500 .*no space left on device/,
      );
      disk.resize(100_000_000);
      // A log that InfluxDB could not write to it does not write to again before it is started anew.
      await server.halt();
      await server.run();
      await until('all', () => queue.stats().acked === pushed);
      expect(queue.stats()).toMatchObject({ dropped: 0, spooled: 0 });
      expect(await stored(server)).toBe(pushed);
    });
  });

  it('of the spool at start, and a spool of another version, end the program with one line', async () => {
    const disk = cleanup.add(mountTmpfs(65_536), (it) => it.remove());
    const opening = async (): Promise<string> => {
      const error: unknown = await openExports(['influx+http://127.0.0.1:1/btcdmon'], {
        clock,
        warn: () => undefined,
        env: {},
        spools: { directory: disk.folder, maxBytes: 100_000_000 },
        onEnded: () => undefined,
      }).then(
        ({ queues }) => Promise.all(queues.map((queue) => queue.close(1_000))),
        (thrown: unknown) => thrown,
      );
      return error instanceof FailureError ? error.message : 'open';
    };
    expect(await opening()).toBe('open');
    const [name = ''] = await readdir(disk.folder);
    const identity = path.join(disk.folder, name, 'spool.json');
    await writeFile(identity, '{"version":2,"id":"x"}');
    expect(await opening()).toBe(
      `spool ${path.dirname(identity)}: has version 2, this btcdmon-node knows version 1; let the btcdmon-node that wrote it deliver it, or move the folder away`,
    );
    await rm(path.dirname(identity), { recursive: true });
    const ballast = path.join(disk.folder, 'ballast');
    await writeFile(ballast, Buffer.alloc(65_536)).catch(() => undefined);
    expect(await opening()).toMatch(/^spool \S+: can't be used: [^\n]*no space left on device[^\n]*$/);
    await rm(ballast);
    expect(await opening()).toBe('open');
  });

  it('of the spool keeps points in memory, and they go on once there is room', async () => {
    const disk = cleanup.add(mountTmpfs(200_000), (it) => it.remove());
    const { queues } = await openExports(['influx+http://127.0.0.1:1/btcdmon'], {
      clock,
      warn: (message) => warnings.push(message),
      env: {},
      spools: { directory: disk.folder, maxBytes: 100_000_000 },
      onEnded: () => undefined,
    });
    const [queue] = queues;
    if (queue === undefined) throw new Error('no queue');
    cleanup.add(queue, (it) => it.close(1_000));
    push(queue, makePoints(5_000, clock));
    await until('the disk to be full', () =>
      warnings.some((line) => line.includes("the spool can't be written")),
    );
    expect(warnings.join('\n')).toMatch(
      /^influx\+http: the spool can't be written, 5000 points wait in memory: .*no space left on device, write; the disk is full: make room on it$/m,
    );
    expect(queue.stats()).toMatchObject({ queued: 5_000, spooled: 0, dropped: 0 });
    disk.resize(10_000_000);
    await until('the disk to take them', () => queue.stats().spooled === 5_000);
    expect(queue.stats()).toMatchObject({ queued: 0, dropped: 0 });
  });
});
