import { EntrySplitter, type TakeEntry } from './entry-splitter';

/** The members of an answer that count. */
export interface RpcAnswer {
  readonly result: unknown;
  readonly error: unknown;
}

/** Takes the bytes of an answer. Both methods throw SyntaxError where it is no JSON. */
export interface AnswerBody {
  push(chunk: Buffer): void;
  end(): RpcAnswer;
}

/** The longest answer that is parsed at once: this much blocks the program for some tens of milliseconds. */
export const MAX_WHOLE_BYTES = 16_000_000;

/**
 * The longest answer that is read entry by entry. The mempool of a node with Core's default limit of 300 MB
 * of memory is a third of it.
 */
export const MAX_ENTRIES_BYTES = 400_000_000;

/** An answer that is parsed at its end. */
export function wholeBody(): AnswerBody {
  const chunks: Buffer[] = [];
  return {
    push: (chunk) => chunks.push(chunk),
    end: () => membersOf(JSON.parse(Buffer.concat(chunks).toString('utf8'))),
  };
}

/** An answer whose entries are given as they come. Its `result` is undefined where it had any. */
export function entriesBody(take: TakeEntry): AnswerBody {
  const splitter = new EntrySplitter(take);
  return { push: (chunk) => splitter.push(chunk), end: () => membersOf(splitter.end()) };
}

function membersOf(answer: unknown): RpcAnswer {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new SyntaxError('is no object');
  const { result, error } = answer as { readonly result?: unknown; readonly error?: unknown };
  return { result, error };
}
