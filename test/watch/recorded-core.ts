import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Reply } from '../support/http-server';

/** A call of the RPC. */
export interface CoreCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export function callIn(body: string): CoreCall {
  return JSON.parse(body) as CoreCall;
}

/** A recorded answer as text; undefined where there is none. */
export function recordedAnswer(folder: string, { method, params }: CoreCall): string | undefined {
  const suffix = method === 'getrawmempool' && params[0] === true ? '-verbose' : '';
  try {
    return readFileSync(path.join(folder, `${method}${suffix}.json`), 'utf8');
  } catch {
    return undefined;
  }
}

/** A reply with a result, or as Core answers to what it does not know. */
export function coreReply(result: string | undefined): Reply {
  if (result !== undefined) return { status: 200, text: `{"result":${result},"error":null,"id":1}` };
  const error = '{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1}';
  return { status: 404, text: error };
}

/** The recorded reply to a call. */
export function recordedReply(folder: string, body: string): Reply {
  return coreReply(recordedAnswer(folder, callIn(body)));
}
