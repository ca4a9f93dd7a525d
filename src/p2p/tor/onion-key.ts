import { open } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../../lib/disk-errors';
import { FailureError } from '../../lib/errors';
import { checkOwnFile } from '../../lib/named-file';
import { readSecretFile } from '../../lib/secret';
import type { NetworkName } from '../../wire/networks';

/** A key as Tor writes it: 64 bytes in Base64. */
const KEY = /^ED25519-V3:[A-Za-z0-9+/]{86}==$/;

/** Whether a text is the key of an onion service. */
export function isOnionKey(text: string): boolean {
  return KEY.test(text);
}

/** The file with the key of our onion service of one network. The key gives control over the address. */
export class OnionKeyFile {
  readonly file: string;

  constructor(directory: string, network: NetworkName) {
    this.file = path.join(directory, `onion-key-${network}`);
  }

  /**
   * The key; null if there is none yet.
   * @throws FailureError if it can't be read, other users may read it, or it is no key
   */
  async load(): Promise<string | null> {
    const what = `onion key ${this.file}`;
    checkOwnFile(this.file, 'onion key');
    if (!(await exists(this.file))) return null;
    const key = await readSecretFile(this.file, what);
    if (isOnionKey(key)) return key;
    throw new FailureError(`${what}: is no key of an onion service; move it away to get a new address`);
  }

  /** Writes a new key, for this user alone. @throws FailureError */
  async save(key: string): Promise<void> {
    try {
      const handle = await open(this.file, 'wx', 0o600);
      try {
        await handle.writeFile(`${key}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw new FailureError(`onion key ${this.file}: can't be written: ${diskProblem(error)}`);
    }
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await (await open(file, 'r')).close();
    return true;
  } catch (error) {
    // The reader of the file reports other errors.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
