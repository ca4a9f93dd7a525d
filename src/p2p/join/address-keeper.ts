import { messageOf } from '../../lib/errors';
import { Throttle } from '../../lib/throttle';
import type { AddressBook } from './address-book';
import type { AddressFile } from './address-file';
import type { Bans } from './bans';

/**
 * What was learned is on the disk after a second and, as writing takes longer the more there is, so much for
 * each address.
 */
const SAVE_MS = 1_000;
const SAVE_MS_AN_ADDRESS = 5;

/** What keeping addresses works with. */
export interface AddressKeeperModules {
  readonly book: AddressBook;
  readonly bans: Bans;
  /** Where both are kept; null where they are not. */
  readonly file: AddressFile | null;
  readonly monotonicMs: () => number;
  readonly warn: (reason: string) => void;
}

/** Sees to it that what is learned of addresses gets to the disk, soon and not too often. */
export class AddressKeeper {
  /** When to save, on the monotonic clock. */
  private saveAt = Infinity;

  private readonly mayWarn: Throttle;

  constructor(private readonly modules: AddressKeeperModules) {
    this.mayWarn = new Throttle(modules.monotonicMs);
  }

  /** Notes that there is something to keep. */
  changed(): void {
    const { book, monotonicMs } = this.modules;
    this.saveAt = Math.min(this.saveAt, monotonicMs() + SAVE_MS + SAVE_MS_AN_ADDRESS * book.size);
  }

  /** Saves where it is time to; to be called every second or so. */
  tick(): void {
    if (this.modules.monotonicMs() >= this.saveAt) void this.save();
  }

  /** Saves now. Where that fails (disk full), the operator is told, once a minute, and it is tried again. */
  async save(): Promise<void> {
    const { bans, book, file, warn } = this.modules;
    this.saveAt = Infinity;
    try {
      await file?.save(book, bans);
    } catch (error) {
      this.changed();
      if (this.mayWarn.allows()) warn(messageOf(error));
    }
  }
}
