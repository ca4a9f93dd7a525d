import { readNamedFile } from '../../lib/named-file';
import { AsMap } from './asmap';

/** The most bytes of a map. Core 31's own has 1.5 MB. */
const MAX_BYTES = 16_000_000;

/**
 * Reads a map of autonomous systems.
 * @throws UsageError where `file` is no file; FailureError where it is missing or is no map
 */
export async function openAsMap(file: string): Promise<AsMap> {
  const what = `--asmap ${file}`;
  const { bytes } = await readNamedFile(file, {
    what,
    right: 'a map of autonomous systems',
    maxBytes: MAX_BYTES,
  });
  return AsMap.from(bytes, what);
}
