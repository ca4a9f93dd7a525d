import { setImmediate } from 'node:timers/promises';
import type { CoinView, FullTX, ScriptRunner } from '../../bcoin/chain-parts';

/** How long scripts run, in milliseconds, before other requests such as value look-ups are answered. */
const TURN_MS = 20;

/**
 * Runs the scripts of a block's transactions one after the other, and lets other work run in between. bcoin's
 * chain alone would run them in one go, which takes seconds. It stops at the first script that fails.
 */
export class Scripts implements ScriptRunner {
  /** Whether scripts are run; blocks up to a checkpoint are known to be valid. */
  enabled = true;
  private last: Promise<void> = Promise.resolve();
  private turnEnds = 0;

  /** Must be called before each block. */
  begin(): void {
    this.last = Promise.resolve();
  }

  check(tx: FullTX, view: CoinView, flags: number): Promise<void> {
    if (!this.enabled) return Promise.resolve();
    this.last = this.last.then(async () => {
      if (performance.now() > this.turnEnds) {
        await setImmediate();
        this.turnEnds = performance.now() + TURN_MS;
      }
      tx.check(view, flags);
    });
    return this.last;
  }
}
