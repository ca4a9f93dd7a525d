import net from 'node:net';
import { Cleanup } from '../support/cleanup';
import { FakeLive, block, peer, transaction } from '../support/fake-live';
import { until } from '../support/until';
import type { PeersPart } from '../../src/web/page/api-types';
import { ask } from './ask';
import { type Served, servedPage } from './served';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

interface Heard {
  readonly name: string;
  readonly data: unknown;
}

/** Reads a stream like a browser. */
async function listen(served: Served, headers: Record<string, string> = {}) {
  const abort = cleanup.add(new AbortController(), (controller) => controller.abort());
  const response = await fetch(`${served.url}api/live`, { signal: abort.signal, headers });
  const heard: Heard[] = [];
  let ended = false;
  let first = '';
  const reading = (async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const match = /^event: (\w+)\ndata: (.*)$/.exec(event);
        if (match === null) first ||= event;
        else heard.push({ name: match[1] ?? '', data: JSON.parse(match[2] ?? '') });
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return {
    response,
    heard,
    reading,
    first: () => first,
    ended: () => ended,
    named: (name: string) => heard.filter((event) => event.name === name).map(({ data }) => data),
    leave: () => abort.abort(),
  };
}

it('sends the current state first, then events', async () => {
  const live = new FakeLive();
  const served = await servedPage(cleanup, { live });
  // A status does not wait for a slow look at the store.
  await until(
    'a look at the store',
    async () => (await ask(served.port, '/api/info')).json['newestMs'] !== null,
  );
  const stream = await listen(served);
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(stream.response.headers.get('content-encoding')).toBeNull();
  await until('the first status', () => stream.named('status').length > 0);
  expect(stream.first()).toBe('retry: 2000');
  // Where this machine is busy, what comes each second may have come again.
  expect(stream.heard.slice(0, 5).map(({ name }) => name)).toEqual([
    'peers',
    'blocks',
    'transactions',
    'health',
    'status',
  ]);
  expect(stream.named('peers')[0]).toEqual([peer(1)]);
  expect(stream.named('blocks')).toEqual([[block(2), block(1)]]);
  expect(stream.named('transactions')).toEqual([[transaction(1)]]);
  const info = (await ask(served.port, '/api/info')).json;
  const { nodes, networks, watched, shows, showsNetwork, nowMs, ...rest } = info;
  expect([nodes, networks, watched, shows, showsNetwork, nowMs]).not.toContain(undefined);
  expect(stream.named('status')[0]).toMatchObject(rest);
  expect(info).toMatchObject({ node: 'tester', network: 'regtest', live: true, startedMs: live.startedMs });

  live.tell({ kind: 'block', block: block(3) });
  live.list = [peer(1), peer(2)];
  await until('the block', () => stream.named('block').length > 0);
  expect(stream.named('block')).toEqual([block(3)]);
  const lengthOf = (peers: unknown): number => (peers as readonly unknown[]).length;
  await until('both peers', () => lengthOf(stream.named('peers').at(-1)) === 2);
  expect(stream.named('peers').at(-1)).toEqual([peer(1), peer(2)]);
});

it('sends a long list of peers in parts, again and again, and never too much at a time', async () => {
  const live = new FakeLive();
  live.list = Array.from({ length: 2_700 }, (_, id) => peer(id));
  const served = await servedPage(cleanup, { live, points: [] });
  const stream = await listen(served);
  const parts = (): readonly PeersPart[] => stream.named('peersPart') as PeersPart[];
  await until('two lists', () => parts().length >= 12);
  expect(stream.named('peers')).toEqual([]);
  for (const list of [parts().slice(0, 6), parts().slice(6, 12)]) {
    expect(list.map(({ from, total }) => [from, total])).toEqual(
      [0, 500, 1_000, 1_500, 2_000, 2_500].map((from) => [from, 2_700]),
    );
    expect(list.flatMap(({ peers }) => peers.map(({ id }) => id))).toEqual(live.list.map(({ id }) => id));
  }
  live.list = [peer(1)];
  await until('a short list', () => stream.named('peers').length > 0);
  expect(served.logged).toEqual([]);
});

it('sends ten transactions of a burst, and how many it skipped', async () => {
  const live = new FakeLive();
  const stream = await listen(await servedPage(cleanup, { live, points: [] }));
  await until('the stream', () => stream.named('status').length > 0);
  // All within one second, however long this machine takes for them.
  const stopped = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
  for (let number = 0; number < 1_000; number++)
    live.tell({ kind: 'transaction', transaction: transaction(number) });
  stopped.mockRestore();
  await until('the transactions', () => stream.named('transaction').length >= 10);
  expect(stream.named('transaction')).toEqual(
    Array.from({ length: 10 }, (_, number) => ({ ...transaction(number), skipped: 0 })),
  );
  await until('the next second', () => {
    live.tell({ kind: 'transaction', transaction: transaction(5_000) });
    return stream.named('transaction').length > 10;
  });
  const next = stream.named('transaction')[10] as { skipped: number };
  expect(next.skipped).toBeGreaterThanOrEqual(990);
});

it('sends only the state of a store if no node runs', async () => {
  const stream = await listen(await servedPage(cleanup));
  await until('two states', () => stream.named('status').length > 1);
  expect(new Set(stream.heard.map(({ name }) => name))).toEqual(new Set(['status']));
  expect(stream.named('status')[0]).toMatchObject({ live: false, startedMs: null });
});

it('follows the node only while somebody reads', async () => {
  const live = new FakeLive();
  const served = await servedPage(cleanup, { live, points: [] });
  expect(live.listeners.size).toBe(0);
  const streams = [await listen(served), await listen(served)];
  await until('both streams', () => streams.every((stream) => stream.named('status').length > 0));
  expect(live.listeners.size).toBe(1);
  streams[0]?.leave();
  await streams[0]?.reading;
  live.tell({ kind: 'block', block: block(4) });
  await until('the block', () => streams[1]?.named('block').length === 1);
  streams[1]?.leave();
  await until('nobody to listen', () => live.listeners.size === 0);
});

it('tells all of one peer, and says where there is none', async () => {
  const live = new FakeLive();
  const served = await servedPage(cleanup, { live, points: [] });
  const { status, json } = await ask(served.port, '/api/peer?id=1');
  expect([status, json]).toEqual([
    200,
    {
      session: { address: '192.0.2.1:8333', session: 1, duration: 60 },
      messages: { recv_inv: 7, recv_inv_bytes: 427 },
    },
  ]);
  const refused = async (query: string): Promise<unknown> => {
    const answer = await ask(served.port, `/api/peer${query}`);
    return [answer.status, answer.json];
  };
  expect(await refused('?id=2')).toEqual([404, { error: 'peer 2 is not connected' }]);
  for (const query of ['', '?id=', '?id=-1', '?id=1e3', `?id=${'9'.repeat(16)}`])
    expect(await refused(query)).toEqual([
      400,
      { error: 'the parameter id is the number of a peer, such as id=7' },
    ]);
  expect(await refused('?id=1&all=1')).toEqual([400, { error: 'there is no parameter all; there are id' }]);
});

it('accepts fifty readers, and refuses the next', async () => {
  const served = await servedPage(cleanup, { live: new FakeLive(), points: [] });
  const streams = await Promise.all(Array.from({ length: 50 }, () => listen(served)));
  await until('all of them', () => streams.every((stream) => stream.named('status').length > 0));
  const { status, json, headers } = await ask(served.port, '/api/live');
  expect([status, json]).toEqual([503, { error: '50 streams are open already; close a page' }]);
  expect(headers['retry-after']).toBeDefined();
  streams[0]?.leave();
  await until('room for one more', async () => {
    const next = await listen(served);
    return next.response.status === 200;
  });
});

it('ends pipelined streams', async () => {
  const live = new FakeLive();
  const served = await servedPage(cleanup, { live, points: [] });
  const eager = cleanup.add(net.connect(served.port, '127.0.0.1'), (socket) => socket.destroy());
  eager.resume();
  eager.write('GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50));
  await until(
    'all of them',
    async () => (await ask(served.port, '/api/live', { method: 'HEAD' })).status === 503,
  );
  eager.destroy();
  await until('nobody to listen', () => live.listeners.size === 0);
  expect((await listen(served)).response.status).toBe(200);
});

it('ends the stream of a client that does not read it, and no other', async () => {
  const live = new FakeLive();
  const served = await servedPage(cleanup, { live, points: [] });
  const slow = cleanup.add(net.connect(served.port, '127.0.0.1'), (socket) => socket.destroy());
  slow.pause();
  slow.write('GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const good = await listen(served);
  await until('both', () => good.named('status').length > 0 && live.listeners.size === 1);
  const large = { ...block(1), status: 'x'.repeat(100_000) };
  await until('the slow one to be ended', () => {
    live.tell({ kind: 'block', block: large });
    return served.logged.length > 0;
  });
  expect(JSON.parse(served.logged[0] ?? '')).toMatchObject({
    message: 'a page did not read what it asked for; its stream was ended',
  });
  live.tell({ kind: 'block', block: block(9) });
  await until('the other to hear', () =>
    good.named('block').some((told) => (told as { height: number }).height === 9),
  );
});

it('ends with the session of its request', async () => {
  const token = 'a-token-of-the-test-0123456789';
  const served = await servedPage(cleanup, { token, live: new FakeLive(), points: [] });
  const begun = await ask(served.port, '/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const cookie = begun.headers['set-cookie']?.[0]?.split(';', 1).join() ?? '';
  const stream = await listen(served, { cookie });
  await until('the stream', () => stream.named('status').length > 0);
  expect(stream.ended()).toBe(false);
  await ask(served.port, '/logout', { method: 'POST', headers: { cookie } });
  await until('its end', () => stream.ended());
});

it('continues while others at its address guess the token', async () => {
  const token = 'a-token-of-the-test-0123456789';
  const served = await servedPage(cleanup, { token, live: new FakeLive(), points: [] });
  const stream = await listen(served, { authorization: `Bearer ${token}` });
  const wrong = { headers: { authorization: 'Bearer wrong' } };
  for (let count = 0; count < 10; count++)
    expect((await ask(served.port, '/api/info', wrong)).status).toBe(401);
  expect((await ask(served.port, '/api/info', wrong)).status).toBe(429);
  const told = stream.named('status').length;
  await until('two states more', () => stream.named('status').length > told + 1);
  expect(stream.ended()).toBe(false);
});

it('ends when the page does, immediately', async () => {
  const served = await servedPage(cleanup, { live: new FakeLive(), points: [] });
  const stream = await listen(served);
  await until('the stream', () => stream.named('status').length > 0);
  await served.page.close();
  await stream.reading;
  await expect(ask(served.port, '/')).rejects.toThrow('ECONNREFUSED');
});

it('tells the tree of the chain of a running node, and that there is none', async () => {
  const live = new FakeLive();
  const served = await servedPage(cleanup, { live, points: [] });
  const { status, json } = await ask(served.port, '/api/chain');
  expect([status, json]).toEqual([200, live.tree]);
  expect((await ask(served.port, '/api/chain?x=1')).status).toBe(400);
  const alone = await servedPage(cleanup, { points: [] });
  const refused = await ask(alone.port, '/api/chain');
  expect([refused.status, refused.json]).toEqual([
    404,
    { error: 'no node runs here that follows the chain' },
  ]);
});
