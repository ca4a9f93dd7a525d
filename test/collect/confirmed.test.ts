import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { Batches } from '../../src/collect/batches';
import { Intake } from '../../src/collect/intake';
import { Listener, type ListenerOptions } from '../../src/collect/listener';
import { LineSocketExporter, type LineSocketOptions } from '../../src/export/line-socket';
import { spoolQueue } from '../../src/export/make-queue';
import type { PointQueue } from '../../src/export/point-queue';
import { Spool } from '../../src/export/spool/spool';
import type { Point } from '../../src/metrics/point';
import { makeCertificate } from '../support/certificate';
import { chaosProxy } from '../support/chaos-proxy';
import { Cleanup } from '../support/cleanup';
import { HeldQueue } from '../support/held-queue';
import { makePoints } from '../support/make-points';
import { until } from '../support/until';

const clock = new SystemClock();
const cleanup = new Cleanup();
let folder = '';
beforeEach(() => {
  folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-ack-')), (it) =>
    rmSync(it, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

async function collector(options: Partial<ListenerOptions> = {}) {
  const queue = new HeldQueue();
  const warn = (): void => undefined;
  const intake = new Intake({ queues: [queue], clock, warn });
  const place = { host: '127.0.0.1', port: 0 };
  const listener = await Listener.open(
    { address: place, tls: null, token: null, maxConnections: 100, signOfLifeMs: 50, ...options },
    { intake, batches: new Batches(), clock, warn },
  );
  cleanup.add(listener, (it) => it.close());
  return { queue, intake, listener };
}

function exporterTo(port: number, options: Partial<LineSocketOptions> = {}): LineSocketExporter {
  const place = { host: '127.0.0.1', port };
  return new LineSocketExporter(
    {
      name: 'line+tcp',
      address: place,
      destination: `127.0.0.1:${port}`,
      ack: true,
      // As long as a machine may stand still.
      timeoutMs: 60_000,
      ...options,
    },
    { env: {} },
  );
}

async function sender(exporter: LineSocketExporter, name = 'spool'): Promise<PointQueue> {
  await exporter.open();
  const spool = await Spool.open(path.join(folder, name), { maxBytes: 100_000_000 });
  const queue = spoolQueue(
    { retryMinMs: 2, retryMaxMs: 20, flushMs: 5, batchPoints: 500 },
    { exporter, spool, clock, warn: () => undefined },
  );
  return cleanup.add(queue, (it) => it.close(200));
}

function expectOnce(found: readonly Point[], pushed: readonly Point[]): void {
  const keys = found.map(({ series, time }) => `${series} ${time}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(keys)).toEqual(new Set(pushed.map(({ series, time }) => `${series} ${time}`)));
}

describe('a sender and a collector that confirms', () => {
  it('count what is safe, and what was refused', async () => {
    const { queue, listener } = await collector();
    const exporter = exporterTo(listener.port);
    await exporter.open();
    cleanup.add(exporter, (it) => it.close());
    const lines = Buffer.from('tx,node=a tx_size=1i 1\ntx,node=a new_column=1i 2\ntx,node=a tx_size=1i 3\n');
    expect(await exporter.writeLines({ id: 'n-1-0', lines, points: 3 })).toEqual({
      sent: 2,
      acked: 2,
      rejection: 'the collector says why in its log',
    });
    expect(queue.points.map(({ time }) => time)).toEqual([1n, 3n]);
  });

  it('tell two machines apart that were copied with their spools', async () => {
    const { queue, listener } = await collector();
    for (const node of ['a', 'b']) {
      const exporter = cleanup.add(exporterTo(listener.port), (it) => it.close());
      await exporter.open();
      const lines = Buffer.from(`tx,node=${node} tx_size=1i 1\n`);
      expect(await exporter.writeLines({ id: 'n-1-0', lines, points: 1 })).toMatchObject({ acked: 1 });
    }
    expect(queue.points.map(({ tags }) => tags['node'])).toEqual(['a', 'b']);
  });

  it('deliver every point once over a connection that breaks or falls silent at any byte', async () => {
    const { queue, listener } = await collector();
    let turn = 0;
    const proxy = await chaosProxy(listener.port, () => {
      turn += 1;
      // Some break in the greeting, some in the lines, some in the reply.
      return { bytes: (turn * 7_919) % 150_000, how: turn % 5 === 0 ? 'silence' : 'reset' };
    });
    cleanup.add(proxy, (it) => it.stop());
    const exporter = exporterTo(proxy.port, { timeoutMs: 500 });
    const spooled = await sender(exporter);
    const points = makePoints(20_000, clock);
    for (const point of points) spooled.push(point);
    await until('forty connections', () => proxy.connections() >= 40);
    proxy.heal();
    await until('all', () => spooled.stats().acked === points.length);
    expect(spooled.stats()).toMatchObject({ sent: points.length, dropped: 0, spooled: 0 });
    expectOnce(queue.points, points);
  });

  it('wait while the database is away, without closing the connection or sending again', async () => {
    const { queue, listener } = await collector();
    queue.isQuick = false;
    const spooled = await sender(exporterTo(listener.port, { timeoutMs: 5_000 }));
    const points = makePoints(100, clock);
    for (const point of points) spooled.push(point);
    await until('the question', () => queue.asking === 1);
    // Longer than the sender waits for a sign of life, of which there are some. Where this machine stands
    // still for so long, none comes in time: the sender gives up then, and asks again.
    let retried = -1;
    await until('a wait without a retry', async () => {
      ({ retried } = spooled.stats());
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      return spooled.stats().retried === retried;
    });
    expect(spooled.stats()).toMatchObject({ acked: 0 });
    queue.isQuick = true;
    queue.settle(true);
    await until('all', () => spooled.stats().acked === 100);
    expectOnce(queue.points, points);
  });

  it('speak TLS with a token', async () => {
    const certificate = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
    const { queue, listener } = await collector({ tls: certificate, token: 'right' });
    const tokenFile = path.join(folder, 'token');
    const options = { name: 'line+tls', caFile: certificate.certificateFile, tokenFile } as const;
    writeFileSync(tokenFile, 'wrong\n', { mode: 0o600 });
    await expect(exporterTo(listener.port, options).open()).rejects.toMatchObject({
      exitCode: 1,
      message: `export line+tls 127.0.0.1:${listener.port}: the collector refuses the token`,
    });
    writeFileSync(tokenFile, 'right\n', { mode: 0o600 });
    const spooled = await sender(exporterTo(listener.port, options));
    const points = makePoints(5_000, clock);
    for (const point of points) spooled.push(point);
    await until('all', () => spooled.stats().acked === points.length);
    expectOnce(queue.points, points);
  });

  it('speak TLS while strangers hold more connections open than there may be, without a handshake', async () => {
    const certificate = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
    const { queue, listener } = await collector({ tls: certificate, maxConnections: 40 });
    for (let i = 0; i < 60; i++) {
      const stranger = cleanup.add(connect({ port: listener.port, host: '127.0.0.1' }), (it) => {
        it.destroy();
      });
      stranger.on('error', () => undefined);
      await once(stranger, 'connect');
    }
    const options = { name: 'line+tls', caFile: certificate.certificateFile, timeoutMs: 5_000 } as const;
    const spooled = await sender(exporterTo(listener.port, options));
    const points = makePoints(100, clock);
    for (const point of points) spooled.push(point);
    await until('all', () => spooled.stats().acked === points.length);
    expectOnce(queue.points, points);
  });
});
