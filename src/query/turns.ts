import { FailureError } from '../lib/errors';

/** The question can't be answered now: too many wait, or the node stops. */
export class BusyError extends FailureError {}

/** Lets a few queries run at once and the others wait in order. */
export class Turns {
  private free: number;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: { readonly running: number; readonly waiting: number }) {
    this.free = options.running;
  }

  /**
   * Resolves when it is the caller's turn, to a function that ends the turn. A caller whose signal `left` is
   * aborted loses its place.
   * @throws BusyError if too many wait already; the reason of `left`
   */
  async take(left?: AbortSignal): Promise<() => void> {
    left?.throwIfAborted();
    if (this.free > 0) this.free--;
    else if (this.waiting.size >= this.options.waiting)
      throw new BusyError(`${this.options.waiting} queries wait already; try again later`);
    else await this.wait(left);
    return () => {
      const [next] = this.waiting;
      if (next === undefined) this.free++;
      else {
        this.waiting.delete(next);
        next();
      }
    };
  }

  private wait(left: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        left?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.delete(go);
        reject(left?.reason as Error);
      };
      this.waiting.add(go);
      left?.addEventListener('abort', leave, { once: true });
    });
  }
}
