import type { Kind } from './query-scheduler';
import type { Query } from './model';
import type { ResultColumn, Row } from './result';
import type { Request } from './socket-protocol';

/** A request to the store's process: a query as text, or parsed queries on one state of the store. */
export type StoreQuestion = Request | { readonly run: readonly Query[] };

/**
 * Whether it is a statement from a user, which may end the process; all other requests are made by the
 * program.
 */
export function isStrange(question: StoreQuestion): boolean {
  return 'raw' in question && question.isOwn !== true;
}

/** The kind of a question of a client, for the scheduler. */
export function kindOf(question: StoreQuestion): Kind {
  return isStrange(question) ? 'statement' : 'query';
}

/** The beginning of the answer to each query. */
export interface AnswerHead {
  readonly columns: readonly ResultColumn[];
  readonly rawSince?: bigint | undefined;
}

/** A part of the answer: a head, followed by rows until the next head. */
export type AnswerPart = AnswerHead | { readonly rows: readonly Row[] };

export function isHead(part: AnswerPart): part is AnswerHead {
  return 'columns' in part;
}
