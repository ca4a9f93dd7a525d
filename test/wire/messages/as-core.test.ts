import { SystemClock } from '../../../src/lib/clock';
import { EventBus } from '../../../src/lib/event-bus';
import type { P2PEvents } from '../../../src/p2p/p2p-events';
import { Pool } from '../../../src/p2p/pool';
import { NO_COMPACT } from '../../support/compact';
import { FakePeer, versionPayload } from '../../support/fake-peer';
import { until } from '../../support/until';
import { mineBlock, REGTEST } from '../../chain/mine';
import { buildTransaction } from '../build';
import { bytes, hash, HEADER, le, list } from './bytes';

const transaction = buildTransaction();
const block = mineBlock({ on: REGTEST.genesis, height: 1 });
const address = '00000000000000000000ffff01020304';

/**
 * What Core 31 does with payloads that end early or continue behind their last field
 * (`src/net_processing.cpp` ProcessMessage): it reads them silently, or finds them too short. A message that
 * Core reads is never malformed here.
 */
const TABLE: readonly (readonly [what: string, command: string, payload: Buffer, isRead: boolean])[] = [
  ['a ping without a nonce, of old peers', 'ping', bytes(), true],
  ['a ping of 4 bytes', 'ping', bytes(1, 2, 3, 4), false],
  ['a ping with bytes behind', 'ping', bytes(le(8, 1), 0), true],
  ['a feefilter with bytes behind', 'feefilter', bytes(le(8, 1), 0), true],
  ['a feefilter of 4 bytes', 'feefilter', le(4, 1), false],
  ['a sendcmpct with bytes behind', 'sendcmpct', bytes(1, le(8, 2), 7, 7), true],
  ['a sendcmpct without a version', 'sendcmpct', bytes(1), false],
  ['a sendheaders with bytes', 'sendheaders', bytes(1), true],
  ['a getheaders without a stop', 'getheaders', bytes(le(4, 70_016), 1, hash(1)), false],
  ['a getheaders with bytes behind', 'getheaders', bytes(le(4, 70_016), 1, hash(1), hash(0), 1), true],
  ['a getaddr with bytes', 'getaddr', bytes(1, 2, 3), true],
  ['an inv with bytes behind', 'inv', bytes(1, le(4, 3), hash(1), 9), true],
  ['headers that claim transactions', 'headers', list(2, bytes(HEADER, 1)), true],
  ['headers with bytes behind', 'headers', bytes(0, 1), true],
  ['an addr with times', 'addr', bytes(1, le(4, 1), le(8, 9), address, '208d'), true],
  ['an addr without times, of old peers', 'addr', bytes(1, le(8, 9), address, '208d'), false],
  [
    'an addrv2 with a Tor v2 address too long',
    'addrv2',
    bytes(1, le(4, 1), 9, 3, 5, '0102030405', '208d'),
    true,
  ],
  [
    'an addrv2 with an IPv4 address too long',
    'addrv2',
    bytes(1, le(4, 1), 9, 1, 5, '0102030405', '208d'),
    false,
  ],
  ['a reject of a transaction without its hash', 'reject', bytes(2, Buffer.from('tx'), 0x10, 0), true],
  ['a reject of a message', 'reject', bytes(5, Buffer.from('block'), 1, 0), true],
  ['a tx with bytes behind', 'tx', bytes(transaction, 0, 1), true],
  ['a tx cut short', 'tx', transaction.subarray(0, -1), false],
  ['a block with bytes behind', 'block', bytes(block, 0, 1), true],
  ['a block cut short', 'block', block.subarray(0, -1), false],
];

/** The listener's verdict on a peer that sends these messages after its handshake, and then a ping. */
async function verdictOn(
  version: Buffer,
  messages: readonly (readonly [string, Buffer])[],
): Promise<string[]> {
  const bus = new EventBus<P2PEvents>();
  const said: string[] = [];
  bus.on('violation', ({ reason }) => said.push(reason));
  bus.on('handshake', ({ claims }) => said.push(`height ${claims.startHeight}`));
  const peer = await FakePeer.start({
    onMessage: (connection, { command }) => {
      if (command === 'version') connection.send('version', version);
      if (command !== 'verack') return;
      connection.send('verack');
      for (const [name, payload] of messages) connection.send(name, payload);
      connection.send('ping', le(8, 0x5a5a));
    },
  });
  const pool = new Pool(
    {
      ...{ network: 'regtest', connect: [{ host: '127.0.0.1', port: peer.port }] },
      ...{ userAgent: '/test/', wtxidRelay: true, txPerSecond: 200 },
    },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT },
      reportUnreachable: () => said.push('no handshake'),
      fault: (error) => said.push(String(error)),
    },
  );
  pool.start();
  try {
    await until('an answer to the ping', () =>
      peer.connections.some(({ got }) =>
        got.some(({ command, payload }) => command === 'pong' && payload.equals(le(8, 0x5a5a))),
      ),
    );
  } finally {
    await pool.stop();
    await peer.stop();
  }
  return said;
}

it.each(TABLE)('%s (%s) is read as Core reads it', async (_, command, payload, isRead) => {
  const said = await verdictOn(versionPayload({ height: 3 }), [[command, payload]]);
  const malformed = { tx: 'malformed-tx', block: 'malformed-block' }[command] ?? 'malformed-message';
  expect(said).toEqual(isRead ? ['height 3'] : ['height 3', malformed]);
});

it.each([46, 72, 80, 81, 85, 86])(
  'shakes hands with a peer whose version ends after %i bytes',
  async (length) => {
    const version = versionPayload({ userAgent: '', height: 3 });
    expect(version).toHaveLength(86);
    const height = length < 85 ? -1 : 3;
    expect(await verdictOn(version.subarray(0, length), [])).toEqual([`height ${height}`]);
  },
);
