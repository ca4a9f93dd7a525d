import { Connections } from '../../../src/p2p/connections';
import type { DisconnectReason } from '../../../src/p2p/p2p-events';
import { type OpenConnection, refusalOf as refusal } from '../../../src/p2p/join/inbound-limits';

const LIMITS = { network: 'mainnet', max: 64 } as const;

/** Why an inbound connection is refused while these connections are open. */
function refusalOf(host: string, open: readonly OpenConnection[], limits: typeof LIMITS, now: number) {
  const connections = new Connections<OpenConnection>('mainnet');
  for (const connection of open) connections.add(connection);
  return refusal(host, connections, limits, now);
}

interface Guest extends OpenConnection {
  readonly ends: DisconnectReason[];
}

let lastId = 0;

const guest = (host: string, more: Partial<OpenConnection> = {}): Guest => {
  const ends: DisconnectReason[] = [];
  return {
    ...{ id: ++lastId, port: 8333, host, outbound: false, established: true, openedAt: 0, ends },
    close: (reason) => ends.push(reason),
    ...more,
  };
};

const times = (count: number, host: (i: number) => string, more?: Partial<OpenConnection>): Guest[] =>
  Array.from({ length: count }, (_, i) => guest(host(i), more));

describe('an inbound connection', () => {
  it('is accepted up to the limit', () => {
    const guests = times(63, (i) => `${20 + i}.1.1.1`);
    expect(refusalOf('9.9.9.9', guests, LIMITS, 0)).toBeUndefined();
    expect(refusalOf('9.9.9.9', [...guests, guest('8.8.8.8')], LIMITS, 0)).toBe('inbound-full');
  });

  it('does not count outbound ones towards the limit', () => {
    const dialled = times(64, (i) => `${20 + i}.1.1.1`, { outbound: true });
    expect(refusalOf('9.9.9.9', dialled, LIMITS, 0)).toBeUndefined();
  });

  it('is refused above an eighth of the limit from one address', () => {
    const seven = times(7, () => '9.9.9.9');
    expect(refusalOf('9.9.9.9', seven, LIMITS, 0)).toBeUndefined();
    const eight = [...seven, guest('9.9.9.9')];
    expect(refusalOf('9.9.9.9', eight, LIMITS, 0)).toBe('inbound-share');
    expect(refusalOf('9.9.9.8', eight, LIMITS, 0)).toBeUndefined();
  });

  it('is refused above a quarter of the limit from one netgroup', () => {
    const sixteen = times(16, (i) => `9.9.${i}.1`);
    expect(refusalOf('9.9.200.1', sixteen, LIMITS, 0)).toBe('inbound-share');
    expect(refusalOf('9.8.200.1', sixteen, LIMITS, 0)).toBeUndefined();
    const sixteen6 = times(16, (i) => `2a00:1450:${i}::1`);
    expect(refusalOf('2a00:1450:aaaa::1', sixteen6, LIMITS, 0)).toBe('inbound-share');
  });

  it('is refused if we have dialled the same address', () => {
    const dialled = [guest('9.9.9.9', { outbound: true })];
    expect(refusalOf('9.9.9.9', dialled, LIMITS, 0)).toBe('duplicate');
  });

  it('from this machine has no share, and may be there twice', () => {
    const guests = [...times(63, () => '127.0.0.1'), guest('127.0.0.1', { outbound: true })];
    expect(refusalOf('127.0.0.1', guests, LIMITS, 0)).toBeUndefined();
    expect(refusalOf('127.0.0.1', [...guests, guest('::1')], LIMITS, 0)).toBe('inbound-full');
  });

  it('replaces the oldest one without a handshake in two seconds', () => {
    const idle = [
      guest('7.7.7.7', { established: false }),
      guest('6.6.6.6', { established: false, openedAt: 1 }),
    ];
    const guests = [...times(62, (i) => `${20 + i}.1.1.1`), ...idle];
    expect(refusalOf('9.9.9.9', guests, LIMITS, 2_000)).toBe('inbound-full');
    expect(idle.map(({ ends }) => ends)).toEqual([[], []]);
    expect(refusalOf('9.9.9.9', guests, LIMITS, 2_002)).toBeUndefined();
    expect(idle.map(({ ends }) => ends)).toEqual([['inbound-full'], []]);
  });
});
