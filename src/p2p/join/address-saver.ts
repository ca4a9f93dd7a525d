import { messageOf } from '../../lib/errors';
import { Throttle } from '../../lib/throttle';
import type { AddressManager } from './address-manager';
import type { AddressFile } from './address-file';
import type { Bans } from './bans';

/**
 * A change is saved after a second plus this time for each address, because writing more addresses takes
 * longer.
 */
const SAVE_MS = 1_000;
const SAVE_MS_AN_ADDRESS = 5;

export interface AddressSaverModules {
  readonly addrman: AddressManager;
  readonly bans: Bans;
  /** The file of both; null if they are not saved. */
  readonly file: AddressFile | null;
  readonly monotonicMs: () => number;
  readonly warn: (reason: string) => void;
}

/** Saves changes of addresses and bans to the disk, soon but not too often. */
export class AddressSaver {
  /** When to save, in monotonic milliseconds. */
  private saveAt = Infinity;

  private readonly mayWarn: Throttle;

  constructor(private readonly modules: AddressSaverModules) {
    this.mayWarn = new Throttle(modules.monotonicMs);
  }

  /** Notes that there is something to save. */
  changed(): void {
    const { addrman, monotonicMs } = this.modules;
    this.saveAt = Math.min(this.saveAt, monotonicMs() + SAVE_MS + SAVE_MS_AN_ADDRESS * addrman.size);
  }

  /** Saves if it is time to; to be called about every second. */
  tick(): void {
    if (this.modules.monotonicMs() >= this.saveAt) void this.save();
  }

  /**
   * Saves now. If that fails (the disk is full), tells the operator at most once a minute, and tries again.
   */
  async save(): Promise<void> {
    const { bans, addrman, file, warn } = this.modules;
    this.saveAt = Infinity;
    try {
      await file?.save(addrman, bans);
    } catch (error) {
      this.changed();
      if (this.mayWarn.allows()) warn(messageOf(error));
    }
  }
}
