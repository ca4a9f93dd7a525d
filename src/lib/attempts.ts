import { isIPv6 } from 'node:net';

/** Wrong tokens that one place may give in a window. */
const MAX_FAILED = 10;

const WINDOW_MS = 60_000;

/** Places that are told apart; all further ones share one account. */
const MAX_PLACES = 1_000;

/** Counts wrong tokens by where they come from, so that nobody can go on guessing. */
export class Attempts {
  private failed = new Map<string, number>();
  private total = 0;
  private windowEnds = 0;

  /** `nowMs` is on a clock that never steps. */
  constructor(private readonly modules: { readonly nowMs: () => number; readonly warn: Warn }) {}

  /** Seconds until `address` may try again; 0 where it may now. */
  waitS(address: string): number {
    this.roll();
    const failed = this.failed.get(this.placeOf(address)) ?? 0;
    return failed < MAX_FAILED ? 0 : Math.max(1, Math.ceil((this.windowEnds - this.modules.nowMs()) / 1_000));
  }

  /** Notes a wrong token. The first of a window is logged, with how many there were in the one before. */
  fail(address: string): void {
    this.roll();
    const place = this.placeOf(address);
    this.failed.set(place, (this.failed.get(place) ?? 0) + 1);
    if (this.failed.size === 1 && this.failed.get(place) === 1) {
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

  /** An address, of IPv6 the /64 that one customer has. */
  private placeOf(address: string): string {
    const plain = address.replace(/^::ffff:/, '');
    const place = isIPv6(plain) ? networkOf(plain) : plain;
    return this.failed.has(place) || this.failed.size < MAX_PLACES ? place : 'others';
  }
}

/** The first four of the eight groups of an address; `::` stands for as many as there lack. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const rest = tail === undefined ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  // A proxy may write an address otherwise than Node.js does.
  const four = [...groups, ...zeros, ...rest].slice(0, 4);
  return four.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

/** Where warnings go. */
export type Warn = (message: string, details: Readonly<Record<string, unknown>>) => void;
