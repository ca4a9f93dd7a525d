import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../lib/errors';
import type { Layout } from '../store/tables';
import type { Answers, Asked, Session } from './answers';
import { deadlineOf } from './deadline';
import { BusyError, Turns } from './turns';

/**
 * What is asked: a panel of the page, of which the program bounds what it costs; a query or a download of somebody; or a statement of
 * somebody, which may take all the time that it gets.
 */
export type Kind = 'panel' | 'query' | 'statement';

/**
 * How many questions of a kind are answered at once. Each kind has turns of its own, so that a panel waits for panels alone. Statements
 * run one by one: where one ends the process of the store, no other is lost with it. Each question holds a thread of that process, which
 * has one for each of these and one for the writer (`UV_THREADS` in store/process/start.ts).
 */
const RUNNING: Readonly<Record<Kind, number>> = { panel: 2, query: 2, statement: 1 };

/** Questions of a kind that may wait for their turn. */
const MAX_WAITING = 30;

/** Milliseconds that an interrupted query has to end. */
const GRACE_MS = 1_000;

/** Milliseconds that closing waits for those that run. */
const CLOSE_MS = 2_000;

/** The time that a query may take is over. */
export class TooLongError extends FailureError {}

/** What bounds one question. */
export interface QueryLimits {
  /** Default a query. */
  readonly kind?: Kind;
  /** Milliseconds from its turn to the last row, waiting for a slow reader included. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal;
}

/**
 * The questions of others to a store: a few at once, within limits, so that they leave the store to its writer, the threads to
 * everybody and the event loop to the node. All who serve the same store share one of these.
 */
export class QueryScheduler {
  private readonly turns: Readonly<Record<Kind, Turns>> = {
    panel: new Turns({ running: RUNNING.panel, waiting: MAX_WAITING }),
    query: new Turns({ running: RUNNING.query, waiting: MAX_WAITING }),
    statement: new Turns({ running: RUNNING.statement, waiting: MAX_WAITING }),
  };
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly answers: Answers) {
    // Each question listens, and Node would warn of the eleventh.
    setMaxListeners(0, this.closing.signal);
  }

  get storePath(): string {
    return this.answers.storePath;
  }

  /** The tables of the store. */
  get layout(): Layout {
    return this.answers.layout;
  }

  /**
   * Calls `use` when it is the question's turn; results must be taken before it is done.
   * @throws BusyError where too many wait, TooLongError, what `use` throws
   */
  async ask<T>(
    { kind = 'query', timeoutMs, left }: QueryLimits,
    use: (asked: Asked) => Promise<T>,
  ): Promise<T> {
    const signals = [this.closing.signal, left];
    const waiting = deadlineOf(timeoutMs, tookAllTime, signals);
    const release = await this.turns[kind].take(waiting.signal).finally(() => waiting.end());
    const tooLong = (): Error =>
      new TooLongError(`the query took longer than ${timeoutMs / 1000} s; ask for less`);
    const limit = deadlineOf(timeoutMs, tooLong, signals);
    const answering = this.answer(limit.signal, use).finally(() => {
      this.running.delete(answering);
      limit.end();
      release();
    });
    this.running.add(answering);
    return Promise.race([answering, overdue(limit.signal)]);
  }

  /** Breaks off what runs and waits until it has let go of the store, but not for ever: points still have to go into it. */
  async close(): Promise<void> {
    this.closing.abort(new BusyError('the node is stopping'));
    const broken = Promise.allSettled(this.running);
    await Promise.race([broken, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  private async answer<T>(signal: AbortSignal, use: (asked: Asked) => Promise<T>): Promise<T> {
    let session: Session | undefined;
    try {
      session = await this.answers.begin(signal);
      signal.throwIfAborted();
      const answer = await use(session);
      // To DuckDB an interruption between two chunks can look like the end.
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      // An interrupted statement fails with DuckDB's words; say why it was interrupted instead.
      signal.throwIfAborted();
      throw error;
    } finally {
      await session?.end();
    }
  }
}

const tookAllTime = (): Error => new BusyError('other queries took all the time; try again later');

/**
 * Fails some time after what `signal` ends should have ended. DuckDB does not interrupt the call of a function: `repeat('x', 900000000)`
 * goes on for many seconds. It keeps its turn as long as it does, but whoever asked for it is told.
 */
function overdue(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const wait = (): unknown => setTimeout(() => reject(signal.reason as Error), GRACE_MS).unref();
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait, { once: true });
  });
}
