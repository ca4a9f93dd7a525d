import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { RetryLater } from '../../src/lib/backoff';
import { FailureError, UsageError } from '../../src/lib/errors';
import { influx1Api, influx2Api } from '../../src/export/influx-api';
import { InfluxHttpExporter } from '../../src/export/influx-http';
import type { LineBatch } from '../../src/export/line-exporter';
import { createExporter } from '../../src/export/registry';
import { makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { type HttpServer, type Received, type Reply, startHttpServer } from '../support/http-server';
import { lineOf, makePoints } from '../support/make-points';

const clock = new SystemClock();
const cleanup = new Cleanup();
const warnings: string[] = [];
beforeEach(() => warnings.splice(0));
afterEach(() => cleanup.run());

const warn = (message: string): void => void warnings.push(message);
const done: Reply = { status: 204 };

/** A server that sends the responses of `reply`, and an exporter to it. */
async function setUp(
  reply: (request: Received) => Reply,
  url: (port: number) => string = (port) => `influx+http://127.0.0.1:${port}/db`,
  env: NodeJS.ProcessEnv = {},
  writeMs = 30_000,
): Promise<{ server: HttpServer; exporter: InfluxHttpExporter }> {
  const server = cleanup.add(await startHttpServer(reply), (it) => it.stop());
  const api = url(server.port).startsWith('influx2') ? influx2Api : influx1Api;
  const exporter = new InfluxHttpExporter(api(url(server.port), env), { warn, writeMs });
  cleanup.add(exporter, (it) => it.close());
  return { server, exporter };
}

function batch(lines: readonly string[]): LineBatch {
  return { id: 'x', lines: Buffer.from(lines.map((line) => `${line}\n`).join('')), points: lines.length };
}

const someLines = (count: number): string[] => makePoints(count, clock).map(lineOf);

/** The file's folder, which is removed after the test. */
async function fileWith(text: string, mode = 0o600): Promise<string> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-http-')), (it) =>
    rm(it, { recursive: true }),
  );
  const file = path.join(folder, 'secret');
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

describe('a batch', () => {
  it.each([
    ['influx+http://127.0.0.1:PORT/my%20db?rp=1m', '/write?db=my+db&rp=1m&precision=n'],
    ['influx2+http://127.0.0.1:PORT/?bucket=b%2F1&org=o', '/api/v2/write?bucket=b%2F1&org=o&precision=ns'],
    ['influx2+http://127.0.0.1:PORT/sub/?bucket=b', '/sub/api/v2/write?bucket=b&precision=ns'],
  ])('of %s is one request, compressed, over the connection that is kept', async (url, expected) => {
    const { server, exporter } = await setUp(
      () => done,
      (port) => url.replace('PORT', String(port)),
    );
    await exporter.open();
    const lines = someLines(1_000);
    for (let i = 0; i < 3; i++)
      expect(await exporter.writeLines(batch(lines))).toEqual({
        sent: 1_000,
        acked: 1_000,
        rejection: undefined,
      });
    const [opening, ...writes] = server.received;
    expect(opening).toMatchObject({ url: expected, body: '' });
    expect(writes).toHaveLength(3);
    expect(writes[0]).toMatchObject({ url: expected, body: batch(lines).lines.toString() });
    expect(writes[0]?.headers.authorization).toBeUndefined();
    expect(writes[0]?.bytes).toBeLessThan(batch(lines).lines.length / 4);
    expect(server.connections()).toBe(1);
  });

  it('goes as it is with gzip=off', async () => {
    const { server, exporter } = await setUp(
      () => done,
      (port) => `influx+http://127.0.0.1:${port}/db?gzip=off`,
    );
    await exporter.open();
    const lines = someLines(10);
    await exporter.writeLines(batch(lines));
    expect(server.received[1]?.bytes).toBe(batch(lines).lines.length);
  });

  it('sends the password or the token, from the environment or a file', async () => {
    const sent = async (url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
      const { server, exporter } = await setUp(
        () => done,
        (port) => url.replace('HOST', `127.0.0.1:${port}`),
        env,
      );
      await exporter.open();
      return server.received[0]?.headers.authorization;
    };
    const basic = `Basic ${Buffer.from('me:s:ü').toString('base64')}`;
    expect(await sent('influx+http://me@HOST/db', { BTCDMON_INFLUX_PASSWORD: 's:ü' })).toBe(basic);
    const file = await fileWith('s:ü\nsecond line');
    expect(await sent(`influx+http://me@HOST/db?password-file=${file}`, {})).toBe(basic);
    expect(await sent('influx2+http://HOST/?bucket=b', { BTCDMON_INFLUX_TOKEN: 't==' })).toBe('Token t==');
    expect(await sent(`influx2+http://HOST/?bucket=b&token-file=${file}`, {})).toMatch(/^Token s:/);
  });

  it('is halved where it is too large, and is stored as a whole', async () => {
    const stored: string[] = [];
    const { exporter, server } = await setUp(({ body }) => {
      if (body.length > 2_000) return { status: 413, text: '<html>413 Request Entity Too Large</html>' };
      stored.push(body);
      return done;
    });
    await exporter.open();
    const lines = someLines(200);
    expect(await exporter.writeLines(batch(lines))).toMatchObject({ sent: 200, acked: 200 });
    expect(stored.join('')).toBe(batch(lines).lines.toString());
    expect(server.received.length).toBeLessThan(50);
  });

  it('is halved until the bad lines are alone, where the server takes all or nothing', async () => {
    const stored: string[] = [];
    const { exporter } = await setUp(
      ({ body }) => {
        if (body.includes('bad'))
          return {
            status: 400,
            text: JSON.stringify({
              code: 'invalid',
              message: `unable to parse 'x ${body}': the server's words`,
            }),
          };
        stored.push(body);
        return done;
      },
      (port) => `influx2+http://127.0.0.1:${port}/?bucket=b`,
    );
    await exporter.open();
    const good = someLines(98);
    const lines = [...good.slice(0, 40), 'tx bad="\n' + '"', ...good.slice(40), 'peers,a="b bad=1'];
    expect(await exporter.writeLines(batch(lines))).toEqual({
      sent: 98,
      acked: 98,
      rejection: "tx: unable to parse: the server's words",
    });
    expect(stored.join('')).toBe(batch(good).lines.toString());
  });

  it.each(['influx2+http://127.0.0.1:PORT/?bucket=b', 'influx+http://127.0.0.1:PORT/db'])(
    'is halved for %s where a 500 blames lines, and what is good goes in',
    async (url) => {
      const stored: string[] = [];
      const { exporter } = await setUp(
        ({ body }) => {
          if (body.includes('bad'))
            return {
              status: 500,
              text: JSON.stringify({ code: 'internal error', message: 'field type conflict' }),
            };
          stored.push(body);
          return done;
        },
        (port) => url.replace('PORT', String(port)),
      );
      await exporter.open();
      const good = someLines(9);
      expect(await exporter.writeLines(batch([...good.slice(0, 4), 'tx bad=1', ...good.slice(4)]))).toEqual({
        ...{ sent: 9, acked: 9, rejection: 'tx: field type conflict' },
      });
      expect(stored.join('')).toBe(batch(good).lines.toString());
    },
  );

  describe('that fails again and again for unknown reasons', () => {
    /** A server that answers a body with `bad` in it, or any other while it is `broken`, with a 500. */
    const setUpOdd = async (): Promise<{
      readonly exporter: InfluxHttpExporter;
      readonly server: HttpServer;
      readonly state: { broken: boolean };
      readonly stored: string[];
    }> => {
      const stored: string[] = [];
      const state = { broken: false };
      const { exporter, server } = await setUp(({ body }) => {
        if (body === '') return done;
        if (state.broken || body.includes('bad'))
          return { status: 500, text: '<html>Computer says no</html>' };
        stored.push(body);
        return done;
      });
      await exporter.open();
      return { exporter, server, state, stored };
    };
    const twice = async (exporter: InfluxHttpExporter, lines: LineBatch): Promise<void> => {
      for (let i = 0; i < 2; i++) await expect(exporter.writeLines(lines)).rejects.toThrow('answers 500');
    };

    it('is tried in parts, and a bad line blocks no other', async () => {
      const { exporter, stored } = await setUpOdd();
      const good = someLines(98);
      const lines = batch(['peers bad=1', ...good.slice(0, 60), 'tx bad=1', ...good.slice(60)]);
      await twice(exporter, lines);
      expect(await exporter.writeLines(lines)).toMatchObject({
        ...{ sent: 98, acked: 98 },
        rejection: expect.stringMatching(/^tx: \S+ answers 500 <html>Computer says no/) as string,
      });
      expect(stored.join('')).toBe(batch(good).lines.toString());
    });

    it('is dropped where all its lines are bad and the server takes other lines', async () => {
      const { exporter } = await setUpOdd();
      await exporter.writeLines({ ...batch(someLines(3)), id: 'before' });
      for (const count of [1, 100]) {
        const lines = { ...batch(Array<string>(count).fill('tx bad=1')), id: `of ${count}` };
        await twice(exporter, lines);
        expect(await exporter.writeLines(lines)).toMatchObject({ sent: 0 });
      }
    });

    it('is kept where the server takes no line, after few requests', async () => {
      const { exporter, server, state } = await setUpOdd();
      await exporter.writeLines({ ...batch(someLines(3)), id: 'before' });
      state.broken = true;
      const lines = batch(someLines(5_000));
      await twice(exporter, lines);
      const before = server.received.length;
      await expect(exporter.writeLines(lines)).rejects.toThrow('answers 500');
      expect(server.received.length - before).toBeLessThan(40);
      state.broken = false;
      expect(await exporter.writeLines(lines)).toMatchObject({ sent: 5_000 });
    });
  });

  it('loses no line to a proxy that refuses every size', async () => {
    const { exporter } = await setUp(({ body }) => (body === '' ? done : { status: 413, text: 'no' }));
    await exporter.open();
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow('answers 413 no to one line');
  });

  it('does not count as stored where an HTML page says OK', async () => {
    const { exporter } = await setUp(({ body }) =>
      body === '' ? done : { status: 200, text: '<html>Sign in to the network</html>' },
    );
    await exporter.open();
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow('answers 200 <html>Sign in');
  });

  it('is stored once the token is right again', async () => {
    const file = await fileWith('old');
    let wanted = 'old';
    const { exporter } = await setUp(
      ({ headers }) => ({ status: headers.authorization === `Token ${wanted}` ? 204 : 401 }),
      (port) => `influx2+http://127.0.0.1:${port}/?bucket=b&token-file=${file}`,
    );
    await exporter.open();
    wanted = 'new';
    await writeFile(file, 'new');
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow('answers 401');
    expect(await exporter.writeLines(batch(someLines(5)))).toMatchObject({ sent: 5 });
  });

  it('fails with a server that changes the protocol', async () => {
    const { exporter } = await setUp(({ body }) =>
      body === '' ? done : { status: 101, headers: { Connection: 'Upgrade', Upgrade: 'websocket' } },
    );
    await exporter.open();
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow(
      /without an answer|socket hang up/,
    );
  });

  it.each([
    [{ status: 429, headers: { 'Retry-After': '7' } }, 7_000],
    [{ status: 503, headers: { 'Retry-After': '0' }, text: 'busy' }, 0],
  ])('waits as long as the server asks: %j', async (reply, waitMs) => {
    const { exporter } = await setUp(({ body }) => (body === '' ? done : reply));
    await exporter.open();
    const error = await exporter.writeLines(batch(someLines(5))).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryLater);
    expect((error as RetryLater).waitMs).toBe(waitMs);
  });

  it('waits until the date of Retry-After', async () => {
    const date = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 60_000);
    const { exporter } = await setUp(({ body }) =>
      body === '' ? done : { status: 503, headers: { 'Retry-After': date.toUTCString() } },
    );
    await exporter.open();
    const before = Date.now();
    const error = await exporter.writeLines(batch(someLines(5))).catch((thrown: unknown) => thrown);
    const { waitMs } = error as RetryLater;
    expect(waitMs).toBeLessThanOrEqual(date.getTime() - before);
    expect(waitMs).toBeGreaterThanOrEqual(date.getTime() - Date.now());
  });

  it.each([
    [
      { status: 500, text: '{"error":"engine: no space left on device"}' },
      '500 engine: no space left on device',
    ],
    [{ status: 400, text: 'something of a proxy' }, '400 something of a proxy'],
    [{ status: 401, text: '{"error":"authorization failed"}' }, '401 authorization failed'],
    [{ status: 404, text: '{"error":"database not found: \\"db\\""}' }, '404 database not found: "db"'],
    [{ status: 302, text: '' }, 'answers 302'],
  ])('is no reason to give points up: %j', async (reply, message) => {
    const { exporter } = await setUp(({ body }) => (body === '' ? done : reply));
    await exporter.open();
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow(message);
  });

  it('fails with a server that stalls', async () => {
    const { exporter } = await setUp(({ body }) => (body === '' ? done : null), undefined, {}, 1_000);
    await exporter.open();
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow('no answer within 1 s');
  });

  it('is sent again at once where the server has closed the connection meanwhile', async () => {
    const { exporter, server } = await setUp(() => ({ status: 204 }));
    await exporter.open();
    for (let i = 0; i < 3; i++) {
      server.closeConnections();
      expect(await exporter.writeLines(batch(someLines(5)))).toMatchObject({ acked: 5 });
    }
  });

  it('ends with a server whose response is endless', async () => {
    const { exporter } = await setUp(({ body }) =>
      body === '' ? done : { status: 500, text: `{"error":"${'x'.repeat(50_000_000)}"}` },
    );
    await exporter.open();
    await expect(exporter.writeLines(batch(someLines(5)))).rejects.toThrow(
      /^http:\S+ answers 500 .{200,220}$/,
    );
  });
});

describe('opening', () => {
  it.each([
    [401, '{"error":"authorization failed"}', 'check the password of user me (BTCDMON_INFLUX_PASSWORD'],
    [403, '{"error":"not authorized"}', 'let an administrator GRANT WRITE ON "db" TO "me"'],
    [
      404,
      '{"error":"database not found: \\"db\\""}',
      'answers 404 database not found: "db"; the database is db, which "btcdmon-node setup influx --store influx+http://127.0.0.1:',
    ],
    [404, '404 page not found', 'answers 404 404 page not found'],
    [500, '{"error":"retention policy not found: x"}', 'make it, or leave ?rp= out'],
    [302, '', 'answers 302, so it seems to be no InfluxDB'],
    [405, 'Not allowed', 'answers 405 Not allowed, so it seems to be no InfluxDB'],
    [400, 'Client sent an HTTP request to an HTTPS server.', 'so it seems to be no InfluxDB'],
  ])('fails at %i %s', async (status, text, message) => {
    const { exporter } = await setUp(
      () => ({ status, text }),
      (port) => `influx+http://me@127.0.0.1:${port}/db`,
      { BTCDMON_INFLUX_PASSWORD: 'secret' },
    );
    const error = await exporter.open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FailureError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/secret|\n/);
  });

  it.each([
    [401, 'give a token that may write to the bucket b, in the environment as BTCDMON_INFLUX_TOKEN'],
    [404, 'make the bucket b of organisation o first'],
  ])('says what to do with version 2 at %i', async (status, message) => {
    const { exporter } = await setUp(
      () => ({ status, text: '{"code":"x","message":"the words"}' }),
      (port) => `influx2+http://127.0.0.1:${port}/?bucket=b&org=o`,
      { BTCDMON_INFLUX_TOKEN: 'secret' },
    );
    const error = await exporter.open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FailureError);
    expect(String(error)).toContain(`answers ${status} the words; ${message}`);
    expect(String(error)).not.toContain('secret');
  });

  it('passes where version 2 refuses a request without points', async () => {
    const { exporter } = await setUp(
      () => ({ status: 400, text: '{"code":"invalid","message":"writing requires points"}' }),
      (port) => `influx2+http://127.0.0.1:${port}/?bucket=b`,
    );
    await exporter.open();
    expect(warnings).toEqual([]);
  });

  it.each([429, 500, 502, 503])('passes at %i with a warning', async (status) => {
    const { exporter } = await setUp(() => ({ status, text: '{"error":"busy"}' }));
    await exporter.open();
    expect(warnings).toEqual([
      expect.stringMatching(
        /^export influx\+http: the server at \S+ answers \d+ busy, points wait for it on disk$/,
      ),
    ]);
  });

  it('passes with a warning where nobody listens', async () => {
    const port = await freePort();
    const { exporter } = await setUp(
      () => done,
      () => `influx+http://127.0.0.1:${port}/db`,
    );
    await exporter.open();
    expect(warnings).toEqual([
      expect.stringMatching(
        /^export influx\+http: the server at \S+ can't be reached, points wait for it on disk: .*ECONNREFUSED/,
      ),
    ]);
  });
});

describe('bad input', () => {
  it.each([
    ['influx+http:', 'use influx+http(s)://[user@]host[:8086]/database'],
    ['influx+http://h', 'names no database; use influx+http(s)://[user@]host[:8086]/database'],
    ['influx+http://h/a/b', 'names no database'],
    ['influx+http://h:x/db', "can't be read"],
    ['influx+http://h/db?gzip=maybe', 'gzip=maybe: give on or off'],
    ['influx+http://h/db?passwordfile=x', 'no such option: passwordfile; did you mean password-file?'],
    ['influx+http://h/db?password-file=x', 'a password, but no user'],
    ['influx+http://h/db?ca-file=x', 'ca-file only works with https'],
    ['influx+http://me:secret@h/db', 'a password in a URL is seen by other users'],
    ['influx+http://h/db#x', 'has a #'],
    ['influx2+http://h/', 'names no bucket'],
    ['influx2+http://secret@h/?bucket=b', 'takes no user'],
    ['influx2+http://h/?bucket=b&token=secret', 'no such option: token; use'],
    ['influx2+https://h/?bucket=b&gzip=', 'gzip=: give on or off'],
  ])('%s is refused', (url, message) => {
    let error: unknown;
    try {
      createExporter(url, { clock, warn, env: {} });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/secret|\n/);
  });

  it('in secrets and certificates is one line each', async () => {
    const failure = async (url: string): Promise<string> => {
      const exporter = createExporter(url, { clock, warn, env: {} });
      const error = await exporter.open().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FailureError);
      expect(String(error)).not.toMatch(/top secret|\n/);
      return (error as Error).message;
    };
    const file = await fileWith('top secret', 0o644);
    const empty = await fileWith('');
    expect(await failure('influx+http://me@127.0.0.1:1/db')).toContain(
      'no password for user me; put it into the environment as BTCDMON_INFLUX_PASSWORD or name a file with ?password-file=PATH',
    );
    expect(await failure(`influx+http://me@127.0.0.1:1/db?password-file=${file}`)).toContain(
      'is open to all users of this machine (mode 644); chmod 600',
    );
    expect(await failure('influx2+http://127.0.0.1:1/?bucket=b&token-file=/no/such')).toContain(
      "token-file /no/such: can't be read: ",
    );
    expect(await failure(`influx2+http://127.0.0.1:1/?bucket=b&token-file=${empty}`)).toContain('is empty');
    expect(await failure('influx+https://127.0.0.1:1/db?ca-file=/no/such')).toContain(
      "ca-file /no/such: can't be read: ",
    );
    expect(await failure(`influx+https://127.0.0.1:1/db?ca-file=${file}`)).toContain(
      'holds no certificate; give PEM',
    );
  });
});

openssl.describe('TLS', () => {
  const opening = async (url: string): Promise<string> => {
    const exporter = cleanup.add(createExporter(url, { clock, warn, env: {} }), (it) => it.close());
    try {
      await exporter.open();
      return 'open';
    } catch (error) {
      expect(error).toBeInstanceOf(FailureError);
      return (error as Error).message;
    }
  };

  it('accepts only a server whose certificate is signed by the named authority', async () => {
    const good = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
    const other = cleanup.add(makeCertificate('DNS:example.org'), (it) => it.remove());
    const server = cleanup.add(await startHttpServer(() => done, good), (it) => it.stop());
    const misnamed = cleanup.add(await startHttpServer(() => done, other), (it) => it.stop());
    const plain = cleanup.add(await startHttpServer(() => done), (it) => it.stop());
    const at = (port: number, ca?: string) =>
      `influx+https://127.0.0.1:${port}/db${ca === undefined ? '' : `?ca-file=${ca}`}`;

    expect(await opening(at(server.port, good.certificateFile))).toBe('open');
    expect(server.received).toHaveLength(1);
    expect(await opening(at(server.port))).toBe(
      `export influx+https: the server at https://127.0.0.1:${server.port} has a certificate that does not verify: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT); an authority of your own is named with ?ca-file=PATH`,
    );
    expect(await opening(at(server.port, other.certificateFile))).toContain('does not verify');
    expect(await opening(at(misnamed.port, other.certificateFile))).toContain(
      'the URL must use a name that is in it',
    );
    expect(await opening(at(plain.port))).toContain(
      'does not speak TLS; for plain HTTP write http instead of https',
    );
    expect(server.received).toHaveLength(1);
    expect(misnamed.received).toEqual([]);
  });
});
