import { setImmediate } from 'node:timers/promises';
import type { CoinView, FullTX, ScriptRunner } from '../../bcoin/chain-parts';

/** How long scripts run before whoever asks for the value of an output gets an answer, in milliseconds. */
const TURN_MS = 20;

/**
 * Runs the scripts of a block's transactions one after the other, with time for other work in between; bcoin's chain alone
 * would run them all in one go, which takes seconds. The first that fails is the last that runs.
 */
export class Scripts implements ScriptRunner {
  /** Whether scripts are run at all; the blocks up to a checkpoint are known to be good. */
  enabled = true;
  private last: Promise<void> = Promise.resolve();
  private turnEnds = 0;

  /** To be called before each block. */
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
