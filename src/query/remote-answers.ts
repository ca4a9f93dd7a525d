import type { StoreProcess } from '../store/process/store-process';
import type { Answers, Session } from './answers';
import type { Query } from './model';
import { type AnswerHead, type AnswerPart, type StoreQuestion, isHead, isStrange } from './answer-parts';
import type { Result, Row } from './result';
import { inSlices } from './slices';
import type { Request } from './socket-protocol';

/** Answers from a store that has a process of its own. */
export class RemoteAnswers implements Answers {
  constructor(private readonly store: StoreProcess) {}

  get storePath(): string {
    return this.store.path;
  }

  begin(signal: AbortSignal): Promise<Session> {
    return Promise.resolve(new RemoteSession(this.store, signal));
  }
}

type Parts = AsyncGenerator<unknown, void>;

class RemoteSession implements Session {
  /** Answers that were begun; their readers may have stopped anywhere. */
  private readonly begun: Parts[] = [];

  constructor(
    private readonly store: StoreProcess,
    readonly signal: AbortSignal,
  ) {}

  run(query: Query): Promise<Result> {
    return this.one({ run: [query] }, false);
  }

  async *runAll(queries: readonly Query[]): AsyncGenerator<Result> {
    const parts = this.ask({ run: queries }, true);
    let result: { readonly head: AnswerHead; readonly rows: (readonly Row[])[] } | null = null;
    for await (const part of parts as AsyncGenerator<AnswerPart>) {
      if (!isHead(part)) result?.rows.push(part.rows);
      else {
        if (result !== null) yield { ...result.head, rows: inTurn(result.rows) };
        result = { head: part, rows: [] };
      }
    }
    if (result !== null) yield { ...result.head, rows: inTurn(result.rows) };
  }

  answer(question: Request): Promise<Result> {
    return this.one(question, 'raw' in question && question.isOwn === true);
  }

  async end(): Promise<void> {
    await Promise.all(this.begun.map((parts) => parts.return()));
  }

  private ask(question: StoreQuestion, isWhole: boolean): Parts {
    // A statement in SQL may itself have ended the process.
    const mayRepeat = !isStrange(question);
    const parts = this.store.ask({ question, mayRepeat, isWhole, signal: this.signal });
    this.begun.push(parts);
    return parts;
  }

  private async one(question: StoreQuestion, isWhole: boolean): Promise<Result> {
    const parts = this.ask(question, isWhole) as AsyncGenerator<AnswerPart, void>;
    const first = await parts.next();
    if (first.done === true || !isHead(first.value)) throw new Error('an answer without columns');
    return { ...first.value, rows: inSlices(this.rows(parts)) };
  }

  private async *rows(parts: AsyncGenerator<AnswerPart, void>): AsyncGenerator<readonly Row[]> {
    for await (const part of parts) {
      this.signal.throwIfAborted();
      if (!isHead(part)) yield part.rows;
    }
    this.signal.throwIfAborted();
  }
}

async function* inTurn(batches: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  for (const batch of batches) yield await Promise.resolve(batch);
}
