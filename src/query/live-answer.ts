import type { NodeState } from '../live/node-state';
import { FailureError } from '../lib/errors';

/** Where a node tells its state. A server that knows nothing of it answers with nothing, as to any GET. */
export const LIVE_PATH = '/live';

/** Goes up where an older client could not make sense of the answer. What is added to it needs no new one. */
const FORMAT = 1;

/** What whoever has a store open says of itself: its state, or why it has none to tell. */
export type LiveAnswer = { readonly state: NodeState } | { readonly state: null; readonly why: string };

/** The state as a body; without one that of a process which is no node. */
export function encodeLive(state: NodeState | undefined): string {
  return `${JSON.stringify({ format: FORMAT, state: state ?? null })}\n`;
}

/** @throws FailureError for what is no answer */
export function decodeLive(body: string): LiveAnswer {
  if (body === '')
    return { state: null, why: 'the process that has the store open is of a version without a live view' };
  let answer: { readonly format?: unknown; readonly state?: NodeState | null };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    throw new FailureError('the process that has the store open gives an answer that is not JSON');
  }
  if (answer.format !== FORMAT)
    return { state: null, why: 'the node is newer than this program, which cannot read its live view' };
  if (answer.state === null || answer.state === undefined)
    return {
      state: null,
      why: 'the process that has the store open is no node but collects points of others',
    };
  return { state: answer.state };
}
