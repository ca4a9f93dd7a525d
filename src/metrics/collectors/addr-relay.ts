import { parseHost } from '../../p2p/join/host';
import type { RawAddress } from '../../p2p/join/ip';
import { hostIn } from '../../p2p/peer-network';
import type { NetworkAddress } from '../../wire/messages/network-address';
import type { CollectorFactory } from '../collector';
import type { FieldsOf } from '../schema';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** Core 31 `src/addrman.cpp` ADDRMAN_HORIZON. */
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

/** Times that Core does not believe (Core 31 `src/net_processing.cpp` ProcessAddrs). */
const LEAST_TIME = 100_000_000;
const MOST_AHEAD = 10 * MINUTE;

const ZEROS = {
  messages: 0,
  entries: 0,
  ipv4: 0,
  ipv6: 0,
  torv2: 0,
  torv3: 0,
  i2p: 0,
  cjdns: 0,
  yggdrasil: 0,
  unknown: 0,
  rate_limited: 0,
  self_announced: 0,
  fresh: 0,
  month_old: 0,
  year_old: 0,
  wrong_time: 0,
  tried: 0,
  reachable: 0,
} as const satisfies FieldsOf<'addr_relay'>;

type Counts = Record<keyof typeof ZEROS, number>;

/** `addr_relay`: the addresses that peers sent in an interval, by network and age, and which were tried. */
export const addrRelay: CollectorFactory = ({ emit, unixTime }) => {
  let counts: Counts = { ...ZEROS };
  return {
    name: 'addr_relay',
    on: {
      addresses: ({ peer, addresses }) => {
        counts.messages++;
        counts.entries += addresses.length;
        const now = unixTime();
        // Null for a peer that was reached by a DNS name.
        const sender = parseHost(hostIn(peer.address));
        for (const address of addresses) {
          counts[address.network]++;
          if (sender !== null && isSame(sender, address)) counts.self_announced++;
          countAge(counts, now, address.time);
        }
      },
      addressesLimited: ({ count }) => (counts.rate_limited += count),
      addressTried: ({ isReachable }) => {
        counts.tried++;
        if (isReachable) counts.reachable++;
      },
    },
    interval: () => {
      emit('addr_relay', counts);
      counts = { ...ZEROS };
    },
  };
};

function isSame(one: RawAddress, { network, address }: NetworkAddress): boolean {
  return one.network === network && one.address.equals(address);
}

/** @param time when the node was last seen, as the sender claims, Unix time in seconds */
function countAge(counts: Counts, now: number, time: number): void {
  if (time <= LEAST_TIME || time > now + MOST_AHEAD) {
    counts.wrong_time++;
    return;
  }
  const age = now - time;
  if (age <= DAY) counts.fresh++;
  if (age > MONTH) counts.month_old++;
  if (age > YEAR) counts.year_old++;
}
