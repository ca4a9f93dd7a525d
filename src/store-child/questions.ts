import type { Session } from '../query/answers';
import { LocalAnswers } from '../query/local-answers';
import { type AnswerPart, type StoreQuestion, isStrange } from '../query/answer-parts';
import type { Result } from '../query/result';
import type { FromStore } from '../store/process/messages';
import { encodeError } from '../store/process/wire-error';
import type { Store } from '../store/store';
import { keepLogShort } from './short-log';

/**
 * The limit of bytes of an answer that were sent and not read yet. Above it the next part waits until the
 * reader has read some.
 */
const WINDOW_BYTES = 1_000_000;

/** A question that is being answered. */
interface RunningQuestion {
  /** Whether it is a statement that a person wrote. */
  readonly isStatement: boolean;
  readonly abort: AbortController;
  /** Bytes that were sent and not read yet. */
  untaken: number;
  /** Called when bytes were read, or when nobody waits for the answer any more. */
  wake: () => void;
}

/** The store that answers, and where answers and errors go. */
export interface QuestionsModules {
  /** Holds the store. The store is read from here at each question, because it may have been reopened. */
  readonly holder: { readonly store: Store };
  /** Sends a message. Returns its length in bytes. */
  readonly send: (message: FromStore) => number;
  /** Called with each error before the answer is ended, and whether it is that of a person's statement. */
  readonly failed: (error: unknown, isStatement: boolean) => void;
}

/** Answers the questions that come over the pipe, several at a time. */
export class Questions {
  /** Whether a statement that a person wrote was ever among them. */
  hadStatements = false;
  private readonly answers: LocalAnswers;
  private readonly running = new Map<number, RunningQuestion>();

  constructor(private readonly modules: QuestionsModules) {
    this.answers = new LocalAnswers(modules.holder);
  }

  /** Whether no question is being answered. */
  get isIdle(): boolean {
    return this.running.size === 0;
  }

  /** Whether such a statement runs at this moment. */
  get hasStatements(): boolean {
    return [...this.running.values()].some(({ isStatement }) => isStatement);
  }

  /** Sends the answer in parts, as fast as they are read, and then its end. */
  async ask(id: number, question: unknown): Promise<void> {
    const isStatement = isStrange(question as StoreQuestion);
    const running: RunningQuestion = {
      ...{ isStatement, abort: new AbortController() },
      ...{ untaken: 0, wake: () => undefined },
    };
    this.running.set(id, running);
    let session: Session | undefined;
    let letLogGrow = (): void => undefined;
    let error: unknown;
    try {
      if (isStatement) {
        this.hadStatements = true;
        const { holder, send } = this.modules;
        letLogGrow = await keepLogShort(holder.store, (marks) => send({ kind: 'checkpointing', marks }));
      }
      session = await this.answers.begin(running.abort.signal);
      for await (const part of partsOf(session, question as StoreQuestion)) {
        running.untaken += this.modules.send({ kind: 'part', id, part });
        await this.room(running);
      }
    } catch (caught) {
      error = caught;
    }
    try {
      await session?.end();
    } catch (caught) {
      error ??= caught;
    }
    letLogGrow();
    if (error !== undefined) this.modules.failed(error, isStatement);
    this.running.delete(id);
    this.modules.send({ kind: 'end', id, error: error === undefined ? undefined : encodeError(error) });
  }

  /** Cancels an answer. */
  cancel(id: number): void {
    const running = this.running.get(id);
    running?.abort.abort(new Error('nobody waits for the answer'));
    running?.wake();
  }

  /** Cancels all answers. */
  cancelAll(): void {
    for (const id of this.running.keys()) this.cancel(id);
  }

  /** Notes that the reader has read bytes of an answer. */
  taken(id: number, bytes: number): void {
    const running = this.running.get(id);
    if (running === undefined) return;
    running.untaken -= bytes;
    running.wake();
  }

  private async room(running: RunningQuestion): Promise<void> {
    while (running.untaken > WINDOW_BYTES && !running.abort.signal.aborted)
      await new Promise<void>((resolve) => (running.wake = resolve));
  }
}

async function* partsOf(session: Session, question: StoreQuestion): AsyncGenerator<AnswerPart> {
  if (!('run' in question)) yield* resultParts(await session.answer(question));
  else if (question.run.length === 1 && question.run[0] !== undefined)
    yield* resultParts(await session.run(question.run[0]));
  else for await (const result of session.runAll(question.run)) yield* resultParts(result);
}

async function* resultParts({ columns, rawSince, rows }: Result): AsyncGenerator<AnswerPart> {
  yield { columns, rawSince };
  for await (const batch of rows) yield { rows: batch };
}
