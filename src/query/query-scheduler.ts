import { setMaxListeners } from 'node:events';
import { FailureError } from '../lib/errors';
import { systemTimer, type Timer } from '../lib/timer';
import type { Answers, Asked, Session } from './answers';
import { deadlineOf } from './deadline';
import { BusyError, Turns } from './turns';

/**
 * The kinds of questions: a panel of the page, whose cost the program limits; a query or a download; or a
 * statement, which may use all the time that it gets.
 */
export type Kind = 'panel' | 'query' | 'statement';

/**
 * How many questions of a kind are answered at once. Each kind has a queue of its own, so that a panel waits
 * for other panels only. Statements run one by one, so that a statement that ends the process of the store
 * ends no other statement. Each question uses a thread of that process, which has one for each of these and
 * one for the writer (`UV_THREADS` in store/process/start.ts).
 */
const RUNNING: Readonly<Record<Kind, number>> = { panel: 2, query: 2, statement: 1 };

/** How many questions of a kind may wait for their turn. */
const MAX_WAITING = 30;

/** How long an interrupted query may take to end, in milliseconds. */
const GRACE_MS = 1_000;

/** How long closing waits for running queries, in milliseconds. */
const CLOSE_MS = 2_000;

/** The query exceeded its time limit. */
export class TooLongError extends FailureError {}

/** The limits of one question. */
export interface QueryLimits {
  /** Default a query. */
  readonly kind?: Kind;
  /** Milliseconds from its turn to the last row, waiting for a slow reader included. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal;
}

/**
 * Runs the queries of clients on a store: a few at once and within limits. So the writer can use the store,
 * other work gets threads, and the event loop stays responsive. All servers of one store share one instance.
 */
export class QueryScheduler {
  private readonly turns: Readonly<Record<Kind, Turns>> = {
    panel: new Turns({ running: RUNNING.panel, waiting: MAX_WAITING }),
    query: new Turns({ running: RUNNING.query, waiting: MAX_WAITING }),
    statement: new Turns({ running: RUNNING.statement, waiting: MAX_WAITING }),
  };
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly answers: Answers,
    private readonly timer = systemTimer,
  ) {
    // Each query adds a listener, and Node warns at the eleventh.
    setMaxListeners(0, this.closing.signal);
  }

  get storePath(): string {
    return this.answers.storePath;
  }

  /**
   * Calls `use` when it is the query's turn. Results must be read before `use` resolves.
   * @throws BusyError if too many queries wait; TooLongError; what `use` throws
   */
  async ask<T>(
    { kind = 'query', timeoutMs, left }: QueryLimits,
    use: (asked: Asked) => Promise<T>,
  ): Promise<T> {
    const signals = [this.closing.signal, left];
    const waiting = deadlineOf(timeoutMs, tookAllTime, signals, this.timer);
    const release = await this.turns[kind].take(waiting.signal).finally(() => waiting.end());
    const tooLong = (): Error =>
      new TooLongError(`the query took longer than ${timeoutMs / 1000} s; ask for less`);
    const limit = deadlineOf(timeoutMs, tooLong, signals, this.timer);
    const answering = this.answer(limit.signal, use).finally(() => {
      this.running.delete(answering);
      limit.end();
      release();
    });
    this.running.add(answering);
    return Promise.race([answering, overdue(limit.signal, this.timer)]);
  }

  /**
   * Interrupts the running queries and waits until they have released the store. The wait is limited, because
   * points still have to be written to the store.
   */
  async close(): Promise<void> {
    this.closing.abort(new BusyError('the node is stopping'));
    const broken = Promise.allSettled(this.running);
    let cancel: () => void = () => undefined;
    await Promise.race([broken, new Promise<void>((resolve) => (cancel = this.timer(CLOSE_MS, resolve)))]);
    cancel();
  }

  private async answer<T>(signal: AbortSignal, use: (asked: Asked) => Promise<T>): Promise<T> {
    let session: Session | undefined;
    try {
      session = await this.answers.begin(signal);
      signal.throwIfAborted();
      const answer = await use(session);
      // An interruption between two chunks can look to DuckDB like the end of the result.
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      // DuckDB's error for an interrupted statement does not say why; the reason of the signal does.
      signal.throwIfAborted();
      throw error;
    } finally {
      await session?.end();
    }
  }
}

const tookAllTime = (): Error => new BusyError('other queries took all the time; try again later');

/**
 * Rejects some time after `signal` is aborted, when the query should have ended. DuckDB can't interrupt a
 * function call: `repeat('x', 900000000)` runs for many seconds. Such a query keeps its turn until it ends,
 * but its client gets an error at once.
 */
function overdue(signal: AbortSignal, timer: Timer): Promise<never> {
  return new Promise((_, reject) => {
    const wait = (): unknown => timer(GRACE_MS, () => reject(signal.reason as Error));
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait, { once: true });
  });
}
