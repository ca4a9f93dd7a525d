import { BanPolicy } from '../../src/tap/ban-policy';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { Cleanup } from '../support/cleanup';
import { versionPayload } from '../support/fake-peer';
import { dialPort, endOf, startServer, startTap } from '../support/tap';
import { watchTap } from '../support/tap-node';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { magic } = NETWORKS.regtest;

it('refuses inbound peers that broke the protocol, and nobody else', async () => {
  const node = cleanup.add(await startServer(), (it) => it.stop());
  const tap = cleanup.add(await startTap({ targets: [node.port] }), (it) => it.process.close());
  const watched = watchTap(tap.bus);
  const banned: string[] = [];
  const policy = new BanPolicy({
    bus: watched.bus,
    ban: (connection) => tap.process.ban(connection),
    times: { unixTime: () => Date.now() / 1_000, monotonicMs: () => performance.now() },
    banned: ({ host }, reason) => banned.push(`${host} ${reason}`),
  });
  const dial = async (from: string) =>
    cleanup.add(await dialPort(tap.ports[0] ?? 0, from), (it) => it.destroy());

  const honest = await dial('127.0.0.2');
  const atNode = await node.next();
  honest.write(encodeFrame(magic, 'version', versionPayload()));
  // What the node sends is not its peer's.
  atNode.write(Buffer.concat([encodeFrame(magic, 'version', versionPayload()), Buffer.alloc(40, 7)]));
  // A message that can't be decoded may be of a later version.
  honest.write(encodeFrame(magic, 'inv', Buffer.of(0xff)));
  const culprit = await dial('127.0.0.3');
  const wrong = encodeFrame(magic, 'ping', Buffer.alloc(8));
  wrong.writeUInt32LE(1, 20);
  culprit.write(Buffer.concat([encodeFrame(magic, 'version', versionPayload()), wrong, wrong]));
  expect(await endOf(culprit)).toMatch(/end|ECONNRESET/);
  await until('the end of the culprit', () => tap.tapped.some(({ reason }) => reason === 'banned'));
  expect(banned).toEqual(['127.0.0.3 wrong-checksum']);
  expect(policy.size).toBe(1);

  const again = await dial('127.0.0.3').then(endOf, (error: unknown) => String(error));
  expect(again).toMatch(/end|ECONNRESET|EPIPE/);
  await until('its refusal', () => tap.refused.get('banned') === 1);
  await until('the violation of the honest peer', () => {
    watched.interval();
    return watched.sum('rejects', 'violations') >= 2;
  });
  expect(tap.tapped.filter(({ reason }) => reason === null)).toHaveLength(1);
  expect(watched.sum('rejects', 'total_disconnects')).toBe(2);
});
