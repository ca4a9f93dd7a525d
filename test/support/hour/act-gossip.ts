import { INV_TX } from '../../../src/wire/messages/inventory';
import { fakeHash } from '../fake-hash';
import { encodeFrame } from '../../../src/wire/framing';
import { NETWORKS } from '../../../src/wire/networks';
import { until } from '../until';
import type { Listener } from './listener';
import type { Stage } from './stage';

/** The default of `--tx-rate`. */
const TX_RATE = 200;
/** Announcements over that limit. */
export const HELD_BACK = 35;
/** All that `announceTooMuch` announces. */
export const ANNOUNCED = TX_RATE + HELD_BACK;

/** Long enough for the limit on requests to regain its whole allowance. */
const REST_MS = 1_100;

const MAPPED_IPV4 = Buffer.from('00000000000000000000ffff', 'hex');
const ONION_CAT = Buffer.from('fd87d87eeb43', 'hex');

/** An entry of `addr`: time 4, services 8, address 16, port 2. */
const addrEntry = (...address: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.alloc(12), Buffer.concat(address, 16), Buffer.alloc(2)]);

/** An entry of `addrv2`: time 4, services, network, length, address, port 2. */
const addrv2Entry = (network: number, address: Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(4), Buffer.of(0, network, address.length), address, Buffer.alloc(2)]);

const list = (entries: readonly Buffer[]): Buffer => Buffer.concat([Buffer.of(entries.length), ...entries]);

/** Sends addresses of every network, in both messages. */
export function tellAddresses({ scripted, record }: Pick<Stage, 'scripted' | 'record'>): void {
  const some = (length: number, first = 0x20): Buffer => Buffer.alloc(length, first);
  scripted.say(
    'addr',
    list([
      addrEntry(MAPPED_IPV4, some(4)),
      addrEntry(MAPPED_IPV4, some(4, 9)),
      addrEntry(some(16)),
      addrEntry(ONION_CAT, some(10)),
    ]),
  );
  scripted.say(
    'addrv2',
    list([
      addrv2Entry(1, some(4)),
      addrv2Entry(2, some(16)),
      addrv2Entry(4, some(32)),
      addrv2Entry(4, some(32, 8)),
      addrv2Entry(5, some(32)),
      addrv2Entry(6, some(16, 0xfc)),
      addrv2Entry(7, some(16, 2)),
      addrv2Entry(99, some(7)),
    ]),
  );
  const told = { ipv4: 3, ipv6: 2, torv2: 1, torv3: 2, i2p: 1, cjdns: 1, yggdrasil: 1, unknown: 1 };
  for (const [network, count] of Object.entries(told)) record.addresses.set(network, count);
}

/** Announces more at once than may be requested, of transactions that the peer then does not have. */
export async function announceTooMuch(
  stage: Pick<Stage, 'scripted' | 'pause'> & { readonly listeners: readonly Pick<Listener, 'untilRow'>[] },
): Promise<void> {
  await stage.pause(REST_MS);
  stage.scripted.announce(
    Array.from({ length: ANNOUNCED }, (_, i) => ({
      type: INV_TX,
      hash: fakeHash(`${String.fromCharCode(i & 0xff, i >> 8)}${'\xee'.repeat(30)}`),
    })),
  );
  for (const listener of stage.listeners)
    await listener.untilRow(
      'all to be asked for',
      `SELECT 1 AS one FROM inv HAVING sum(notfound) >= ${ANNOUNCED}`,
    );
}

/**
 * Breaks the protocol in ways that a connection survives, in one that it does not, and disconnects without a
 * reason.
 */
export async function misbehave({
  scripted,
  record,
  listeners,
}: Pick<Stage, 'scripted' | 'record'> & { readonly listeners: readonly unknown[] }): Promise<void> {
  const breaches: readonly (readonly [reason: string, command: string, payload: Buffer])[] = [
    ['malformed-tx', 'tx', Buffer.of(1, 2, 3)],
    ['malformed-block', 'block', Buffer.alloc(81, 1)],
    ['malformed-message', 'inv', Buffer.of(0xff)],
    [
      'invalid-tx',
      'tx',
      Buffer.from(`0200000001${'44'.repeat(32)}0500000000fdffffff01ffffffffffffff7f015100000000`, 'hex'),
    ],
    ['invalid-header', 'headers', Buffer.concat([Buffer.of(1), Buffer.alloc(81)])],
    ['duplicate-version', 'version', Buffer.alloc(86)],
  ];
  for (const [reason, command, payload] of breaches) {
    scripted.say(command, payload);
    record.violation(reason);
  }
  const back = async (what: string, connections: number): Promise<void> =>
    until(what, () => scripted.settled >= connections).then(() => undefined);
  const { length } = listeners;
  await back('the peer to be dialled again', 2 * length);

  const frame = encodeFrame(NETWORKS.regtest.magic, 'ping', Buffer.alloc(8));
  frame[20] = (frame[20] ?? 0) ^ 1;
  scripted.babble(frame);
  record.violation('wrong-checksum');
  await back('the peer to be dialled once more', 3 * length);
  scripted.hangUp();
  await back('the peer to be dialled at last', 4 * length);
}
