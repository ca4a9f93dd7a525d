import { FailureError } from '../lib/errors';
import { askDocument } from '../query/client';
import type { LiveWhyAnswers } from './live-why';
import type { LiveWhy } from './why-answer';

/** Path at which a running node answers from its record: `/why?id=TEXT`. */
export const WHY_PATH = '/why';

/** The answer of a node to a request for {@link WHY_PATH}. */
export function whyDocument(answers: LiveWhyAnswers): (params: URLSearchParams) => Promise<LiveWhy> {
  return (params) => answers.answer(params.get('id') ?? '');
}

/**
 * The record of the node that has a store open, about an object; null if none runs, or it keeps no record.
 * @throws FailureError if its answer can't be read
 */
export async function askWhy(storePath: string, text: string): Promise<LiveWhy | null> {
  const body = await askDocument(storePath, `${WHY_PATH}?id=${encodeURIComponent(text)}`);
  if (body === null || body === '') return null;
  let answer: LiveWhy | { readonly error: string };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    throw new FailureError('the process that has the store open gives an answer that is not JSON');
  }
  if ('error' in answer) throw new FailureError(answer.error);
  return answer;
}
