import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  type Server,
  type Socket,
  connect,
  createServer,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createServer as createTls } from 'node:tls';
import { waitForSlowAddresses } from '../../src/lib/address-attempts';
import { SystemClock } from '../../src/lib/clock';
import { messageOf } from '../../src/lib/errors';
import type { LineBatch } from '../../src/export/line-exporter';
import { influx1Api, influx2Api } from '../../src/export/influx-api';
import { InfluxHttpExporter } from '../../src/export/influx-http';
import { InfluxUdpExporter } from '../../src/export/influx-udp';
import { lineTcp, lineTls } from '../../src/export/line-socket-url';
import { readCredentials } from '../../src/export/nats/credentials';
import { openSession } from '../../src/export/nats/session';
import { readNatsUrl } from '../../src/export/nats/settings';
import { createExporter } from '../../src/export/registry';
import { readAccess } from '../../src/influx/access';
import { parseInfluxUrl } from '../../src/influx/influx-url';
import { systemTimer } from '../../src/lib/timer';
import { readReceiver } from '../../src/notify/receiver-url';
import { InfluxClient } from '../../src/query/influx-client';
import { wholeBody } from '../../src/watch/answer-body';
import { RpcConnections } from '../../src/watch/rpc-request';
import { type Certificate, makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { lineOf, makePoints } from '../support/make-points';
import { linkLocal, nameHosts } from '../support/names';
import { TestClock } from '../support/points';
import { until } from '../support/until';

const clock = new SystemClock();
const cleanup = new Cleanup();
const warn = (): void => undefined;
const env = {};
afterEach(() => cleanup.run());

const HOSTS = ['127.0.0.1', '::1'] as const;
beforeEach(() => {
  const restore = nameHosts({ 'two.test': ['::1', '127.0.0.1'], 'turned.test': ['127.0.0.1', '::1'] });
  cleanup.add(restore, (it) => it());
});

/** A server on one address alone; gives its port. */
async function listening(server: Server, host: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  // Nobody listens on this port at the other address.
  const port = await freePort(host);
  server.listen(port, host);
  await once(server, 'listening');
  cleanup.add(server, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return port;
}

function batch(count: number): LineBatch {
  const lines = makePoints(count, clock).map((point) => `${lineOf(point)}\n`);
  return { id: 'a-1-0', lines: Buffer.from(lines.join('')), points: count };
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => messageOf(error),
  );

const refusedAt = (port: number): string =>
  `connect ECONNREFUSED ::1:${port}, connect ECONNREFUSED 127.0.0.1:${port}`;

describe.each(['two.test', 'turned.test'])('%s is reached where its only server is', (name) => {
  it.each(HOSTS)('at %s, by HTTP', async (host) => {
    const port = await listening(
      createHttp((request, response) => {
        request.resume();
        response.writeHead(204).end();
      }),
      host,
    );
    for (const api of [
      influx1Api(`influx+http://${name}:${port}/db`, env),
      influx2Api(`influx2+http://${name}:${port}/?bucket=b`, env),
    ]) {
      const exporter = cleanup.add(new InfluxHttpExporter(api, { warn, writeMs: 10_000 }), (it) =>
        it.close(),
      );
      await exporter.open();
      expect(await exporter.writeLines(batch(5))).toMatchObject({ acked: 5 });
    }
  });

  it.each(HOSTS)('at %s, by a question to InfluxDB', async (host) => {
    const port = await listening(
      createHttp((_, response) => response.end('{"results":[{"series":[{"columns":["a"]}]}]}\n')),
      host,
    );
    const place = parseInfluxUrl(`influx+http://${name}:${port}/db`, '--from');
    const client = new InfluxClient(place, await readAccess(place, env));
    const columns: (readonly string[])[] = [];
    for await (const series of client.send('SHOW X')) columns.push(series.columns);
    expect(columns).toEqual([['a']]);
  });

  it.each(HOSTS)('at %s, by line protocol over TCP', async (host) => {
    let text = '';
    const port = await listening(
      createServer((socket) => socket.on('data', (bytes) => (text += bytes.toString()))),
      host,
    );
    const exporter = cleanup.add(lineTcp(`//${name}:${port}`, { env }), (it) => it.close());
    await exporter.open();
    const lines = batch(5);
    expect(await exporter.writeLines(lines)).toMatchObject({ sent: 5 });
    await until('the lines', () => text === lines.lines.toString());
  });

  it.each(HOSTS)('at %s, by UDP', async (host) => {
    const socket = cleanup.add(createSocket(host === '::1' ? 'udp6' : 'udp4'), (it) => it.close());
    let lines = 0;
    socket.on('message', (bytes) => (lines += bytes.toString().split('\n').length));
    socket.bind(0, host);
    await once(socket, 'listening');
    const lookup = () => Promise.resolve(name === 'two.test' ? ['::1', '127.0.0.1'] : ['127.0.0.1', '::1']);
    const exporter = new InfluxUdpExporter({ host: name, port: socket.address().port }, { clock, lookup });
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    expect(await exporter.write(makePoints(5, clock))).toMatchObject({ sent: 5 });
    expect(await exporter.write(makePoints(5, clock))).toMatchObject({ sent: 5 });
    await until('the lines', () => lines >= 10);
    expect(lines).toBe(10);
  });

  it.each(HOSTS)('at %s, by NATS', async (host) => {
    const greeted: string[] = [];
    const port = await listening(
      createServer((socket) => {
        socket.on('error', () => undefined);
        const info = { server_id: 'x', version: '2.10.0', proto: 1, max_payload: 1e6, headers: true };
        socket.write(`INFO ${JSON.stringify(info)}\r\n`);
        socket.on('data', (bytes) => {
          const text = bytes.toString();
          if (text.includes('CONNECT')) greeted.push(text);
          if (text.includes('PING')) socket.write('PONG\r\n');
          // The first question to JetStream: the client is connected, and that is all that is asked here.
          if (text.includes('$JS.API')) socket.destroy();
        });
      }),
      host,
    );
    const settings = readNatsUrl(`//${name}:${port}/S`, '--export');
    const credentials = await readCredentials(settings, env);
    await failure(openSession(settings, credentials, new AbortController().signal));
    expect(greeted).toHaveLength(1);
  });
});

describe.each(['two.test', 'turned.test'])(
  'beside the exporters, %s is reached where its only server is',
  (name) => {
    it.each(HOSTS)('at %s, by a web hook', async (host) => {
      const bodies: string[] = [];
      const port = await listening(
        createHttp((request, response) => {
          request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
          request.on('end', () => response.writeHead(204).end());
        }),
        host,
      );
      const receiver = readReceiver(`http://${name}:${port}/hook`);
      const message = { status: 'firing', severity: 'warning', title: 'a', text: 'b', monitor: 'c' } as const;
      await receiver.send({ ...message, alerts: [], more: 0 }, new AbortController().signal);
      expect(bodies.join('')).toContain('"title":"a"');
    });

    it.each(HOSTS)('at %s, by the RPC of a node', async (host) => {
      const port = await listening(
        createHttp((request, response) => {
          request.resume();
          request.on('end', () => response.end('{"result":7,"error":null,"id":1}'));
        }),
        host,
      );
      const place = { host: name, port, isSecure: false } as const;
      const connections = new RpcConnections(place, {}, systemTimer);
      cleanup.add(connections, (it) => it.close());
      const call = {
        authorization: '',
        payload: '{}',
        timeoutMs: 10_000,
        maxBytes: 1_000,
        makeBody: wholeBody,
      };
      expect(await connections.post(call)).toMatchObject({ status: 200 });
    });
  },
);

describe('a name whose first address answers late, and whose other ones do not', () => {
  afterEach(() => setDefaultAutoSelectFamilyAttemptTimeout(250));

  /** Writes to such a name. Where this machine is so busy that a second is too short, the write fails. */
  async function write(): Promise<unknown> {
    // A process that listens and is stopped. Once its queue is full, the system drops what asks for a
    // connection, and the client asks again after a second.
    const script = `
      const server = require('node:net').createServer((socket) => socket.resume().on('error', () => {}));
      server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
    `;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanup.add(child, (it) => it.kill('SIGKILL'));
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(text.toString());
    child.kill('SIGSTOP');
    const fillers = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }));
    for (const socket of fillers)
      cleanup.add(
        socket.on('error', () => undefined),
        (it) => it.destroy(),
      );
    await until('the queue to be full', () => fillers.filter(({ pending }) => !pending).length >= 2);
    const exporter = cleanup.add(lineTcp(`//turned.test:${port}`, { env }), (it) => it.close());
    await exporter.open();
    const writing = exporter.writeLines(batch(5));
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGCONT');
    return writing;
  }

  it('is reached', async () => {
    waitForSlowAddresses();
    expect(await until('a write', write)).toMatchObject({ sent: 5 });
  });
});

openssl.describe('over TLS', () => {
  let folder = '';
  let certificate: Certificate;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-names-'));
    certificate = makeCertificate('DNS:two.test');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each(HOSTS)('two.test is reached at %s alone', async (host) => {
    const { cert, key } = certificate;
    const caFile = path.join(folder, 'ca.pem');
    await writeFile(caFile, cert);
    let text = '';
    const tls = createTls({ cert, key }, (socket) =>
      socket.on('data', (bytes: Buffer) => (text += bytes.toString())),
    );
    const port = await listening(tls, host);
    const lines = batch(5);
    for (const name of ['two.test', 'TWO.test']) {
      text = '';
      const exporter = lineTls(`//${name}:${port}?ca-file=${caFile}`, { env });
      cleanup.add(exporter, (it) => it.close());
      await exporter.open();
      expect(await exporter.writeLines(lines)).toMatchObject({ sent: 5 });
      await until('the lines', () => text === lines.lines.toString());
    }
    const secure = createHttps({ cert, key }, (request, response) => {
      request.resume();
      response.writeHead(204).end();
    });
    const url = `influx+https://two.test:${await listening(secure, host)}/db?ca-file=${caFile}`;
    const http = new InfluxHttpExporter(influx1Api(url, env), { warn, writeMs: 10_000 });
    cleanup.add(http, (it) => it.close());
    await http.open();
    expect(await http.writeLines(lines)).toMatchObject({ acked: 5 });
  });
});

describe('where no address answers, the error names each', () => {
  it('by HTTP', async () => {
    const port = await freePort();
    const api = influx1Api(`influx+http://two.test:${port}/db`, env);
    const exporter = new InfluxHttpExporter(api, { warn, writeMs: 10_000 });
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    expect(await failure(exporter.writeLines(batch(1)))).toContain(refusedAt(port));
  });

  it('by a question to InfluxDB', async () => {
    const port = await freePort();
    const place = parseInfluxUrl(`influx+http://two.test:${port}/db`, '--from');
    const client = new InfluxClient(place, await readAccess(place, env));
    expect(await failure(client.send('SHOW X').next())).toContain(refusedAt(port));
  });

  it('by line protocol over TCP', async () => {
    const port = await freePort();
    const exporter = cleanup.add(lineTcp(`//two.test:${port}`, { env }), (it) => it.close());
    expect(await failure(exporter.writeLines(batch(1)))).toBe(refusedAt(port));
  });

  it('by UDP', async () => {
    const port = await freePort();
    const lookup = () => Promise.resolve(['::1', '127.0.0.1']);
    const exporter = new InfluxUdpExporter({ host: 'two.test', port }, { clock, lookup });
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    const each = ['::1', '127.0.0.1'].map((address) => `${address}: .*ECONNREFUSED`);
    expect(await failure(exporter.write(makePoints(1, clock)))).toMatch(new RegExp(`^${each.join(', ')}$`));
  });

  it('by NATS, of each server', async () => {
    const port = await freePort();
    const settings = readNatsUrl(`//two.test:${port}/S?servers=127.0.0.1:${port}`, '--export');
    const text = await failure(openSession(settings, { tls: null }, new AbortController().signal));
    expect(text).toContain(`two.test:${port}: ${refusedAt(port)}`);
    expect(text).toContain(`127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`);
  });
});

describe('UDP follows a name', () => {
  async function moving(first: readonly string[]) {
    const own = new TestClock();
    const taker = async (host: string, port = 0) => {
      const socket = cleanup.add(createSocket('udp4'), (it) => it.close());
      const lines: string[] = [];
      socket.on('message', (bytes) => lines.push(...bytes.toString().split('\n')));
      socket.bind(port, host);
      await once(socket, 'listening');
      return { lines, port: socket.address().port };
    };
    const old = await taker('127.0.0.1');
    const next = await taker('127.0.0.2', old.port);
    const state = { addresses: first, asked: 0, fails: false, gate: Promise.resolve() };
    const lookup = async () => {
      state.asked++;
      await state.gate;
      if (state.fails) throw new Error('EAI_AGAIN');
      return state.addresses;
    };
    const exporter = new InfluxUdpExporter({ host: 'moves.test', port: old.port }, { clock: own, lookup });
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    // The pacer uses the same clock.
    const write = async (): Promise<void> => {
      own.ms += 1_000;
      await exporter.write(makePoints(1, clock));
    };
    return { own, old, next, state, write };
  }

  it('to its new address, within a minute and without a failure', async () => {
    const { own, old, next, state, write } = await moving(['127.0.0.1']);
    await write();
    state.addresses = ['127.0.0.2'];
    await write();
    expect(state.asked).toBe(1);
    let answer: (() => void) | undefined;
    state.gate = new Promise<void>((resolve) => (answer = resolve));
    own.ms += 30_000;
    // The look-up does not delay the write.
    await write();
    answer?.();
    await nextTurn();
    await write();
    await until('both have all', () => next.lines.length >= 1 && old.lines.length >= 3);
    expect([old.lines.length, next.lines.length, state.asked]).toEqual([3, 1, 2]);
  });

  it('at once where nothing was written for a minute', async () => {
    const { own, old, next, state, write } = await moving(['127.0.0.1']);
    state.addresses = ['127.0.0.2'];
    own.ms += 60_000;
    await write();
    await until('the new one has it', () => next.lines.length === 1);
    expect(old.lines).toEqual([]);
  });

  it('but keeps its address if that is still one of several, or if the look-up fails', async () => {
    const { own, old, state, write } = await moving(['127.0.0.1']);
    state.addresses = ['127.0.0.2', '127.0.0.1'];
    own.ms += 60_000;
    await write();
    state.fails = true;
    own.ms += 60_000;
    await write();
    await until('the old one has both', () => old.lines.length === 2);
    expect(state.asked).toBe(3);
  });
});

describe('a zone', () => {
  const context = { clock, warn, env };

  it.each([
    'influx+http://[fe80::1%eth0]:8086/db',
    'influx2+http://[fe80::1%25eth0]:8086/?bucket=b',
    'nats://[fe80::1%eth0]:4222/S',
  ])('is refused in %s', (url) => {
    expect(() => createExporter(url, context)).toThrow(
      /^--export \S+: a zone \(%eth0\) can't be used here; give an address without one, or a name; use /,
    );
  });

  it('is refused among servers of NATS', () => {
    expect(() => createExporter('nats://a/S?servers=[fe80::1%25eth0]:1', context)).toThrow('servers=');
  });

  linkLocal.describe('of this machine', (address) => {
    it.each(['%', '%25'])('reaches the socket of line protocol, written with %s', async (percent) => {
      let text = '';
      const port = await listening(
        createServer((socket) => socket.on('data', (bytes) => (text += bytes.toString()))),
        address,
      );
      const exporter = lineTcp(`//[${address.replace('%', percent)}]:${port}`, { env });
      cleanup.add(exporter, (it) => it.close());
      const lines = batch(1);
      await exporter.writeLines(lines);
      await until('the line', () => text === lines.lines.toString());
    });

    it('reaches the socket of UDP', async () => {
      const socket = cleanup.add(createSocket('udp6'), (it) => it.close());
      let got = 0;
      socket.on('message', () => got++);
      socket.bind(0, address);
      await once(socket, 'listening');
      const exporter = createExporter(
        `influx+udp://[${address}]:${socket.address().port}`,
        context,
      ) as InfluxUdpExporter;
      cleanup.add(exporter, (it) => it.close());
      await exporter.open();
      await exporter.write(makePoints(1, clock));
      await until('the datagram', () => got === 1);
    });
  });
});
