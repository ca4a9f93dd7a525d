/** What is kept up to date while it is in sight. */
export interface Refreshed {
  /** Loads it anew. @throws where that failed; it is tried again later */
  load(signal: AbortSignal): Promise<void>;
}

/** How things are kept up to date. */
export interface RefresherOptions {
  /** Most loads under way: browsers open six connections to a server, and the event stream holds one. */
  readonly atOnce: number;
  /** Milliseconds from the begin of one load to that of the next; null loads once. */
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

/** Milliseconds until the next try after so many failures in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1));
}

/**
 * Loads what is in sight, a few at once, those first that have waited longest. `tick` must be called now and then.
 */
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

  /** Everything that was loaded or is being loaded answers another question: it is dropped, and loaded again. */
  invalidate(): void {
    for (const item of this.items.values()) {
      item.running?.abort();
      item.failures = 0;
      item.dueMs = 0;
    }
    this.tick();
  }

  /** Something happened: what is in sight is loaded again, after loads that are under way. */
  hurry(wanted: (thing: T) => boolean = () => true): void {
    for (const [thing, item] of this.items)
      if (wanted(thing)) {
        // What waited already keeps its place in the queue.
        item.dueMs = Math.min(item.dueMs, this.options.now());
        item.failures = 0;
      }
    this.tick();
  }

  /** Begins what is due. */
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
      // What was dropped is due at once; what failed said so itself, and waits for its turn.
      if (!control.signal.aborted) item.dueMs = this.options.now() + retryAfterMs(++item.failures);
    } finally {
      item.running = null;
      this.running--;
      this.tick();
    }
  }
}
