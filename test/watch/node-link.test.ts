import { SystemClock } from '../../src/lib/clock';
import { systemTimer } from '../../src/lib/timer';
import { fixedLogin } from '../../src/watch/login';
import { NodeLink, isLasting } from '../../src/watch/node-link';
import type { NodePlace } from '../../src/watch/node-place';
import type { WatchGap } from '../../src/watch/watch-gap';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { type CutProxy, cutProxy } from '../support/cut-proxy';
import { type Reply, startHttpServer } from '../support/http-server';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';
import { placeAt } from './place-at';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A link, and all that it said. */
function linkTo(place: NodePlace, timer = systemTimer) {
  const lines: string[] = [];
  const gaps: WatchGap[] = [];
  const clock = new SystemClock();
  const link = cleanup.add(
    new NodeLink(place, 'regtest', {
      clock,
      timer,
      info: (line) => lines.push(`info ${line}`),
      warn: (line) => lines.push(`warn ${line}`),
      onGap: (gap) => gaps.push(gap),
    }),
    (it) => it.close(),
  );
  return { link, lines, gaps, clock };
}

const answer = (result: unknown): Reply => ({
  status: 200,
  text: JSON.stringify({ result, error: null, id: 1 }),
});
const error = (code: number, message: string): Reply => ({
  status: 500,
  text: JSON.stringify({ result: null, error: { code, message }, id: 1 }),
});

btcd.describe('the link to a btcd', (program) => {
  let node: Btcd;
  let proxy: CutProxy;

  beforeAll(async () => {
    node = await Btcd.start(program, { limited: { user: 'guest', password: 'g' } });
    proxy = await cutProxy(node.rpcPort);
  });
  afterAll(async () => {
    await proxy.stop();
    await node.stop();
  });
  const place = (parts: Partial<NodePlace> = {}): NodePlace => {
    const login = fixedLogin({ user: node.user, password: node.password }, 'the test');
    return placeAt({ port: node.rpcPort, login, ...parts });
  };

  it('says once that it is away and that it is back, and tells the gap', async () => {
    const { link, lines, gaps, clock } = linkTo(place());
    const name = `btcd at http://127.0.0.1:${node.rpcPort}`;
    const ask = () => link.ask(({ calls }) => calls.uptime());
    expect(link.state).toBe('new');
    expect(await ask()).toBeGreaterThanOrEqual(0);
    expect([link.state, link.identity?.version]).toEqual(['up', 260_000]);
    const beforeNs = clock.uniqueNs();
    await node.halt();
    for (let i = 0; i < 3; i++) expect(await ask()).toBeUndefined();
    expect([link.state, link.failure?.kind]).toEqual(['down', 'refused']);
    await node.run();
    expect(await ask()).toBeGreaterThanOrEqual(0);
    expect([link.state, link.failure]).toEqual(['up', undefined]);
    const refused = 'nobody listens there; does the node run, with its RPC on?';
    expect(lines).toEqual([
      `info ${name} (btcd) answers`,
      `warn ${name}: uptime: ${refused}`,
      `info ${name} (btcd) answers again`,
    ]);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.fromNs).toBeLessThan(beforeNs);
    expect(gaps[0]?.untilNs).toBeGreaterThan(beforeNs);
    expect(gaps[0]?.reason).toContain(refused);
  });

  it('says once, through restarts as well, what the limited user may not ask', async () => {
    const { link, lines } = linkTo(
      place({ login: fixedLogin({ user: 'guest', password: 'g' }, 'the test') }),
    );
    const ask = () => link.ask(({ calls }) => calls.peers());
    expect(await ask()).toBeUndefined();
    await node.halt();
    await link.ask(({ calls }) => calls.uptime());
    await node.run();
    expect(await ask()).toBeUndefined();
    expect(lines.filter((line) => line.includes('getpeerinfo'))).toHaveLength(1);
    expect(link.state).toBe('up');
  });

  it('is down while the node hangs, and comes back', async () => {
    const timer = new TestTimer();
    const { link, gaps } = linkTo(place({ port: proxy.port }), timer.start);
    const ask = () => link.ask(({ calls }) => calls.uptime());
    expect(await ask()).toBeGreaterThanOrEqual(0);
    proxy.hold();
    const before = proxy.connections();
    const hanging = ask();
    await until('the call', () => proxy.connections() > before);
    timer.pass(30_000);
    expect(await hanging).toBeUndefined();
    expect([link.state, link.failure?.kind]).toEqual(['down', 'timeout']);
    proxy.release();
    expect(await ask()).toBeGreaterThanOrEqual(0);
    expect(gaps.map(({ reason }) => reason)).toEqual([
      `btcd at http://127.0.0.1:${proxy.port}: uptime: no whole answer within 30 s`,
    ]);
  });
});

describe('a link', () => {
  it('says once that a node is away, whichever way that shows', async () => {
    const { port } = await fakeNode({ uptime: 7 });
    const proxy = cleanup.add(await cutProxy(port), (it) => it.stop());
    const { link, lines } = linkTo(placeAt({ port: proxy.port }));
    const ask = () => link.ask(({ calls }) => calls.uptime());
    expect(await ask()).toBe(7);
    proxy.refuse();
    expect([await ask(), link.failure?.kind]).toEqual([undefined, 'unreachable']);
    await proxy.stop();
    expect([await ask(), link.failure?.kind]).toEqual([undefined, 'refused']);
    expect(lines.filter((line) => line.includes('connection'))).toHaveLength(1);
    expect(lines.at(-1)).toContain('ended the connection without an answer');
  });

  it('says once that a node stops that answers nothing to its last calls', async () => {
    let reply: Reply = answer(0xdab5bffa);
    const server = cleanup.add(await startHttpServer(() => reply), (it) => it.stop());
    const { link, lines } = linkTo(placeAt({ port: server.port }));
    await link.ask(() => Promise.resolve());
    lines.length = 0;
    reply = { status: 200, text: '' };
    const ask = () => link.ask(() => link.client.call('uptime'));
    expect([await ask(), link.failure?.kind]).toEqual([undefined, 'unreachable']);
    await server.stop();
    expect([await ask(), link.failure?.kind]).toEqual([undefined, 'refused']);
    expect(lines).toEqual([
      `warn btcd at http://127.0.0.1:${server.port}: uptime: ended the connection without an answer`,
    ]);
  });

  it('waits for a node that is starting', async () => {
    let reply = error(-28, 'Loading block index...');
    const server = cleanup.add(await startHttpServer(() => reply), (it) => it.stop());
    const { link, lines } = linkTo(placeAt({ port: server.port }));
    for (let i = 0; i < 2; i++) expect(await link.ask(({ calls }) => calls.uptime())).toBeUndefined();
    expect(link.state).toBe('warming-up');
    expect(link.failure !== undefined && isLasting(link.failure)).toBe(false);
    expect(lines).toEqual([
      `warn btcd at http://127.0.0.1:${server.port}: getcurrentnet: Loading block index... (code -28)`,
    ]);
    reply = answer(0xd9b4bef9);
    expect(await link.ask(({ calls }) => calls.uptime())).toBeUndefined();
    expect(link.failure?.kind).toBe('other-network');
    expect(link.failure !== undefined && isLasting(link.failure)).toBe(true);
    expect(lines[1]).toContain('is on mainnet, and the listener on regtest');
  });

  it('identifies a node again that was away', async () => {
    let magic = 0xdab5bffa;
    const { link } = await fakeNode({ uptime: 7 }, () => magic);
    expect(await link.ask(({ calls }) => calls.uptime())).toBe(7);
    magic = 0xd9b4bef9;
    await link.ask(() => Promise.reject(link.client.failure('refused', 'uptime', 'it is away')));
    expect(link.state).toBe('down');
    expect(await link.ask(({ calls }) => calls.uptime())).toBeUndefined();
    expect(link.failure?.kind).toBe('other-network');
  });

  it('identifies the node once for all who ask at the same time', async () => {
    const { link, asked } = await fakeNode({ uptime: 7 });
    const all = Array.from({ length: 8 }, () => link.ask(({ calls }) => calls.uptime()));
    expect(await Promise.all(all)).toEqual(Array(8).fill(7));
    expect(asked('getcurrentnet')).toBe(1);
  });

  it('does not ask again for what the node refuses', async () => {
    const { link, asked } = await fakeNode({ uptime: 7 });
    for (let i = 0; i < 5; i++) expect(await link.ask(({ calls }) => calls.peers())).toBeUndefined();
    expect(asked('getpeerinfo')).toBe(1);
    expect(link.state).toBe('up');
  });

  it('stays up where one call fails', async () => {
    // One method is broken from the start, another one breaks later.
    const { link, lines, port, results } = await fakeNode({ uptime: 7, getpeerinfo: 'odd', getinfo: 'odd' });
    expect(await link.ask(({ calls }) => calls.uptime())).toBe(7);
    results['uptime'] = 'odd';
    for (let i = 0; i < 3; i++) expect(await link.ask(({ calls }) => calls.uptime())).toBeUndefined();
    expect(link.state).toBe('up');
    const odd = `warn btcd at http://127.0.0.1:${port}: uptime: does not answer with a number`;
    expect(lines.filter((line) => line.includes('uptime: '))).toEqual([odd]);
  });
});

/** A link to a node that knows `results` alone, by their methods, and which of its methods were asked. */
async function fakeNode(results: Record<string, unknown>, magic = () => 0xdab5bffa) {
  const server = cleanup.add(
    await startHttpServer(({ body }) => {
      const { method } = JSON.parse(body) as { method: string };
      if (method === 'getcurrentnet') return answer(magic());
      return method in results ? answer(results[method]) : error(-32_601, 'Method not found');
    }),
    (it) => it.stop(),
  );
  return {
    ...linkTo(placeAt({ port: server.port })),
    port: server.port,
    results,
    asked: (method: string) => server.received.filter(({ body }) => body.includes(`"${method}"`)).length,
  };
}
