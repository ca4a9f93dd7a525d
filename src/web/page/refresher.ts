/** Something that is kept up to date while it is visible. */
export interface Refreshed {
  /** Loads it again. @throws if that failed; it is tried again later */
  load(signal: AbortSignal): Promise<void>;
}

export interface RefresherOptions {
  /** Most loads at once: browsers open six connections to a server, and the event stream uses one. */
  readonly atOnce: number;
  /** Milliseconds between the starts of two loads; null loads once. */
  readonly everyMs: () => number | null;
  readonly now: () => number;
}

interface Item {
  visible: boolean;
  /** When it should be loaded. */
  dueMs: number;
  failures: number;
  running: AbortController | null;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** Milliseconds until the next try after this many failures in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1));
}

/** Loads what is visible, a few at once; those that have waited longest come first. Call `tick` regularly. */
export class Refresher<T extends Refreshed> {
  private readonly items = new Map<T, Item>();
  private running = 0;

  constructor(private readonly options: RefresherOptions) {}

  add(thing: T): void {
    this.items.set(thing, { visible: false, dueMs: 0, failures: 0, running: null });
  }

  setVisible(thing: T, visible: boolean): void {
    const item = this.items.get(thing);
    if (item === undefined) return;
    item.visible = visible;
    if (visible) this.tick();
  }

  /**
   * Drops everything that was loaded or is loading, because it answers an outdated query, and loads it again.
   */
  invalidate(): void {
    for (const item of this.items.values()) {
      item.running?.abort();
      item.failures = 0;
      item.dueMs = 0;
    }
    this.tick();
  }

  /** Reloads what is visible after an event; loads that are running finish first. */
  hurry(wanted: (thing: T) => boolean = () => true): void {
    for (const [thing, item] of this.items)
      if (wanted(thing)) {
        // What is already waiting keeps its place in the queue.
        item.dueMs = Math.min(item.dueMs, this.options.now());
        item.failures = 0;
      }
    this.tick();
  }

  /** Starts the loads that are due. */
  tick(): void {
    const now = this.options.now();
    const due = [...this.items]
      .filter(([, item]) => item.visible && item.running === null && item.dueMs <= now)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs);
    for (const [thing, item] of due) {
      if (this.running >= this.options.atOnce) return;
      void this.load(thing, item);
    }
  }

  private async load(thing: T, item: Item): Promise<void> {
    const control = new AbortController();
    item.running = control;
    this.running++;
    const everyMs = this.options.everyMs();
    item.dueMs = everyMs === null ? Infinity : this.options.now() + everyMs;
    try {
      await thing.load(control.signal);
      item.failures = 0;
    } catch {
      // A dropped load is due at once. A failed load has shown its error, and waits until its next try.
      if (!control.signal.aborted) item.dueMs = this.options.now() + retryAfterMs(++item.failures);
    } finally {
      item.running = null;
      this.running--;
      this.tick();
    }
  }
}
