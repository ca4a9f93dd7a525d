import { open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem, readProblem } from '../../lib/disk-errors';
import { FailureError } from '../../lib/errors';
import { checkOwnFile } from '../../lib/named-file';
import type { NetworkName } from '../../wire/networks';
import { destinationOf } from './destination';

/** A key has less than a kilobyte; a larger file is not ours. */
const MAX_BYTES = 65_536;

/** The permission bits of all users but the owner. */
const OTHERS = 0o077;

/**
 * The file with the private key of our I2P destination, in the data directory: so other nodes find us at the
 * same address after a restart. It holds the bytes of the key, like Core's `i2p_private_key`.
 */
export class KeyFile {
  readonly file: string;

  constructor(directory: string, network: NetworkName) {
    this.file = path.join(directory, `i2p-${network}.key`);
  }

  /**
   * Reads the key; null if there is none yet.
   * @throws FailureError if the file can't be read, is open to other users, or is no key
   */
  async load(): Promise<Buffer | null> {
    const { file } = this;
    checkOwnFile(file, 'i2p');
    let key: Buffer;
    try {
      const { mode, size } = await stat(file);
      if ((mode & OTHERS) !== 0)
        throw new FailureError(
          `i2p: ${file} is open to other users of this machine (mode ${(mode & 0o777).toString(8)}); chmod 600 it`,
        );
      key = size > MAX_BYTES ? Buffer.alloc(0) : await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      if (error instanceof FailureError) throw error;
      throw new FailureError(`i2p: ${file} can't be read: ${readProblem(error)}`);
    }
    if (destinationOf(key) === null)
      throw new FailureError(`i2p: ${file} is not the key of an I2P destination; move it away`);
    return key;
  }

  /** Writes the key, which only its owner can read. @throws FailureError */
  async save(key: Buffer): Promise<void> {
    const next = `${this.file}.new`;
    try {
      const handle = await open(next, 'w', 0o600);
      try {
        await handle.writeFile(key);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(next, this.file);
    } catch (error) {
      throw new FailureError(`i2p: ${this.file} can't be written: ${diskProblem(error)}`);
    }
  }
}
