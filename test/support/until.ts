import { setTimeout as sleep } from 'node:timers/promises';

/** Options of {@link until}. */
export interface Patience {
  /** Default 60,000. Only a failing test waits that long, and the machine may be busy. */
  readonly ms?: number;
  /** Called each time. Returns why waiting makes no sense any more, or undefined. */
  readonly giveUp?: () => string | undefined;
}

/**
 * Calls `probe` again and again until it returns something other than undefined or false, and returns that. A
 * probe that throws, such as one of a server that does not answer yet, is called again.
 * @throws Error that names what was awaited in vain
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { ms = 60_000, giveUp }: Patience = {},
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
