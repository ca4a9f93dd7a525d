import type { ClassicLevel } from 'classic-level';
import { diskProblem } from '../../lib/disk-errors';
import { FailureError, messageOf } from '../../lib/errors';
import type { ChainParts, FullChain } from '../../bcoin/chain-parts';
import type { NetworkName } from '../../wire/networks';
import { levelBackend } from './level-backend';

/** Memory of LevelDB in bytes: half is its cache, a quarter its write buffer. */
const LEVEL_CACHE_BYTES = 64 * 1024 * 1024;

const LEVEL_FILES = 128;

/** Which chain to open, and where it is stored. */
export interface ChainLocation {
  readonly network: NetworkName;
  /** Undefined: in memory. */
  readonly directory: string | undefined;
  /** Hash of the genesis block (reversed hex). */
  readonly genesis: string;
}

/**
 * Gives a chain its database and opens both.
 * @throws FailureError if that fails, or if the database belongs to another network
 */
export async function openDatabase(chain: FullChain, place: ChainLocation, parts: ChainParts): Promise<void> {
  const { network, directory, genesis } = place;
  // bcoin's check only accepts the networks that it knows; the genesis block is compared below instead.
  chain.db.verifyFlags = () => Promise.resolve();
  if (directory !== undefined) {
    const options = { cacheSize: LEVEL_CACHE_BYTES, maxFiles: LEVEL_FILES };
    chain.db.db = new parts.DB(levelBackend(await loadLevel()), directory, options);
  }
  try {
    await chain.open();
  } catch (error) {
    throw new FailureError(explainDatabase(directory, error));
  }
  const first = await chain.getEntry(0);
  if (first?.hash === Buffer.from(genesis, 'hex').reverse().toString('hex')) return;
  await chain.close();
  throw new FailureError(`chain ${String(directory)}: is not a chain of ${network}; move it away`);
}

/** One line for an error of LevelDB or bcoin about a database that can't be opened, read or written. */
export function explainDatabase(directory: string | undefined, error: unknown): string {
  const cause = (error as { cause?: unknown }).cause ?? error;
  const code = String((cause as { code?: unknown }).code);
  const message = messageOf(cause);
  const place = `chain ${directory ?? 'in memory'}`;
  if (code === 'LEVEL_LOCKED')
    return `${place}: in use by another process; stop that one, or give this one another folder (--data-dir)`;
  // A file that another one names is gone, or its name is damaged.
  const isGone = /(MANIFEST|\.ldb|\.sst|\.log)[^/]*: No such file/.test(message);
  if (code === 'LEVEL_CORRUPTION' || isGone || message.includes('version mismatch'))
    return `${place}: is damaged or was written by another program: ${message}; remove it, and it is built again`;
  if (message === 'Block not found.')
    return `${place}: a block that is to be taken back is no longer there; remove the folder, and it is built again`;
  return `${place}: ${diskProblem(message)}`;
}

async function loadLevel(): Promise<typeof ClassicLevel> {
  try {
    return (await import('classic-level')).ClassicLevel;
  } catch (error) {
    throw new FailureError(
      `--validate full: the package classic-level, which keeps the chain, can't be loaded here: ${messageOf(error).split('\n')[0] ?? ''}`,
    );
  }
}
