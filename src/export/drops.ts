import type { Clock } from '../clock';

/** Where a line of warning goes: the program's logger. */
export type Warn = (message: string) => void;

/** Why points are given up. */
export type DropCause = 'full' | 'spool full' | 'damaged' | 'unwritable' | 'unsent';

const CAUSES: Readonly<Record<DropCause, string>> = {
  full: 'because the queue was full',
  'spool full': 'because the spool on disk was full (--spool-size)',
  damaged: 'whose bytes in the spool have changed',
  unwritable: 'that can never be written',
  unsent: 'that could not be delivered before the end',
};

/** Points are seldom lost one at a time: the first warning waits this long, so that it names more than one. */
const FIRST_MS = 1000;
const EVERY_MS = 60_000;

/** Counts points that were given up, and warns of them at most once a minute. */
export class Drops {
  private counted = 0;
  private readonly unreported = new Map<DropCause, number>();
  private example: string | undefined;
  private lastReport: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly modules: { readonly warn: Warn; readonly clock: Clock }) {}

  /** Points dropped since the start. */
  get total(): number {
    return this.counted;
  }

  /** `example` says what was wrong with one of the points. */
  add(points: number, cause: DropCause, example?: string): void {
    if (points === 0) return;
    this.counted += points;
    this.unreported.set(cause, (this.unreported.get(cause) ?? 0) + points);
    this.example ??= example;
    this.timer ??= setTimeout(this.report, this.waitMs()).unref();
  }

  /** Warns at once of what has not been reported. */
  readonly report = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.unreported.size === 0) return;
    this.lastReport = this.modules.clock.monotonicMs();
    const parts = [...this.unreported].map(([cause, points]) => `${points} ${CAUSES[cause]}`);
    const example = this.example === undefined ? '' : ` (one of them: ${this.example})`;
    this.unreported.clear();
    this.example = undefined;
    this.modules.warn(`points dropped: ${parts.join(', ')}${example}; ${this.counted} since the start`);
  };

  private waitMs(): number {
    if (this.lastReport === undefined) return FIRST_MS;
    return Math.max(FIRST_MS, this.lastReport + EVERY_MS - this.modules.clock.monotonicMs());
  }
}
