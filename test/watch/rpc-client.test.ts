import { writeFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer as createRawServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { collectAll } from '../../src/lib/collect-garbage';
import { systemTimer } from '../../src/lib/timer';
import { cookieLogin, passwordFileLogin } from '../../src/watch/login';
import { type CallReport, RpcClient } from '../../src/watch/rpc-client';
import type { RpcFailure } from '../../src/watch/rpc-failure';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { type Reply, startHttpServer } from '../support/http-server';
import { nameHosts } from '../support/names';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';
import { placeAt } from './place-at';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A client of a server that answers as `reply` says, and what the calls reported. */
async function clientOf(
  reply: (body: string, authorization: string) => Reply,
  parts: Partial<Parameters<typeof placeAt>[0]> = {},
) {
  const server = cleanup.add(
    await startHttpServer(({ body, headers }) => reply(body, headers.authorization ?? '')),
    (it) => it.stop(),
  );
  return { server, ...clientAt(server.port, parts) };
}

function clientAt(port: number, parts: Partial<Parameters<typeof placeAt>[0]> = {}, timer = systemTimer) {
  const reports: CallReport[] = [];
  let nowMs = 0;
  const client = cleanup.add(
    new RpcClient(placeAt({ port, ...parts }), {
      // Each look at the clock takes 5 ms.
      clock: { monotonicMs: () => (nowMs += 5) },
      timer,
      onCall: (report) => reports.push(report),
    }),
    (it) => it.close(),
  );
  return { client, reports };
}

/** The failure of a call. */
async function failureOf(call: Promise<unknown>): Promise<RpcFailure> {
  const error = await call.then(
    () => 'no failure',
    (failure: unknown) => failure,
  );
  const failure = error as RpcFailure;
  expect(failure.message).toMatch(/^btcd at http:\/\/127\.0\.0\.1:\d+: uptime: [^\n]+$/);
  expect(failure.message).not.toContain('secret');
  return failure;
}

const result = (value: unknown): Reply => ({
  status: 200,
  text: JSON.stringify({ result: value, error: null, id: 1 }),
});
const error = (code: number, message: string, status = 200): Reply => ({
  status,
  text: JSON.stringify({ result: null, error: { code, message }, id: 1 }),
});

describe('an answer', () => {
  it('is the result, with its time and its bytes reported', async () => {
    const { client, reports, server } = await clientOf(() => result(7));
    expect(await client.call('uptime', ['x'])).toBe(7);
    const [request] = server.received;
    expect(JSON.parse(request?.body ?? '')).toEqual({
      jsonrpc: '1.0',
      id: 1,
      method: 'uptime',
      params: ['x'],
    });
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('u:secret').toString('base64')}`);
    expect(reports).toEqual([{ method: 'uptime', ms: 5, bytes: 32, failure: null }]);
  });

  it('of a node that keeps the connection takes one connection for all calls', async () => {
    const { client, server } = await clientOf(() => result(7));
    for (let i = 0; i < 5; i++) await client.call('uptime');
    expect(server.connections()).toBe(1);
    server.closeConnections();
    expect(await client.call('uptime')).toBe(7);
  });

  it('comes over a new connection where the node had just closed the kept one', async () => {
    const connections: Socket[] = [];
    const text = '{"result":7,"error":null,"id":1}';
    const server = createRawServer((socket) => {
      connections.push(socket);
      let requests = 0;
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        if (!bytes.includes('POST')) return;
        requests += 1;
        if (requests > 1) socket.resetAndDestroy();
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup.add(server, (it) => {
      for (const socket of connections) socket.destroy();
      it.close();
    });
    const { client, reports } = clientAt((server.address() as AddressInfo).port);
    for (let i = 0; i < 3; i++) expect(await client.call('uptime')).toBe(7);
    expect(connections).toHaveLength(3);
    expect(reports.map(({ failure }) => failure)).toEqual([null, null, null]);
  });

  it.each([
    ['an error', error(-5, 'Block not found'), 'rpc', 'Block not found (code -5)'],
    ['an error of Core', error(-8, 'too high', 500), 'rpc', 'too high (code -8)'],
    ['an unknown method', error(-32_601, 'Method not found', 404), 'unknown-method', '(code -32601)'],
    ['one that btcd lacks', error(-1, 'Command unimplemented'), 'unknown-method', 'unimplemented'],
    [
      'the limited user',
      error(-32_603, 'limited user not authorized for this method'),
      'not-permitted',
      'limited user',
    ],
    ['warm-up', error(-28, 'Loading block index…', 500), 'warming-up', 'Loading block index? (code -28)'],
    ['no error code', { status: 200, text: '{"error":"x"}' }, 'rpc', '(code missing)'],
    ['a wrong login', { status: 401, text: '' }, 'unauthorized', 'refuses the login of the test'],
    ['a forbidden address', { status: 403 }, 'forbidden', 'rpcallowip'],
    ['a busy node', { status: 503, text: '503 Too busy' }, 'busy', 'too many clients'],
    ['a busy Core', { status: 503, text: 'Work queue depth exceeded' }, 'busy', 'too many clients'],
    ['a web server', { status: 404, text: '<html>\nx' }, 'not-json', 'HTTP status 404: <html>'],
    ['garbage', { status: 200, text: '<html>' }, 'not-json', 'something else than JSON-RPC'],
    ['a list', { status: 200, text: '[1]' }, 'not-json', 'something else than JSON-RPC'],
    ['nothing', { status: 200, text: '' }, 'not-json', 'something else than JSON-RPC'],
  ] as const)('that is %s is one line', async (_, reply, kind, reason) => {
    const { client, reports } = await clientOf(() => reply);
    const failure = await failureOf(client.call('uptime'));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(reason);
    expect(reports).toMatchObject([{ method: 'uptime', failure: kind }]);
    // The next call is asked all the same.
    expect((await failureOf(client.call('uptime'))).kind).toBe(kind);
  });
});

describe('an entry by entry answer', () => {
  it('is given as it comes', async () => {
    const { client } = await clientOf(() => result({ a: { fee: 1 }, b: { fee: 2 } }));
    const taken: unknown[] = [];
    await client.callEach('getrawmempool', [true], () => (key, value) => taken.push([key, value]));
    expect(taken).toEqual([
      ['a', { fee: 1 }],
      ['b', { fee: 2 }],
    ]);
  });

  it.each([error(-28, 'Loading', 500), error(-28, 'Loading', 200)])('tells its error', async (reply) => {
    const { client } = await clientOf(() => reply);
    const { kind } = await failureOf(client.callEach('uptime', [], () => () => undefined));
    expect(kind).toBe('warming-up');
  });
});

describe('a login', () => {
  it('is read again when the node refuses it', async () => {
    const file = path.join(os.tmpdir(), `btcdmon-cookie-${process.pid}`);
    const write = (password: string): void => writeFileSync(file, `__cookie__:${password}`);
    write('secret1');
    cleanup.add(file, (it) => rmSync(it, { force: true }));
    let valid = 'secret1';
    const server = cleanup.add(
      await startHttpServer(({ headers }) => {
        const given = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString();
        if (given === `__cookie__:${valid}`) return result(7);
        // Core has written a new cookie by the time that it refuses the old one.
        if (valid === 'secret2') write('secret2');
        return { status: 401 };
      }),
      (it) => it.stop(),
    );
    const { client } = clientAt(server.port, { login: cookieLogin(file) });
    expect(await client.call('uptime')).toBe(7);
    valid = 'secret2';
    expect(await client.call('uptime')).toBe(7);
    valid = 'secret3';
    const before = server.received.length;
    const failure = await failureOf(client.call('uptime'));
    expect(failure.message).toContain(`the node refuses the login of cookie ${file}`);
    // A login that has not changed is not tried twice.
    expect(server.received.length - before).toBe(1);
    rmSync(file);
    expect((await failureOf(client.call('uptime'))).message).toContain(`cookie ${file}: can't be read`);
  });

  it('that Core has not written yet is missed as a node that is not there, unless somebody listens', async () => {
    const file = path.join(os.tmpdir(), `btcdmon-cookie-none-${process.pid}`);
    const port = await freePort();
    const { client, reports } = clientAt(port, { login: cookieLogin(file) });
    const absent = await failureOf(client.call('uptime'));
    expect(absent.kind).toBe('refused');
    expect(absent.message).toContain(`: cookie ${file}: is not there, and nobody listens at the address; `);
    expect(reports).toMatchObject([{ failure: 'refused', bytes: 0 }]);
    const { server, client: another } = await clientOf(() => result(7), { login: cookieLogin(file) });
    expect((await failureOf(another.call('uptime'))).kind).toBe('unauthorized');
    expect(server.received).toEqual([]);
    // A file that the user writes is a mistake at any time.
    const { client: wrong } = clientAt(port, { login: passwordFileLogin('u', file, 'a test') });
    expect((await failureOf(wrong.call('uptime'))).kind).toBe('unauthorized');
  });
});

describe('calls', () => {
  it('are sent one at a time, in their order, and no more than 64 wait', async () => {
    const answers: ServerResponse[] = [];
    const asked: string[] = [];
    const server = createServer((request: IncomingMessage, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push((JSON.parse(body) as { method: string }).method);
        answers.push(response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup.add(server, (it) => {
      it.closeAllConnections();
      it.close();
    });
    const { client } = clientAt((server.address() as AddressInfo).port);
    const results = Array.from({ length: 65 }, (_, i) => client.call(`m${i}`));
    await until('the first call', () => asked.length === 1);
    const failure = await failureOf(client.call('uptime'));
    expect(failure.kind).toBe('queue-full');
    for (let i = 0; i < 65; i++) {
      await until('the next call', () => asked.length === i + 1);
      expect(answers).toHaveLength(i + 1);
      answers[i]?.end(JSON.stringify({ result: i, error: null }));
      expect(await results[i]).toBe(i);
    }
    expect(asked).toEqual(Array.from({ length: 65 }, (_, i) => `m${i}`));
  });

  it('that wait or run end with the client', async () => {
    const { client, server } = await clientOf(() => null);
    const failures = [failureOf(client.call('uptime')), failureOf(client.call('uptime'))];
    await until('the call', () => server.received.length === 1);
    client.close();
    failures.push(failureOf(client.call('uptime')));
    for (const { kind } of await Promise.all(failures)) expect(kind).toBe('closed');
  });

  it('end after their time, at a node that hangs, and the next one is asked', async () => {
    let hangs = true;
    const server = cleanup.add(await startHttpServer(() => (hangs ? null : result(7))), (it) => it.stop());
    const timer = new TestTimer();
    const { client, reports } = clientAt(server.port, {}, timer.start);
    const call = failureOf(client.call('uptime', [], { timeoutMs: 3_000 }));
    await until('the call', () => server.received.length === 1);
    timer.pass(2_999);
    expect(reports).toEqual([]);
    timer.pass(1);
    const failure = await call;
    expect(failure.kind).toBe('timeout');
    expect(failure.message).toContain('no whole answer within 3 s');
    hangs = false;
    expect(await client.call('uptime')).toBe(7);
  });
});

/** A server that sends the beginning of an answer, and then a chunk again and again, `times`. */
async function flood(beginning: string, chunk: string, times: number, end: string) {
  let sent = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.write(beginning);
    let left = times;
    const more = (): void => {
      while (left > 0) {
        left -= 1;
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
      response.end(end);
    };
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.add(server, (it) => {
    it.closeAllConnections();
    it.close();
  });
  return { port: (server.address() as AddressInfo).port, sent: () => sent };
}

describe('an answer of 200 MB', () => {
  it('is not read to its end', async () => {
    const { port, sent } = await flood('{"result":"', 'x'.repeat(1_000_000), 200, '"}');
    const failure = await failureOf(clientAt(port).client.call('uptime'));
    expect(failure.kind).toBe('too-long');
    expect(failure.message).toContain('more than the 16000000 bytes');
    expect(sent()).toBeLessThan(100_000_000);
  });

  it('is read where its entries are taken, in little memory', async () => {
    const entry = (n: number): string =>
      `"${n.toString(16).padStart(64, '0')}":{"size":250,"fee":0.0000141,"depends":["${'ab'.repeat(32)}"]},`;
    const chunk = Array.from({ length: 5_000 }, (_, i) => entry(i)).join('');
    const times = Math.ceil(200_000_000 / chunk.length);
    const { port } = await flood('{"result":{', chunk, times, '"last":1},"error":null,"id":1}\n');
    let count = 0;
    let most = 0;
    await clientAt(port).client.callEach('getrawmempool', [true], () => () => {
      count += 1;
      if (count % 100_000 !== 0) return;
      // What was read and is not collected yet depends on the moment.
      collectAll();
      most = Math.max(most, process.memoryUsage().external);
    });
    expect(count).toBe(times * 5_000 + 1);
    expect(most).toBeLessThan(100_000_000);
  });

  it('is refused where an entry never ends', async () => {
    const { port } = await flood('{"result":["', 'x'.repeat(1_000_000), 200, '"]}');
    const call = clientAt(port).client.callEach('uptime', [], () => () => undefined);
    expect((await failureOf(call)).kind).toBe('too-long');
  });
});

describe('a node that is not there', () => {
  it('is one line', async () => {
    const port = await freePort();
    const failure = await failureOf(clientAt(port).client.call('uptime'));
    expect(failure.kind).toBe('refused');
    expect(failure.message).toContain('nobody listens there; does the node run, with its RPC on?');
  });

  it('is one line where a host is unknown', async () => {
    // No server of names is asked, which may take longer than a call may.
    cleanup.add(nameHosts({}), (restore) => restore());
    const { client } = clientAt(8_333, { host: 'no-such-host.invalid' });
    const error = await client.call('uptime').catch((thrown: unknown) => thrown as RpcFailure);
    expect(error).toMatchObject({ kind: 'unreachable' });
    expect((error as RpcFailure).message).toBe(
      'btcd at http://no-such-host.invalid:8333: uptime: there is no such host',
    );
  });
});
