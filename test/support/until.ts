import { setTimeout as sleep } from 'node:timers/promises';

/** Options of {@link until}. */
export interface Patience {
  /** Default 30,000. */
  readonly ms?: number;
  /** Asked each time: why waiting makes no sense any more, or undefined. */
  readonly giveUp?: () => string | undefined;
}

/**
 * Asks again and again until `probe` gives something other than undefined or false, and returns that. A probe
 * that throws (a server that does not answer yet) is asked again.
 * @throws Error that names what was awaited in vain
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { ms = 30_000, giveUp }: Patience = {},
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    let thrown = '';
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      thrown = `: ${String(error)}`;
    }
    const reason = giveUp?.();
    if (reason !== undefined) throw new Error(`waited in vain for ${what}${thrown}: ${reason}`);
    if (Date.now() > deadline) throw new Error(`waited ${ms / 1000} s in vain for ${what}${thrown}`);
    await sleep(20);
  }
}
