import { GRID_NS } from '../../../src/lib/point-times';
import { watchedNetworkOf } from '../../../src/watch/series/watched-network';
import { startHttpServer } from '../../support/http-server';
import { Cleanup } from '../../support/cleanup';
import { until } from '../../support/until';
import { monitored } from '../monitored';
import { placeAt } from '../place-at';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe('the network of a peer', () => {
  it.each([
    ['192.0.2.7:8333', 'not_publicly_routable'],
    ['8.8.8.8:8333', 'ipv4'],
    ['127.0.0.1:50000', 'not_publicly_routable'],
    ['[2a01:4f8::1]:8333', 'ipv6'],
    ['[::1]:8333', 'not_publicly_routable'],
    ['[fe80::1%eth0]:8333', 'not_publicly_routable'],
    ['[fd87:d87e:eb43:1:2:3:4:5]:8333', 'onion'],
    [`${'a'.repeat(56)}.onion:8333`, 'onion'],
    [`${'a'.repeat(52)}.b32.i2p:0`, 'i2p'],
    ['[fc00:3::4]:8333', 'cjdns'],
    ['[fd00::4]:8333', 'not_publicly_routable'],
    ['nonsense', undefined],
    ['', undefined],
  ])('at %s is %s where the node does not tell it', (address, network) => {
    expect(watchedNetworkOf({ network: undefined, address } as never)).toBe(network);
  });

  it('is what the node tells, if that is known', () => {
    expect(watchedNetworkOf({ network: 'cjdns', address: '[fc00::1]:8333' } as never)).toBe('cjdns');
    expect(watchedNetworkOf({ network: 'carrier pigeon', address: '8.8.8.8:1' } as never)).toBeUndefined();
  });
});

it('bounds what strangers call themselves', async () => {
  const names = [...Array.from({ length: 5 }, (_, i) => `/agent ${i}/`), 'ü\n"\\'.repeat(100)];
  const peers = names.map((subver, id) => ({
    id,
    addr: '8.8.8.8:1',
    version: 70_016,
    subver,
    services: '9',
  }));
  // One whose version has not come yet.
  const all = [...peers, { id: 99, addr: '8.8.4.4:1', version: 0, subver: '' }];
  const results: Readonly<Record<string, unknown>> = {
    getcurrentnet: 0xdab5bffa,
    uptime: 1,
    getpeerinfo: all,
  };
  const server = await startHttpServer(({ body }) => {
    // The websocket.
    if (body === '') return { status: 404 };
    const { method } = JSON.parse(body) as { method: string };
    const result = results[method];
    const error = result === undefined ? { code: -32_601, message: 'Method not found' } : null;
    return { status: 200, text: JSON.stringify({ result: result ?? null, error, id: 1 }) };
  });
  cleanup.add(server, (it) => it.stop());
  const { monitor, interval, of } = monitored(placeAt({ port: server.port }), { maxUserAgents: 3 });
  cleanup.add(monitor, (it) => it.stop());
  await monitor.start();
  const gauges = await until('the gauges', () => interval().find(({ series }) => series === 'peers'));
  expect(gauges.fields).toMatchObject({ total_connected: 6, ipv4: 6 });
  const tags = of('peers').map((point) => point.tags['user_agent']);
  expect(tags.filter((tag) => tag !== undefined)).toEqual([
    ...['/agent 0/', '/agent 1/', '/agent 2/'],
    ...['other', 'other', 'other'],
  ]);
  const agents = of('node_peers').map(({ fields }) => String(fields['user_agent']));
  expect(agents).toHaveLength(6);
  expect(agents[5]).toMatch(/^[\x20-\x7e]{1,64}$/);
  // A reader sees by their times that they are of one answer.
  const times = of('node_peers').map(({ time }) => time);
  expect(times.slice(1).map((time, at) => time - (times[at] ?? 0n))).toEqual(Array(5).fill(GRID_NS));
});
