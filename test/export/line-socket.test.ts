import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import type { LineBatch } from '../../src/export/line-exporter';
import { LineSocketExporter, type LineSocketOptions } from '../../src/export/line-socket';
import { createExporter } from '../../src/export/registry';
import { spoolQueue } from '../../src/export/make-queue';
import { Spool } from '../../src/export/spool/spool';
import { type Certificate, makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { startSink } from '../support/line-sink';
import { lineOf, makePoints } from '../support/make-points';
import { until } from '../support/until';

const clock = new SystemClock();
const cleanup = new Cleanup();
let folder = '';
beforeEach(() => {
  folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-lines-')), (it) =>
    rmSync(it, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

function exporterTo(
  port: number,
  options: Partial<LineSocketOptions> = {},
  env: NodeJS.ProcessEnv = {},
): LineSocketExporter {
  const host = options.name === 'line+tls' ? 'localhost' : '127.0.0.1';
  const place = { host, port };
  const exporter = new LineSocketExporter(
    {
      name: 'line+tcp',
      address: place,
      destination: `${host}:${port}`,
      ack: false,
      // As long as a machine may stand still.
      timeoutMs: 60_000,
      ...options,
    },
    { env },
  );
  return cleanup.add(exporter, (it) => it.close());
}

function batchOf(points: number): LineBatch {
  const lines = makePoints(points, clock).map((point) => `${lineOf(point)}\n`);
  return { id: 'a-1-0', lines: Buffer.from(lines.join('')), points };
}

/** The lines of several batches. */
const linesOf = (...batches: LineBatch[]): string[] =>
  batches.flatMap(({ lines }) => String(lines).trimEnd().split('\n'));

describe('line protocol over TCP', () => {
  it('sends batches over one connection, and counts nothing as confirmed', async () => {
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    const exporter = exporterTo(sink.port);
    await exporter.open();
    const batches = [batchOf(1_000), batchOf(10)] as const;
    for (const batch of batches)
      expect(await exporter.writeLines(batch)).toMatchObject({ sent: batch.points, acked: 0 });
    await until('all lines', () => sink.lines().length === 1_010);
    expect(sink.lines()).toEqual(linesOf(...batches));
    expect(sink.connections).toHaveLength(1);
  });

  it('starts without a receiver, and connects to one that starts later or returns', async () => {
    const port = await freePort();
    const exporter = exporterTo(port);
    await exporter.open();
    const [one, two] = [batchOf(5), batchOf(5)];
    await expect(exporter.writeLines(one)).rejects.toThrow('ECONNREFUSED');

    const second = await startSink({ port });
    await exporter.writeLines(one);
    await until('the lines', () => second.lines().length === 5);
    await second.stop();
    // The exporter knows the end of the connection, so it hands nothing to a receiver that is gone.
    await until('the end to be known', () =>
      exporter.writeLines(two).then(
        () => false,
        () => true,
      ),
    );

    const third = cleanup.add(await startSink({ port }), (it) => it.stop());
    await exporter.writeLines(two);
    await until('the lines', () => third.lines().length === 5);
  });

  it('says why where no address of a name answers', async () => {
    const port = await freePort();
    const exporter = exporterTo(port, { address: { host: 'localhost', port } });
    await exporter.open();
    await expect(exporter.writeLines(batchOf(1))).rejects.toThrow('ECONNREFUSED');
  });

  it('waits for a slow receiver, and closes the connection to one that reads nothing', async () => {
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    sink.stall(true);
    const exporter = exporterTo(sink.port, { timeoutMs: 1_000 });
    await exporter.open();
    // More than the buffers of both sides hold.
    const large: LineBatch = { id: 'a-1-0', lines: Buffer.alloc(32_000_000, 'x,y=z a=1i 1\n'), points: 1 };
    await expect(exporter.writeLines(large)).rejects.toThrow('no progress for 1 s');
    sink.stall(false);
    // Where this machine stands still for a second, the next connection is given up likewise.
    expect(await until('a write', () => exporter.writeLines(batchOf(3)))).toMatchObject({ sent: 3 });
    await until('the lines', () => sink.lines().filter((line) => line.startsWith('tx')).length >= 3);
    expect(sink.connections.length).toBeGreaterThanOrEqual(2);
  });

  it('delivers every point through a receiver that stalls, and one that resets what it has read', async () => {
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    const exporter = exporterTo(sink.port, { timeoutMs: 200 });
    await exporter.open();
    const spool = await Spool.open(path.join(folder, 'spool'), { maxBytes: 100_000_000 });
    const queue = spoolQueue(
      { retryMinMs: 5, retryMaxMs: 50, flushMs: 10 },
      { exporter, spool, clock, warn: () => undefined },
    );
    const points = makePoints(100_000, clock);
    for (let pushed = 0; pushed < points.length;) {
      sink.stall(true);
      for (const point of points.slice(pushed, (pushed += 25_000))) queue.push(point);
      // Longer than the sender waits for progress: it opens another connection.
      await new Promise((resolve) => setTimeout(resolve, 300));
      sink.stall(false);
      await until('what there is to be sent', () => queue.stats().sent === pushed);
      // TCP loses the bytes in the buffers of a receiver that resets, unnoticed: they are read first.
      await until('it to be read', () => new Set(sink.lines()).size === pushed);
      sink.reset();
    }
    expect(queue.stats()).toMatchObject({ sent: 100_000, acked: 0, dropped: 0, spooled: 0 });
    await queue.close(1_000);
    expect(new Set(sink.lines())).toEqual(new Set(points.map(lineOf)));
  });

  it('sends no token to a receiver that does not ask for one', async () => {
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    const exporter = exporterTo(sink.port, {}, { BTCDMON_COLLECT_TOKEN: 'hidden' });
    await exporter.open();
    await exporter.writeLines(batchOf(1));
    await until('the line', () => sink.lines().length === 1);
    expect(sink.lines().join()).not.toContain('hidden');
  });

  it('says that another receiver does not confirm', async () => {
    const server = cleanup.add(
      createServer((socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n'))),
      (it) => it.close(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const exporter = exporterTo((server.address() as AddressInfo).port, { ack: true });
    await exporter.open();
    await expect(exporter.writeLines(batchOf(1))).rejects.toThrow(
      'it did not answer as btcdmon-node collect does; with other receivers leave ack=on out',
    );
  });
});

openssl.describe('line protocol over TLS', () => {
  const certificateOf = (name: string): Certificate =>
    cleanup.add(makeCertificate(name), (it) => it.remove());

  it('sends to a receiver whose certificate the named authority signed', async () => {
    const certificate = certificateOf('DNS:localhost');
    const sink = cleanup.add(await startSink({ tls: certificate }), (it) => it.stop());
    const exporter = exporterTo(sink.port, { name: 'line+tls', caFile: certificate.certificateFile });
    await exporter.open();
    const batch = batchOf(5_000);
    await exporter.writeLines(batch);
    await until('all lines', () => sink.lines().length === 5_000);
    expect(sink.lines()).toEqual(linesOf(batch));
  });

  it.each([
    ['another authority', 'DNS:localhost', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['the system’s authorities', null, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('trusts nobody by %s', async (_, authority, code) => {
    const sink = cleanup.add(await startSink({ tls: certificateOf('DNS:localhost') }), (it) => it.stop());
    const ca = authority === null ? {} : { caFile: certificateOf(authority).certificateFile };
    const exporter = exporterTo(sink.port, { name: 'line+tls', ...ca });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    cleanup.add('', () => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    await expect(exporter.open()).rejects.toThrow(
      `export line+tls localhost:${sink.port}: its certificate can't be trusted: ${code}`,
    );
    await expect(exporter.writeLines(batchOf(1))).rejects.toThrow("can't be trusted");
    expect(sink.lines()).toEqual([]);
  });

  it('does not take the certificate of another name', async () => {
    const certificate = certificateOf('DNS:elsewhere');
    const sink = cleanup.add(await startSink({ tls: certificate }), (it) => it.stop());
    const exporter = exporterTo(sink.port, { name: 'line+tls', caFile: certificate.certificateFile });
    await expect(exporter.open()).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('gives up a receiver that speaks no TLS', async () => {
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    const exporter = exporterTo(sink.port, { name: 'line+tls', timeoutMs: 300 });
    await exporter.open();
    await expect(exporter.writeLines(batchOf(1))).rejects.toThrow('no progress');
  });
});

describe('line protocol over a Unix socket', () => {
  it('sends', async () => {
    const socket = path.join(folder, 'lines.sock');
    const sink = cleanup.add(await startSink({ path: socket }), (it) => it.stop());
    const exporter = exporterTo(0, { name: 'line+unix', address: { path: socket } });
    await exporter.open();
    const batch = batchOf(100);
    await exporter.writeLines(batch);
    await until('all lines', () => sink.lines().length === 100);
    expect(sink.lines()).toEqual(linesOf(batch));
  });
});

describe('what is wrong is said at the start', () => {
  const context = { clock, warn: () => undefined, env: {} };

  it.each([
    ['line+tcp://', "--export line+tcp://: can't be read; use line+tcp://host[:8094][?ack=on]"],
    ['line+tcp://h/path', '--export line+tcp://h/path: takes no path'],
    ['line+tcp://u@h', 'takes no user'],
    ['line+tcp://h?ack=yes', 'ack=yes: give on, for btcdmon-node collect alone, or off'],
    ['line+tcp://h?timeout=0', 'timeout=0: give a whole number from 1 to 600'],
    ['line+tcp://h?ack=on&timeout=5', 'timeout=5: give a whole number from 15 to 600'],
    ['line+tcp://h?token-file=x', 'a token is for btcdmon-node collect, which takes it with ack=on'],
    ['line+tcp://h?ca-file=x', 'no such option: ca-file'],
    ['line+tls://h?verify=no', 'no such option: verify'],
    ['line+unix:', '--export line+unix:: names no socket; use line+unix:PATH[?ack=on]'],
    ['line+unix://h/x', 'names no socket'],
    [`line+unix:/${'x'.repeat(120)}`, 'the path of a socket has 103 bytes at most'],
    ['line+unix:/x?akc=on', 'no such option: akc; did you mean ack?'],
  ])('%s', (url, message) => {
    expect(() => createExporter(url, context)).toThrow(message);
  });

  it.each([
    ['line+tcp://[2001:db8::1]:9009', 'line+tcp', '[2001:db8::1]:9009'],
    ['line+tls://collect.example.org?ack=on', 'line+tls', 'collect.example.org:8094'],
    ['line+unix:/run/lines.sock?ack=on&timeout=15', 'line+unix', '/run/lines.sock'],
  ])('but %s is right', (url, name, destination) => {
    expect(createExporter(url, context)).toMatchObject({ name, destination });
  });

  it.each([
    ['tokenFile', undefined, 'ENOENT'],
    ['tokenFile', '', 'is empty'],
    ['tokenFile', 'two words\n', 'a token has 1 to 256 printable ASCII characters and no space'],
    ['caFile', undefined, 'ENOENT'],
    ['caFile', 'hello', 'holds no certificate; give PEM'],
  ])('%s with %j', async (option, content, message) => {
    const file = path.join(folder, 'file');
    if (content !== undefined) writeFileSync(file, content, { mode: 0o600 });
    const exporter = exporterTo(1, { ack: true, [option]: file });
    await expect(exporter.open()).rejects.toThrow(message);
    await expect(exporter.open()).rejects.toMatchObject({ exitCode: 1 });
  });

  it('a token that all users can read', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, 'hidden');
    chmodSync(file, 0o644);
    await expect(exporterTo(1, { ack: true, tokenFile: file }).open()).rejects.toThrow(
      `token-file=${file}: is open to all users of this machine (mode 644)`,
    );
  });
});
