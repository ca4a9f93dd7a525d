import path from 'node:path';
import { FailureError } from '../lib/errors';
import { btcdPlace, corePlace } from './configured-place';
import { dataFolders } from './data-folders';
import { type NodePlace, type PlaceContext, placeOf } from './node-place';
import { RpcClient, type RpcClientModules } from './rpc-client';
import { RpcFailure, isAbsent } from './rpc-failure';
import { type WatchAuto, parseWatch } from './watch-url';

/** Whether a node runs at a place; `auto` prefers one that does. */
type IsRunning = (place: NodePlace) => Promise<boolean>;

/** How long a node of this machine may take to answer before it counts as not running. */
const PATIENCE_MS = 5_000;

/**
 * Finds the address, login and certificate of the node in a value of `--watch`.
 * @param network the listener's
 * @throws UsageError or FailureError, one line that says what is wrong with the value, or what is missing
 */
export async function resolveWatch(
  text: string,
  context: PlaceContext,
  modules: RpcClientModules,
): Promise<NodePlace> {
  const target = parseWatch(text, context.network);
  if (target.kind === 'url') return placeOf(target, context);
  return findNode(target, context, (place) => isRunning(place, modules));
}

async function isRunning(place: NodePlace, modules: RpcClientModules): Promise<boolean> {
  const client = new RpcClient(place, modules);
  try {
    await client.call('uptime', [], { timeoutMs: PATIENCE_MS });
    return true;
  } catch (error) {
    return error instanceof RpcFailure && !isAbsent(error);
  } finally {
    client.close();
  }
}

/**
 * Finds the btcd or the Core of this machine for `--watch auto`: the first that is configured and runs, or
 * else the first that is configured, because it may start later.
 * @throws FailureError that lists the places that were searched, if none is configured
 */
export async function findNode(
  { name, shown }: WatchAuto,
  context: PlaceContext,
  isRunningAt: IsRunning,
): Promise<NodePlace> {
  const looked: string[] = [];
  const places: NodePlace[] = [];
  for (const kind of ['btcd', 'core'] as const)
    for (const folder of dataFolders(kind, context.machine)) {
      const { place, notes } = await (kind === 'btcd'
        ? btcdPlace(path.join(folder, 'btcd.conf'), context)
        : corePlace(folder, context));
      if (place === undefined) looked.push(...notes);
      else places.push(name === undefined ? place : { ...place, name });
    }
  for (const place of places) if (await isRunningAt(place)) return place;
  const [first] = places;
  if (first !== undefined) return first;
  throw new FailureError(
    `${shown}: found no btcd and no Bitcoin Core of ${context.network} on this machine; looked at ${looked.join(', ')}; give a URL, such as --watch https://user@127.0.0.1:8334?password-file=PATH&ca-file=PATH`,
  );
}
