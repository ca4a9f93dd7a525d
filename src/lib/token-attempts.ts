import { sourceOf } from './address-source';

/** Wrong tokens that one source may send in a window. */
const MAX_FAILED = 10;

const WINDOW_MS = 60_000;

/** Sources that are counted one by one. All further ones are counted together. */
const MAX_SOURCES = 1_000;

/** Counts wrong tokens by their source, so that nobody can go on guessing. */
export class TokenAttempts {
  private failed = new Map<string, number>();
  private total = 0;
  private windowEnds = 0;

  /** @param modules `nowMs` gives milliseconds on a clock that never steps */
  constructor(private readonly modules: { readonly nowMs: () => number; readonly warn: Warn }) {}

  /** Seconds until `address` may try again; 0 where it may try now. */
  waitS(address: string): number {
    this.roll();
    const failed = this.failed.get(this.countedAs(address)) ?? 0;
    return failed < MAX_FAILED ? 0 : Math.max(1, Math.ceil((this.windowEnds - this.modules.nowMs()) / 1_000));
  }

  /**
   * Counts a wrong token. The first one of a window is logged, with the number of those before it that were
   * not logged.
   */
  fail(address: string): void {
    this.roll();
    const source = this.countedAs(address);
    this.failed.set(source, (this.failed.get(source) ?? 0) + 1);
    if (this.failed.size === 1 && this.failed.get(source) === 1) {
      this.modules.warn('a wrong token for the page', { from: address, failed: this.total + 1 });
      this.total = 0;
    } else this.total++;
  }

  private roll(): void {
    const now = this.modules.nowMs();
    if (now < this.windowEnds) return;
    this.windowEnds = now + WINDOW_MS;
    this.failed = new Map();
  }

  /** The source that an address is counted as. */
  private countedAs(address: string): string {
    const source = sourceOf(address);
    return this.failed.has(source) || this.failed.size < MAX_SOURCES ? source : 'others';
  }
}

/** Where warnings go. */
export type Warn = (message: string, details: Readonly<Record<string, unknown>>) => void;
