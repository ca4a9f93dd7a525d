/** Something that is kept up to date while it is wanted. */
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
  isVisible: boolean;
  /** Loaded although it is not visible. */
  isKept: boolean;
  /** When its last load began. */
  begunMs: number;
  /** When it should be loaded. */
  dueMs: number;
  failures: number;
  running: AbortController | null;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** What is kept and not visible is loaded this many times as rarely as what is visible. */
const RARELY = 10;

/** Milliseconds until the next try after this many failures in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1));
}

/**
 * Loads what is wanted, a few things at once. Visible ones come first, and among them those that have waited
 * longest. Call `tick` regularly.
 */
export class Refresher<T extends Refreshed> {
  private readonly items = new Map<T, Item>();
  private running = 0;

  constructor(private readonly options: RefresherOptions) {}

  add(thing: T): void {
    this.items.set(thing, {
      ...{ isVisible: false, isKept: false, begunMs: -Infinity, dueMs: 0, failures: 0, running: null },
    });
  }

  setVisible(thing: T, isVisible: boolean): void {
    const item = this.items.get(thing);
    if (item === undefined) return;
    item.isVisible = isVisible;
    if (!isVisible) return;
    const everyMs = this.options.everyMs();
    // It may have been loaded while it was not visible, and then waits too long.
    if (everyMs !== null && item.failures === 0) item.dueMs = Math.min(item.dueMs, item.begunMs + everyMs);
    this.tick();
  }

  /**
   * Keeps exactly these up to date, even where they are not visible. All others count as not visible, and
   * their loads are dropped.
   */
  keep(things: ReadonlySet<T>): void {
    for (const [thing, item] of this.items) {
      item.isKept = things.has(thing);
      if (item.isKept) continue;
      item.isVisible = false;
      if (item.running === null) continue;
      item.running.abort();
      item.dueMs = 0;
    }
    this.tick();
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

  /** Reloads what is wanted after an event; loads that are running finish first. */
  hurry(): void {
    for (const item of this.items.values()) {
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
      .filter(([, item]) => (item.isVisible || item.isKept) && item.running === null && item.dueMs <= now)
      .sort(([, a], [, b]) => Number(b.isVisible) - Number(a.isVisible) || a.dueMs - b.dueMs);
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
    item.begunMs = this.options.now();
    item.dueMs = everyMs === null ? Infinity : item.begunMs + everyMs * (item.isVisible ? 1 : RARELY);
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
