import path from 'node:path';
import { FailureError } from '../lib/errors';
import { btcdPlace, corePlace } from './configured-place';
import { dataFolders } from './data-folders';
import type { NodePlace, PlaceContext } from './node-place';
import type { WatchAuto } from './watch-url';

/** Whether a node answers at a place; for `auto`, which prefers one that runs. */
export type Answers = (place: NodePlace) => Promise<boolean>;

/**
 * Finds the btcd or the Core of this machine for `--watch auto`: the first that is configured and answers, or
 * else the first that is configured, as it may start later.
 * @throws FailureError that lists what was looked at, where none is configured
 */
export async function findNode(
  { name, shown }: WatchAuto,
  context: PlaceContext,
  answers: Answers,
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
  for (const place of places) if (await answers(place)) return place;
  const [first] = places;
  if (first !== undefined) return first;
  throw new FailureError(
    `${shown}: found no btcd and no Bitcoin Core of ${context.network} on this machine; looked at ${looked.join(', ')}; give a URL, such as --watch https://user@127.0.0.1:8334?password-file=PATH&ca-file=PATH`,
  );
}
