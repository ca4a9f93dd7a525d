import { randomBytes } from 'node:crypto';
import { EventBus } from '../../src/lib/event-bus';
import type { Direction } from '../../src/tap/copy-format';
import type { TapEvents } from '../../src/tap/tap-events';
import { TapReader } from '../../src/tap/tap-reader';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { versionPayload } from '../support/fake-peer';

const { magic } = NETWORKS.mainnet;

/** A reader, and all that it told, in its order. */
function reading(): { reader: TapReader; told: string[]; skipped: Map<number, number> } {
  const bus = new EventBus<TapEvents>();
  const told: string[] = [];
  const skipped = new Map<number, number>();
  bus.on('message', ({ command, connection, direction, bytes }) =>
    told.push(`${connection.id} ${direction} ${command} ${bytes}`),
  );
  bus.on('handshake', ({ connection, claims }) =>
    told.push(`${connection.id} handshake ${claims.userAgent}`),
  );
  bus.on('opaque', ({ connection, direction, protocol }) =>
    told.push(`${connection.id} ${direction} opaque ${protocol}`),
  );
  bus.on('violation', ({ connection, direction, reason }) =>
    told.push(`${connection.id} ${direction} ${reason}`),
  );
  bus.on('closed', ({ connection, established, reason }) =>
    told.push(`${connection.id} ${reason} ${String(established)}`),
  );
  bus.on('skipped', ({ bytes, connection: { id } }) => skipped.set(id, (skipped.get(id) ?? 0) + bytes));
  return { reader: new TapReader(magic, bus), told, skipped };
}

const open = (reader: TapReader, id: number): void =>
  reader.opened(id, { outbound: false, host: '192.0.2.1', port: id, seenAs: '127.0.0.1:1' }, 0);

const version = (userAgent: string): Buffer => encodeFrame(magic, 'version', versionPayload({ userAgent }));
const verack = encodeFrame(magic, 'verack', Buffer.alloc(0));

it('tells a handshake when version and verack went both ways, with the claims of both sides', () => {
  const { reader, told } = reading();
  open(reader, 1);
  const sent: readonly (readonly [Direction, Buffer])[] = [
    ['in', version('/peer/')],
    ['out', version('/node/')],
    ['out', verack],
    ['in', verack],
  ];
  for (const [direction, bytes] of sent) reader.data(1, direction, bytes, 1);
  const [connection] = reader.open();
  expect(connection).toMatchObject({
    claims: { userAgent: '/peer/' },
    nodeClaims: { userAgent: '/node/' },
    established: true,
    address: '192.0.2.1:1',
  });
  reader.closed(1, { reason: 'closed-by-peer', bytes: { in: 0, out: 0 } }, 2);
  expect(told.slice(-3)).toEqual(['1 in verack 24', '1 handshake /peer/', '1 closed-by-peer true']);
  expect([...reader.open()]).toEqual([]);
});

it('takes a version that can’t be decoded', () => {
  const { reader, told } = reading();
  open(reader, 1);
  for (const direction of ['in', 'out'] as const) {
    reader.data(1, direction, encodeFrame(magic, 'version', Buffer.alloc(3)), 1);
    reader.data(1, direction, verack, 1);
  }
  expect(told).toEqual(['1 in version 27', '1 in verack 24', '1 out version 27', '1 out verack 24']);
});

it.each([
  ['encrypted', randomBytes(64).fill(0x80, 0, 16), 'encrypted-transport'],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'http'],
  ['TLS', Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), randomBytes(64)]), 'tls'],
  ['another network', encodeFrame(NETWORKS.signet.magic, 'version', versionPayload()), 'wrong-network'],
])('counts the bytes of a stream that is %s, both ways, and reads nothing', (_what, bytes, protocol) => {
  const { reader, told, skipped } = reading();
  open(reader, 1);
  reader.data(1, 'out', version('/node/').subarray(0, 50), 1);
  for (const byte of bytes) reader.data(1, 'in', Buffer.of(byte), 1);
  reader.data(1, 'out', verack, 1);
  reader.gap(1, 'out', 1_000, 1);
  const [connection] = reader.open();
  expect(connection).toMatchObject({ isOpaque: true, bytes: { in: bytes.length, out: 1_074 } });
  reader.closed(1, { reason: 'closed-by-node', bytes: { in: 0, out: 0 } }, 1);
  expect(told).toEqual([`1 in opaque ${protocol}`, '1 closed-by-node false']);
  expect(skipped.size).toBe(0);
});

it('reads a connection whose beginning is missing', () => {
  const { reader, told, skipped } = reading();
  open(reader, 1);
  reader.gap(1, 'in', 5_000, 1);
  reader.data(1, 'in', Buffer.concat([randomBytes(30).fill(1, 0, 4), verack, verack]), 1);
  reader.closed(1, { reason: 'closed-by-peer', bytes: { in: 0, out: 0 } }, 1);
  expect(told).toEqual(['1 in verack 24', '1 in verack 24', '1 closed-by-peer false']);
  expect(skipped.get(1)).toBe(5_030);
});

it('tells a violation by a peer, and reads on behind it', () => {
  const { reader, told } = reading();
  open(reader, 1);
  reader.data(1, 'in', version('/peer/'), 1);
  reader.data(1, 'in', Buffer.from(verack).fill(9, 20), 1);
  reader.data(1, 'in', verack, 1);
  expect(told.slice(1)).toEqual(['1 in wrong-checksum', '1 in verack 24']);
});

it('holds incomplete messages of many connections in bounded memory, and gives up the oldest', () => {
  const { reader, told, skipped } = reading();
  const block = encodeFrame(magic, 'block', Buffer.alloc(3_900_000, 5));
  const part = block.subarray(0, block.length - 1);
  const honest = 1;
  open(reader, honest);
  reader.data(honest, 'in', version('/honest/'), 1);
  for (let id = 2; id <= 101; id++) {
    open(reader, id);
    reader.data(id, 'in', version('/x/'), 1);
    // An honest block comes in pieces meanwhile.
    const piece = 1_000_000 * ((id - 2) % 4);
    reader.data(honest, 'in', block.subarray(piece, piece + 1_000_000), 1);
    for (let at = 0; at < part.length; at += 65_536) reader.data(id, 'in', part.subarray(at, at + 65_536), 1);
  }
  const given = [...skipped].filter(([, bytes]) => bytes > 0);
  // 100 parts of 3.9 MB came; 16 of them are held at most.
  expect(given.length).toBeGreaterThanOrEqual(84);
  expect(given.map(([id]) => id)).not.toContain(honest);
  expect(told.filter((line) => line === `${honest} in block ${block.length}`)).toHaveLength(25);
  // One that was given up is read again from its next message on.
  const [[first] = [0]] = given;
  reader.data(first, 'in', block.subarray(block.length - 1), 1);
  reader.data(first, 'in', verack, 1);
  expect(told.at(-1)).toBe(`${first} in verack 24`);
  expect(skipped.get(first)).toBe(block.length);
});
