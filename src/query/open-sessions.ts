import { FailureError } from '../lib/errors';
import type { Live } from '../live/live';
import { columnNames } from '../metrics/schema';
import { askDocument } from './client';
import type { Value } from './result';

/** Path at which a running node answers about its open connections. */
export const SESSIONS_PATH = '/sessions';

/** The open connections of a node, with the columns of `peer_sessions`: names once, then a list for each. */
export interface OpenSessions {
  readonly node: string;
  readonly network: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** A node's answer about its open connections. */
export function openSessions(live: Live): OpenSessions {
  const { node, network } = live;
  const columns = columnNames('peer_sessions');
  const rows = live.sessions().map((fields) => {
    const values: Readonly<Record<string, Value | undefined>> = fields;
    return columns.map((name) => values[name] ?? null);
  });
  return { node, network, columns, rows };
}

/**
 * The open connections of the node that has a store open; null if none runs, or it is a collector or of an
 * older version.
 * @throws FailureError if its answer can't be read
 */
export async function askSessions(storePath: string): Promise<OpenSessions | null> {
  const body = await askDocument(storePath, SESSIONS_PATH);
  if (body === null || body === '') return null;
  try {
    return JSON.parse(body) as OpenSessions;
  } catch {
    throw new FailureError('the process that has the store open gives an answer that is not JSON');
  }
}
