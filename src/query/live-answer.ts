import type { NodeState } from '../live/node-state';
import { FailureError } from '../lib/errors';

/** Path of a node's state. An older server answers it like any GET, without a state. */
export const LIVE_PATH = '/live';

/** Increased when an older client could not understand the answer. Added fields need no new format. */
const FORMAT = 1;

/** The state of the process that has a store open, or why it has none. */
export type LiveAnswer = { readonly state: NodeState } | { readonly state: null; readonly why: string };

/** Encodes the state as a body; undefined for a process that is not a node. */
export function encodeLive(state: NodeState | undefined): string {
  return `${JSON.stringify({ format: FORMAT, state: state ?? null })}\n`;
}

/** @throws FailureError for a body that is not such an answer */
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
      why: 'the process that has the store open is not a node; it collects the points of other nodes',
    };
  return { state: answer.state };
}
