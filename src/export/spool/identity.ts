import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FailureError } from '../../lib/errors';
import { textChecksum } from '../../wire/text-checksum';

/**
 * Version of the files. It grows when a program that knows only the old version would misread the new one.
 */
const VERSION = 1;

/**
 * Reads the id of the spool in a folder. It is made where `spool.json` is missing, and made again where that
 * file is damaged.
 * @param what names the spool in messages
 * @throws FailureError where the spool has a later version
 */
export async function readIdentity(
  folder: string,
  what: string,
  warn: (message: string) => void,
): Promise<string> {
  const file = path.join(folder, 'spool.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return makeIdentity(file);
  }
  const { version, id, sum } = parseJson(text);
  const isId = typeof id === 'string' && /^[0-9a-f]{16}$/.test(id);
  const isWhole = isId && Number.isSafeInteger(version) && (sum === undefined || sum === textChecksum(id));
  if (isWhole && version === VERSION) return id;
  // A later version may have other members, but has its version in the same one.
  if (Number.isSafeInteger(version) && Number(version) > VERSION && sum === undefined)
    throw new FailureError(
      `${what}: has version ${JSON.stringify(version)}, this btcdmon-node knows version ${VERSION}; ` +
        'let the btcdmon-node that wrote it deliver it, or move the folder away',
    );
  // The id only tells batches apart, and each record has a checksum of its own.
  warn(`${what}: the file spool.json is damaged and is made again; the points that wait are delivered`);
  return makeIdentity(file);
}

async function makeIdentity(file: string): Promise<string> {
  const id = randomBytes(8).toString('hex');
  const text = JSON.stringify({ version: VERSION, id, sum: textChecksum(id) });
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return id;
}

function parseJson(text: string): {
  readonly version?: unknown;
  readonly id?: unknown;
  readonly sum?: unknown;
} {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
