import type { Clock } from '../lib/clock';

/** Logs a warning. */
export type Warn = (message: string) => void;

/**
 * Drops come in groups: the first warning waits this long, so that it counts more than one.
 */
const FIRST_MS = 1000;
const EVERY_MS = 60_000;

/** Counts drops or refusals by cause, and warns once a minute at most. */
export class Tally<Cause extends string> {
  private counted = 0;
  private readonly unreported = new Map<Cause, number>();
  private example: string | undefined;
  private lastReport: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param what begins the warning, such as `points dropped`
   * @param causes the text after the number of each cause
   */
  constructor(
    private readonly what: string,
    private readonly causes: Readonly<Record<Cause, string>>,
    private readonly modules: { readonly warn: Warn; readonly clock: Pick<Clock, 'monotonicMs'> },
  ) {}

  /** The count since the start, of all causes. */
  get total(): number {
    return this.counted;
  }

  /** `example` says what was wrong with one of them. */
  add(count: number, cause: Cause, example?: string): void {
    if (count === 0) return;
    this.counted += count;
    this.unreported.set(cause, (this.unreported.get(cause) ?? 0) + count);
    this.example ??= example;
    this.timer ??= setTimeout(this.report, this.waitMs()).unref();
  }

  /** Warns now of all counts that were not reported yet. */
  readonly report = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.unreported.size === 0) return;
    this.lastReport = this.modules.clock.monotonicMs();
    const parts = [...this.unreported].map(([cause, count]) => `${count} ${this.causes[cause]}`);
    const example = this.example === undefined ? '' : ` (one of them: ${this.example})`;
    this.unreported.clear();
    this.example = undefined;
    this.modules.warn(`${this.what}: ${parts.join(', ')}${example}; ${this.counted} since the start`);
  };

  private waitMs(): number {
    if (this.lastReport === undefined) return FIRST_MS;
    return Math.max(FIRST_MS, this.lastReport + EVERY_MS - this.modules.clock.monotonicMs());
  }
}
