import { RetentionPolicy } from '@nats-io/jetstream';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { FailureError, UsageError } from '../../src/lib/errors';
import { type NatsExporter, nats } from '../../src/export/nats/exporter';
import { MessageMaker } from '../../src/export/nats/messages';
import { readNatsUrl } from '../../src/export/nats/settings';
import { covers } from '../../src/export/nats/stream';
import { spoolQueue } from '../../src/export/make-queue';
import { Spool } from '../../src/export/spool/spool';
import { makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { lineOf, makePoints } from '../support/make-points';
import { type Nats, natsServer, startNats, withManager } from '../support/nats';
import { until } from '../support/until';

const clock = new SystemClock();
const cleanup = new Cleanup();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-nats-test-'));
  cleanup.add(folder, (it) => rmSync(it, { recursive: true }));
});
afterEach(() => cleanup.run());

function exporterOf(
  url: string,
  env: NodeJS.ProcessEnv = {},
  warn: (line: string) => void = () => undefined,
) {
  const exporter = nats(url.slice('nats:'.length), { env, warn });
  return cleanup.add(exporter, (it) => it.close());
}

async function queueOf(exporter: NatsExporter, warn: (line: string) => void = () => undefined) {
  await exporter.open();
  const spool = await Spool.open(path.join(folder, 'spool'), { maxBytes: 200_000_000 });
  const queue = spoolQueue(
    { retryMinMs: 20, retryMaxMs: 200, flushMs: 20 },
    { exporter, spool, clock, warn },
  );
  return cleanup.add(queue, (it) => it.close(500));
}

describe('the URL of a stream', () => {
  it.each([
    ['nats://localhost', 'names no stream'],
    ['nats://localhost/', 'names no stream'],
    ['nats:///S', 'names no stream'],
    ['nats://localhost/a.b', 'the name of a stream has 1 to 64 letters'],
    ['nats://localhost/a/b', 'the name of a stream has 1 to 64 letters'],
    ['nats://localhost:0/S', 'names no port'],
    ['nats://u:secret@localhost/S', 'a password in a URL is seen by other users'],
    ['nats://localhost/S?servers=a,,b', 'give host:port, with commas or semicolons between'],
    ['nats://localhost/S?subject=a.*', 'has no wildcards'],
    ['nats://localhost/S?tls=maybe', 'tls=maybe: give on or off'],
    ['nats://localhost/S?ca-file=x', 'ca-file= is for tls=on'],
    ['nats://localhost/S?replicas=9', 'replicas=9: give a whole number from 1 to 5'],
    ['nats://localhost/S?sevrers=a', 'did you mean servers?'],
    ['nats://u@localhost/S?token-file=x', 'give one of a user, token-file= and creds-file='],
  ])('%s is refused in one line', (url, line) => {
    const read = (): unknown => readNatsUrl(url.slice(5), '--from');
    expect(read).toThrow(UsageError);
    expect(read).toThrow(line);
    expect(read).toThrow(/^--from nats:[^\n]*$/);
    expect(read).not.toThrow(/secret/);
  });

  it('names servers, of which three keep the stream', () => {
    expect(readNatsUrl('//a@one/S?servers=two;[::1]:4223', '--export')).toMatchObject({
      servers: ['one:4222', 'two:4222', '[::1]:4223'],
      user: 'a',
      stream: 'S',
      subject: 'S',
      replicas: 3,
    });
    expect(readNatsUrl('//one/S?servers=two', '--export').replicas).toBe(1);
  });
});

describe('messages of a batch', () => {
  const maker = new MessageMaker('S');

  it('have a subject for each node and series, without special characters', () => {
    const lines = Buffer.from(
      'tx,node=a.b*>\\ c,x=1 n=1i 1\n' +
        'tx,a=1\\,node\\=z,node=n n="é\\" x" 2\n' +
        `ping,node=${'x'.repeat(100)} n=1i 3\n` +
        'tx n=1i 4\ntx,node=n n=5i 5\n',
    );
    const { messages, tooLong } = maker.messages({ id: 'spool-1-0', lines, points: 5 }, 1_000_000);
    expect(tooLong).toBe(0);
    expect(messages.map(({ subject, points, id }) => [subject, points, id])).toEqual([
      ['S.a_b____c.tx', 1, 'spool-1-0:a_b____c.tx:0+1'],
      ['S.n.tx', 2, 'spool-1-0:n.tx:0+2'],
      [`S.${'x'.repeat(64)}.ping`, 1, `spool-1-0:${'x'.repeat(64)}.ping:0+1`],
      ['S._.tx', 1, 'spool-1-0:_.tx:0+1'],
    ]);
    expect(
      messages
        .map((message) => message.lines.toString())
        .join('')
        .split('\n')
        .sort(),
    ).toEqual(lines.toString().split('\n').sort());
  });

  it('are cut at the server’s limit, and the parts have different ids', () => {
    const points = makePoints(1_000, clock);
    const lines = Buffer.from(points.map((point) => `${lineOf(point)}\n`).join(''));
    const { messages } = maker.messages({ id: 'b', lines, points: 1_000 }, 5_000);
    expect(messages.every((message) => message.lines.length <= 5_000 - 1_024)).toBe(true);
    expect(messages.reduce((sum, message) => sum + message.points, 0)).toBe(1_000);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    const other = maker.messages({ id: 'b', lines, points: 1_000 }, 4_000).messages;
    const ids = new Map(messages.map(({ id, lines: bytes }) => [id, bytes.toString()]));
    for (const { id, lines: bytes } of other) expect(ids.get(id) ?? bytes.toString()).toBe(bytes.toString());
  });

  it('leave out a line that no message can hold', () => {
    const lines = Buffer.from(`tx,node=n sha="${'x'.repeat(2_000)}" 1\ntx,node=n n=1i 2\n`);
    const { messages, tooLong } = maker.messages({ id: 'b', lines, points: 2 }, 2_048);
    expect(tooLong).toBe(1);
    expect(messages).toHaveLength(1);
  });
});

it('knows which subjects a pattern takes', () => {
  const takes = (pattern: string): boolean => covers(pattern.split('.'), ['S', '*', '*']);
  expect(['S.>', 'S.*.*', '>', '*.*.*', 'S.*.>'].every(takes)).toBe(true);
  expect(['S', 'S.*', 'S.a.*', 'S.*.tx', 'T.>', 'S.*.*.*', 'S.*.*.>'].some(takes)).toBe(false);
});

natsServer.describe('a NATS server', () => {
  let server: Nats;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server.stop());
  const address = (): string => `127.0.0.1:${server.servers[0]?.port ?? 0}`;

  it('has every point once, whatever is sent again', async () => {
    const exporter = exporterOf(server.url('ONCE'));
    await exporter.open();
    const points = makePoints(12_000, clock).map(lineOf);
    for (let turn = 0; turn < 3; turn++) {
      const lines = Buffer.from(`${points.join('\n')}\n`);
      // The third time is as after a restart.
      const from = turn === 2 ? exporterOf(server.url('ONCE')) : exporter;
      expect(await from.writeLines({ id: 'spool-1-0', lines, points: 12_000 })).toMatchObject({
        sent: 12_000,
        acked: 12_000,
      });
    }
    const messages = await server.read('ONCE');
    expect(messages.length).toBeGreaterThan(3);
    expect(messages.flatMap(({ lines }) => lines).sort()).toEqual(points.sort());
    expect(new Set(messages.map(({ subject }) => subject))).toEqual(
      new Set(['tx', 'tx_inputs', 'tx_outputs'].map((series) => `ONCE.test-node.${series}`)),
    );
  });

  it('refuses messages when it is full, and takes them once there is room', async () => {
    const warnings: string[] = [];
    const queue = await queueOf(exporterOf(server.url('FULL', 'stream-size=1')), (line) =>
      warnings.push(line),
    );
    const points = makePoints(20_000, clock);
    for (const point of points) queue.push(point);
    await until('a refusal', () => queue.stats().retried > 2);
    expect(warnings.join('\n')).toMatch(/a delivery failed and is tried again.*maximum bytes exceeded/);
    await withManager([address()], async ({ manager }) => {
      await manager.streams.update('FULL', { max_bytes: 100_000_000 });
    });
    await until('all', () => queue.stats().acked === 20_000);
    const stored = (await server.read('FULL')).flatMap(({ lines }) => lines);
    expect(stored.sort()).toEqual(points.map(lineOf).sort());
  });

  it('with a lower limit of messages than before is asked again, and delivery goes on', async () => {
    const queue = await queueOf(exporterOf(server.url('SHORTER')));
    for (const point of makePoints(500, clock)) queue.push(point);
    await until('the first', () => queue.stats().acked === 500);
    await withManager([address()], async ({ manager }) => {
      await manager.streams.update('SHORTER', { max_msg_size: 2_000 });
    });
    for (const point of makePoints(500, clock)) queue.push(point);
    await until('all', () => queue.stats().acked === 1_000);
  });

  it('is found again after it was away, and a stream that was deleted is made again', async () => {
    const queue = await queueOf(exporterOf(server.url('AGAIN', 'timeout=2')));
    const [before, after] = [makePoints(500, clock), makePoints(500, clock)];
    for (const point of before) queue.push(point);
    await until('the first', () => queue.stats().acked === 500);
    await server.servers[0]?.kill();
    for (const point of after) queue.push(point);
    await until('failures', () => queue.stats().retried > 1);
    await server.servers[0]?.start();
    await until('all', () => queue.stats().acked === 1_000);
    const lines = (await server.read('AGAIN')).flatMap((message) => message.lines);
    expect(lines.sort()).toEqual([...before, ...after].map(lineOf).sort());
    await withManager([address()], ({ manager }) => manager.streams.delete('AGAIN'));
    for (const point of makePoints(10, clock)) queue.push(point);
    await until('the new stream', () => queue.stats().acked === 1_010);
  });

  it('that has a stream of another shape is refused in one line, and the stream is left as it is', async () => {
    await withManager([address()], async ({ manager }) => {
      await manager.streams.add({
        name: 'ORDERS',
        subjects: ['orders.*'],
        retention: RetentionPolicy.Limits,
      });
      await manager.streams.add({ name: 'MUTE', subjects: ['MUTE.>'], no_ack: true });
    });
    const url = server.url('ORDERS');
    await expect(exporterOf(url).open()).rejects.toThrow(
      new FailureError(
        `--export ${url}: the stream ORDERS does not take the subject ORDERS.*.*, but orders.*; give subject=, or another stream`,
      ),
    );
    await expect(exporterOf(server.url('MUTE')).open()).rejects.toThrow('confirms nothing (no_ack)');
    await expect(exporterOf(server.url('HUGE', 'stream-size=1000000')).open()).rejects.toThrow(
      /can't be made: .*; give stream-size=/,
    );
    await expect(exporterOf(server.url('WIDE', 'replicas=3')).open()).rejects.toThrow('the server is alone');
  });
});

natsServer.describe('a NATS server that wants to know who comes', () => {
  const config = 'authorization { users: [ { user: node, password: right } ] }';

  it('takes the right password, from the environment or a file, and no other', async () => {
    const server = cleanup.add(await startNats({ config }), (it) => it.stop());
    const url = server.url('S').replace('//', '//node@');
    await expect(exporterOf(url).open()).rejects.toThrow('node has no password; set BTCDMON_NATS_PASSWORD');
    const refused = exporterOf(url, { BTCDMON_NATS_PASSWORD: 'guess' }).open();
    await expect(refused).rejects.toThrow(FailureError);
    await expect(refused).rejects.toThrow(
      /^--export nats:\/\/\S+: the server refuses the user, password or token$/,
    );
    await expect(exporterOf(server.url('S')).open()).rejects.toThrow('the server refuses the user');
    await exporterOf(url, { BTCDMON_NATS_PASSWORD: 'right' }).open();
    const file = path.join(folder, 'password');
    writeFileSync(file, 'right\n', { mode: 0o600 });
    const lines = Buffer.from('tx,node=a n=1i 1\n');
    const exporter = exporterOf(`${url}?password-file=${file}`);
    await exporter.open();
    expect(await exporter.writeLines({ id: 'b', lines, points: 1 })).toMatchObject({ acked: 1 });
  });

  it('takes a token', async () => {
    const server = cleanup.add(await startNats({ config: 'authorization { token: right }' }), (it) =>
      it.stop(),
    );
    await exporterOf(server.url('S'), { BTCDMON_NATS_TOKEN: 'right' }).open();
    await expect(exporterOf(server.url('S'), { BTCDMON_NATS_TOKEN: 'no' }).open()).rejects.toThrow('refuses');
  });

  it('gets no credentials from a file that has none', async () => {
    const server = cleanup.add(await startNats({ config }), (it) => it.stop());
    const file = path.join(folder, 'creds');
    writeFileSync(file, 'noise\n', { mode: 0o600 });
    const exporter = exporterOf(server.url('S', `creds-file=${file}`));
    await expect(exporter.open()).rejects.toThrow(/^--export nats:[^\n]*: creds-file=[^\n]*$/);
  });

  openssl.describe('over TLS', () => {
    it('is trusted only with its certificate', async () => {
      const certificate = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
      const { certificateFile: cert, keyFile: key } = certificate;
      const server = cleanup.add(
        await startNats({ config: `tls { cert_file: "${cert}", key_file: "${key}" }` }),
        (it) => it.stop(),
      );
      const exporter = exporterOf(server.url('S', `tls=on&ca-file=${cert}`));
      await exporter.open();
      const lines = Buffer.from('tx,node=a n=1i 1\n');
      expect(await exporter.writeLines({ id: 'b', lines, points: 1 })).toMatchObject({ acked: 1 });
      const named = cleanup.add(makeCertificate('DNS:localhost'), (it) => it.remove());
      const byName = cleanup.add(
        await startNats({
          config: `tls { cert_file: "${named.certificateFile}", key_file: "${named.keyFile}" }`,
        }),
        (it) => it.stop(),
      );
      const options = `tls=on&ca-file=${named.certificateFile}`;
      const writer = exporterOf(byName.url('S', options).replace('127.0.0.1', 'localhost'));
      await writer.open();
      expect(await writer.writeLines({ id: 'b', lines, points: 1 })).toMatchObject({ acked: 1 });
      await expect(exporterOf(byName.url('S', options)).open()).rejects.toThrow('ALTNAME_INVALID');
      const other = cleanup.add(makeCertificate('IP:127.0.0.2'), (it) => it.remove());
      const { certificateFile, keyFile } = other;
      const stranger = cleanup.add(
        await startNats({ config: `tls { cert_file: "${certificateFile}", key_file: "${keyFile}" }` }),
        (it) => it.stop(),
      );
      await expect(exporterOf(stranger.url('S', `tls=on&ca-file=${certificateFile}`)).open()).rejects.toThrow(
        "its certificate can't be trusted: ERR_TLS_CERT_ALTNAME_INVALID",
      );
      const plain = cleanup.add(await startNats(), (it) => it.stop());
      await expect(exporterOf(plain.url('S', 'tls=on')).open()).rejects.toThrow('does not speak TLS');
      await expect(exporterOf(server.url('S', 'tls=on')).open()).rejects.toThrow(
        /^--export nats:[^\n]*: its certificate can't be trusted: DEPTH_ZERO_SELF_SIGNED_CERT$/,
      );
    });
  });

  it('that is away is waited for, and the exporter still closes', async () => {
    const warnings: string[] = [];
    const url = `nats://127.0.0.1:${await freePort()}/S`;
    const queue = await queueOf(exporterOf(url), (line) => warnings.push(line));
    for (const point of makePoints(10, clock)) queue.push(point);
    await until('failures', () => queue.stats().retried > 2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^nats: a delivery failed and is tried again, 10 points wait on disk: .*ECONNREFUSED/,
    );
    expect(await queue.close(500)).toMatchObject({ sent: 0, dropped: 0, spooled: 10 });
  });
});
