import { MAX_ADDRESSES, type NetworkAddress } from '../../wire/messages/network-address';
import type { AddressManager } from './address-manager';
import { isTerrible, type KnownAddress } from './known-address';
import { shuffled } from './shuffled';

/**
 * How much of the known addresses is sent, in percent; Core 31 `src/net_processing.cpp` MAX_PCT_ADDR_TO_SEND.
 */
const PERCENT = 23;

const HOUR_MS = 3_600_000;

/** How long a response is cached; Core 31 `src/net.cpp` CConnman::GetAddresses. */
const LEAST_LIFE_MS = 21 * HOUR_MS;
const MORE_LIFE_MS = 6 * HOUR_MS;

/** How long an empty response is cached, so that not every request searches all addresses. */
const NOTHING_LIFE_MS = 60_000;

/**
 * The response to `getaddr`: a sample of the known addresses. It is the same for all peers for about a day,
 * so that nobody can read or watch all addresses by asking often.
 */
export class AddrResponseCache {
  private answer: readonly NetworkAddress[] = [];
  private expires = -Infinity;

  constructor(
    private readonly addrman: AddressManager,
    private readonly monotonicMs: () => number,
    private readonly unixTime: () => number,
  ) {}

  /** At most 1,000 addresses and 23 % of all; none if there are too few. */
  addresses(): readonly NetworkAddress[] {
    const now = this.monotonicMs();
    if (now < this.expires) return this.answer;
    const count = Math.min(MAX_ADDRESSES, Math.floor((this.addrman.size * PERCENT) / 100));
    if (count === 0) return [];
    const good = [...this.addrman.addresses()].filter((known) => !isTerrible(known, this.unixTime()));
    this.answer = shuffled(good, count).map(copyOf);
    const life = this.answer.length > 0 ? LEAST_LIFE_MS + Math.random() * MORE_LIFE_MS : NOTHING_LIFE_MS;
    this.expires = now + life;
    return this.answer;
  }
}

/** A copy of the present entry: later changes would reveal our connections. */
function copyOf({ time, services, network, address, port }: KnownAddress): NetworkAddress {
  return { time, services, network, address, port };
}
