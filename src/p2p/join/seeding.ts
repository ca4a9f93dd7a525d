import { messageOf } from '../../lib/errors';
import type { NetworkName } from '../../wire/networks';
import type { AddressManager } from './address-manager';
import type { DnsSeed } from './dns-seeds';
import { isDialable, type Reaches } from './reachability';
import type { SeedSource } from './seed-source';
import { shuffled } from './shuffled';

/** When and how many seeds are asked if addresses are known; Core 31 `src/net.cpp` DNSSEEDS_*. */
const SEEDS_AT_ONCE = 3;
const WAIT_MS = 11_000;
const LONG_WAIT_MS = 300_000;
const MANY_ADDRESSES = 1_000;

/**
 * When all seeds were asked in vain, they are asked again after this time. It doubles each time, up to the
 * longest.
 */
const FIRST_ROUND_MS = 30_000;
const LONGEST_ROUND_MS = 3_600_000;

export interface SeedingModules {
  readonly network: NetworkName;
  readonly seeds: readonly DnsSeed[];
  readonly addrman: AddressManager;
  readonly source: SeedSource;
  readonly reaches: Reaches;
  /** Whether there are enough peers to do without seeds. */
  readonly isJoined: () => boolean;
  readonly changed: () => void;
  readonly told: (seed: string, addresses: number) => void;
  readonly failed: (seed: string, reason: string) => void;
}

/**
 * Asks the DNS seeds for nodes. If no node is known, all are asked at once; otherwise a few at a time, and
 * only while known nodes give no peers. Seeds are few and run by volunteers, and their operators learn who
 * starts to listen.
 */
export class Seeding {
  private timer: NodeJS.Timeout | undefined;
  private waiting: DnsSeed[] = [];
  private rounds = 0;
  private stopped = false;

  constructor(private readonly modules: SeedingModules) {}

  start(): void {
    const known = this.known();
    if (known === 0) void this.ask(this.modules.seeds.length);
    else this.wait(known >= MANY_ADDRESSES ? LONG_WAIT_MS : WAIT_MS);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.modules.source.cancel();
  }

  private wait(ms: number): void {
    if (this.stopped || this.modules.seeds.length === 0) return;
    this.timer = setTimeout(() => {
      if (this.modules.isJoined()) this.wait(LONG_WAIT_MS);
      else void this.ask(SEEDS_AT_ONCE);
    }, ms);
  }

  private async ask(count: number): Promise<void> {
    if (this.waiting.length === 0) this.waiting = shuffled(this.modules.seeds);
    await Promise.all(this.waiting.splice(0, count).map((seed) => this.askOne(seed)));
    if (this.waiting.length > 0) this.wait(WAIT_MS);
    else this.wait(Math.min(LONGEST_ROUND_MS, FIRST_ROUND_MS * 2 ** this.rounds++));
  }

  private async askOne(seed: DnsSeed): Promise<void> {
    const { changed, failed, source, told } = this.modules;
    let added: number;
    try {
      added = await source.ask(seed);
    } catch (error) {
      if (!this.stopped) failed(seed.host, messageOf(error));
      return;
    }
    if (added > 0) changed();
    told(seed.host, added);
  }

  /** Number of known addresses that can be dialled. */
  private known(): number {
    const { addrman, network, reaches } = this.modules;
    let count = 0;
    for (const known of addrman.addresses()) if (isDialable(network, known, reaches)) count++;
    return count;
  }
}
