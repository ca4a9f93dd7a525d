import type { AsMap } from '../p2p/asmap/asmap';
import type * as OpenAsMap from '../p2p/asmap/open-asmap';

/**
 * The map of `--asmap`; undefined without one. Its reader is loaded only if a map is named.
 * @throws UsageError if the file is no map; FailureError if it can't be read
 */
export async function asMapOf(file: string | undefined): Promise<AsMap | undefined> {
  if (file === undefined) return undefined;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openAsMap } = require('../p2p/asmap/open-asmap') as typeof OpenAsMap;
  return openAsMap(file);
}
