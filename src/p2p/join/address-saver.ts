import { messageOf } from '../../lib/errors';
import { Seldom } from '../../lib/seldom';
import type { AddressManager } from './address-manager';
import type { AddressFile } from './address-file';
import type { Bans } from './bans';

/**
 * What was learned is on the disk after a second and, as writing takes longer the more there is, so much for
 * each address.
 */
const SAVE_MS = 1_000;
const SAVE_MS_AN_ADDRESS = 5;

/** What keeping addresses works with. */
export interface AddressSaverModules {
  readonly addrman: AddressManager;
  readonly bans: Bans;
  /** Where both are kept; null where they are not. */
  readonly file: AddressFile | null;
  readonly monotonicMs: () => number;
  readonly warn: (reason: string) => void;
}

/** Sees to it that what is learned of addresses gets to the disk, soon and not too often. */
export class AddressSaver {
  /** When to save, on the monotonic clock. */
  private saveAt = Infinity;

  private readonly mayWarn: Seldom;

  constructor(private readonly modules: AddressSaverModules) {
    this.mayWarn = new Seldom(modules.monotonicMs);
  }

  /** Notes that there is something to keep. */
  changed(): void {
    const { addrman, monotonicMs } = this.modules;
    this.saveAt = Math.min(this.saveAt, monotonicMs() + SAVE_MS + SAVE_MS_AN_ADDRESS * addrman.size);
  }

  /** Saves where it is time to; to be called every second or so. */
  tick(): void {
    if (this.modules.monotonicMs() >= this.saveAt) void this.save();
  }

  /** Saves now. Where that fails (disk full), the operator is told, once a minute, and it is tried again. */
  async save(): Promise<void> {
    const { bans, addrman, file, warn } = this.modules;
    this.saveAt = Infinity;
    try {
      await file?.save(addrman, bans);
    } catch (error) {
      this.changed();
      if (this.mayWarn.may()) warn(messageOf(error));
    }
  }
}
