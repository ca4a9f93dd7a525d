import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { EventBus } from '../../src/lib/event-bus';
import { logClock } from '../../src/app/log-clock';
import { bcoinNetwork } from '../../src/bcoin/bcoin';
import type { P2PEvents, PeerInfo } from '../../src/p2p/p2p-events';
import { decodeVersion } from '../../src/wire/messages/version';
import { Session } from '../../src/bcoin/session';
import { SessionTerms } from '../../src/bcoin/session-terms';
import { versionPayload } from '../support/fake-peer';
import { somePeer } from '../support/points';

/** A log that listens to peers, with a clock that is off by this many seconds. */
function clocks() {
  const bus = new EventBus<P2PEvents>();
  const lines: string[] = [];
  const time = { offset: 0, uptime: 1_000 };
  const compare = logClock(
    bus,
    {
      warn: (message: unknown) => lines.push(`warn ${String(message)}`) as never,
      info: (message: unknown) => lines.push(`info ${String(message)}`) as never,
    },
    { unixTime: () => 1_800_000_000 + time.uptime + time.offset, uptime: () => time.uptime },
  );
  let id = 0;
  const meet = (ahead: number, outbound = true): PeerInfo => {
    const peer = { ...somePeer, id: ++id, outbound };
    const claims = decodeVersion(versionPayload());
    bus.emit('handshake', { peer, claims: { ...claims, time: BigInt(1_800_000_000 + time.uptime + ahead) } });
    return peer;
  };
  return { bus, lines, time, compare, meet };
}

describe('the clocks of the peers', () => {
  it('cause one warning if most of five disagree with ours, and one line when they agree again', () => {
    const { lines, time, compare, meet } = clocks();
    time.offset = -3 * 3_600;
    for (const ahead of [0, 5, -5, 1]) meet(ahead);
    expect(lines).toEqual([]);
    meet(0);
    meet(0);
    compare();
    expect(lines).toEqual([
      expect.stringMatching(/^warn the clock of this machine is 180 minutes behind those/),
    ]);
    time.uptime += 500;
    time.offset = 2;
    compare();
    compare();
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^info the clock .* agrees with those of the peers again/),
    ]);
    time.offset = 700;
    compare();
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^warn .* is 12 minutes ahead of those of the peers/),
    ]);
  });

  it('are not affected by two liars of five, by inbound peers, or by peers that are gone', () => {
    const { bus, lines, compare, meet } = clocks();
    for (let i = 0; i < 50; i++) meet(7_200, false);
    const gone = [meet(7_200), meet(7_200), meet(7_200), meet(7_200)];
    for (const peer of gone) bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    for (const ahead of [0, 0, 0, 10 ** 15, -(10 ** 8)]) meet(ahead);
    compare();
    expect(lines).toEqual([]);
  });
});

describe('a session', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([3_600_000, 30 * 86_400_000, -3_600_000])('survives a step of our clock by %i ms', async (step) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const session = new Session(
      new SessionTerms({
        ...{ network: bcoinNetwork('regtest'), protocolVersion: 70_016, userAgent: '/test/', features: [] },
        noRelay: false,
        services: 0,
      }),
      {
        connectMs: 10_000,
        openSocket: () => socket,
        createNonce: () => Buffer.alloc(8, 1),
        ...{ read: () => undefined, sent: () => undefined, drained: () => undefined },
        ...{ opened: () => undefined, failed: () => undefined, sessionEnded: () => undefined },
        ...{ isReady: () => true, encode: () => Buffer.alloc(24) },
      },
    );
    try {
      session.accept(socket);
      void session.tryOpen();
      session.lastRecv = Date.now();
      await new Promise((resolve) => setImmediate(resolve));
      const now = Date.now.bind(Date);
      const ahead = { ms: step };
      jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead.ms);
      session.maybeTimeout();
      expect(session.destroyed).toBe(false);
      // The wait for verack continues, and is over 10 s later.
      ahead.ms = step + 500;
      session.maybeTimeout();
      expect(session.destroyed).toBe(false);
      for (const response of session.responseMap.values()) response.timeout -= 11_000;
      session.maybeTimeout();
      expect(session.destroyed).toBe(true);
    } finally {
      session.destroy();
      server.close();
    }
  });
});
