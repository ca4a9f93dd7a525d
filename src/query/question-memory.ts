import type { Store } from '../store/store';

/** When the memory of questions is given back. */
interface QuestionMemoryOptions {
  /** Milliseconds without a question after which it is given back. Default 2,000. */
  readonly keepMs?: number;
  /** Milliseconds after which it is given back at the next moment without a question. Default 10,000. */
  readonly mostMs?: number;
}

/**
 * The memory that a store lends for questions. DuckDB empties its allocator whenever its limit changes, which
 * takes half a second and more after a statement that took a gigabyte. So the limit does not change with each
 * question: the memory stays lent between questions that follow each other, and no answer waits until it is
 * given back. In the end it is, since cached blocks would otherwise keep it.
 */
export class QuestionMemory {
  private running = 0;
  private loan: { readonly store: Store; readonly takeBack: Promise<() => Promise<void>> } | null = null;
  private lentAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly holder: { readonly store: Store },
    private readonly options: QuestionMemoryOptions = {},
  ) {}

  /** Resolves once a question may run. The caller calls the returned function when it has ended. */
  async borrow(): Promise<() => void> {
    const { store } = this.holder;
    clearTimeout(this.timer);
    this.running++;
    try {
      if (this.loan?.store !== store) {
        this.release();
        this.loan = { store, takeBack: store.lendMemory() };
        this.lentAtMs = performance.now();
      }
      await this.loan.takeBack;
    } catch (error) {
      this.loan = null;
      this.ended();
      throw error;
    }
    return () => this.ended();
  }

  private ended(): void {
    this.running--;
    if (this.running > 0) return;
    const { keepMs = 2_000, mostMs = 10_000 } = this.options;
    if (performance.now() - this.lentAtMs >= mostMs) this.release();
    else this.timer = setTimeout(() => this.release(), keepMs).unref();
  }

  private release(): void {
    const { loan } = this;
    this.loan = null;
    // Where the file was closed meanwhile there is nothing to give back.
    void loan?.takeBack.then((takeBack) => takeBack()).catch(() => undefined);
  }
}
