import type { Kind } from './query-scheduler';
import type { Query } from './model';
import type { ResultColumn, Row } from './result';
import type { Request } from './socket-protocol';

/** What the process of a store is asked: a question that is text, or queries of one moment. */
export type StoreQuestion = Request | { readonly run: readonly Query[] };

/** Whether it is a statement of somebody, which may end the process; all else is made by the program. */
export function isStrange(question: StoreQuestion): boolean {
  return 'raw' in question && question.isOwn !== true;
}

/** What a question counts as that somebody asks. */
export function kindOf(question: StoreQuestion): Kind {
  return isStrange(question) ? 'statement' : 'query';
}

/** What begins the answer to each query. */
export interface AnswerHead {
  readonly columns: readonly ResultColumn[];
  readonly rawSince?: bigint | undefined;
}

/** What it answers, one after the other: a head, and rows until the next head. */
export type AnswerPart = AnswerHead | { readonly rows: readonly Row[] };

/** Whether a part is a head. */
export function isHead(part: AnswerPart): part is AnswerHead {
  return 'columns' in part;
}
