import { FailureError } from '../errors';

/** Lets a few queries run at once and the others wait in order. */
export class Turns {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly options: { readonly running: number; readonly waiting: number }) {
    this.free = options.running;
  }

  /**
   * Resolves, when it is the caller's turn, to what ends it.
   * @throws FailureError where too many wait already
   */
  async take(): Promise<() => void> {
    if (this.free > 0) this.free--;
    else if (this.waiting.length >= this.options.waiting)
      throw new FailureError(`${this.options.waiting} queries wait already; try again later`);
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }
}
