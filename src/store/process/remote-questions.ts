import { FailureError, messageOf } from '../../lib/errors';
import { StoreEnded } from './connection';
import type { StoreRunner } from './runner';
import { MAX_TRIES, type Retries } from './retries';

/** A question, and what happens to it if the process ends before the answer has begun. */
export interface Question {
  /** The question as the process gets it. */
  readonly question: unknown;
  /** Whether it is asked again. A panel is; a statement is not, because it may have ended the process. */
  readonly mayRepeat: boolean;
  /**
   * Whether the answer is delivered only once it is complete. Such a question is also asked again if the
   * process ends within the answer.
   */
  readonly isWhole?: boolean;
  readonly signal: AbortSignal;
}

/** Asks the process of a store, and asks the next process if that one ends. */
export class RemoteQuestions {
  constructor(
    private readonly runner: StoreRunner,
    private readonly retries: Retries,
  ) {}

  /** Asks a question and yields the parts of the answer. */
  async *ask({ question, mayRepeat, isWhole = false, signal }: Question): AsyncGenerator<unknown, void> {
    let done: (() => void) | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        signal.throwIfAborted();
        // What waits for the next process goes before a statement as well.
        if (mayRepeat && !this.runner.isOpen) done ??= this.retries.begin();
        if (!mayRepeat) await this.untilCalm();
        const connection = await this.runner.opened();
        signal.throwIfAborted();
        const answer = connection.ask(question, !mayRepeat);
        const cancel = (): void => answer.cancel();
        signal.addEventListener('abort', cancel);
        let hasBegun = false;
        const parts: unknown[] = [];
        try {
          for (let part = await answer.next(); part !== null; part = await answer.next()) {
            if (isWhole) {
              parts.push(part);
              continue;
            }
            hasBegun = true;
            done?.();
            yield part;
          }
          done?.();
          yield* parts;
          return;
        } catch (error) {
          if (!(error instanceof StoreEnded) || signal.aborted) throw error;
          if (!mayRepeat || hasBegun || attempt === MAX_TRIES) throw explained(error);
        } finally {
          signal.removeEventListener('abort', cancel);
          answer.cancel();
          await answer.ended;
        }
        done ??= this.retries.begin();
        await connection.ended;
      }
    } finally {
      done?.();
    }
  }

  /**
   * Waits until a statement may run. The statement may end the next process as well. So it waits until the
   * points and panels that are tried again are done, and until that process could be replaced at once.
   */
  private async untilCalm(): Promise<void> {
    await this.runner.opened();
    await this.retries.ended();
    await this.runner.keepSpare();
  }
}

/** The error of a statement that was running when the process ended. */
function explained(error: StoreEnded): FailureError {
  return new FailureError(
    `${messageOf(error)}; this statement, or one beside it, takes too much memory or can't be carried out`,
  );
}
