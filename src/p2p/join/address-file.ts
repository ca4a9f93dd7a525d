import { randomBytes } from 'node:crypto';
import { open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem, readProblem } from '../../lib/disk-errors';
import { FailureError } from '../../lib/errors';
import { checkOwnFile } from '../../lib/named-file';
import { NETWORK_NAMES, type NetworkName } from '../../wire/networks';
import { AddressManager, type AddressManagerOptions } from './address-manager';
import { formatAddresses, parseAddress, parseBan, parseHeader, splitRecords } from './address-format';
import { Bans, type BanTimes } from './bans';

/** Far above the size of the largest book (9 MB). A larger file is not ours and is not read. */
const MAX_BYTES = 32_000_000;

const SECRET_BYTES = 32;

/** The addresses and bans that were in the file. */
export interface LoadedAddresses {
  readonly addrman: AddressManager;
  readonly bans: Bans;
}

/**
 * The file with the addresses and bans of one network, in the data directory. Each save writes a new file
 * beside the old one and replaces it once its bytes are on the disk. So there is always a complete file, even
 * if the program or the machine crashes.
 */
export class AddressFile {
  readonly file: string;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    directory: string,
    private readonly network: NetworkName,
  ) {
    this.file = path.join(directory, `peers-${network}.dat`);
  }

  /**
   * Reads the file; without one there are no addresses. From a damaged file all intact lines are used; the
   * file is kept under another name, and `warn` gets one line about it.
   * @param book how large the book may be, and what it may hold
   * @throws FailureError if there is a file that can't be read or moved
   */
  async load(
    times: BanTimes,
    warn: (message: string) => void,
    book: Pick<AddressManagerOptions, 'admits' | 'peers'> = {},
  ): Promise<LoadedAddresses> {
    const { unixTime } = times;
    const text = await this.read();
    const [first = '', ...lines] = (text ?? '').split('\n');
    const header = parseHeader(first);
    // A damaged first line loses only the secret, because the name of the file contains the network too.
    const isOthers = (NETWORK_NAMES as readonly string[]).some(
      (name) => name !== this.network && name === header?.network,
    );
    const isWholeHeader = header?.network === this.network;
    const secret = isWholeHeader ? header.secret : randomBytes(SECRET_BYTES);
    const addrman = new AddressManager({ network: this.network, secret, unixTime, ...book });
    const bans = new Bans(times);
    if (text === null) return { addrman, bans };
    let whole = 0;
    // If the first line is missing or has merged with the second, it may be a record too.
    const records = isOthers ? [] : (isWholeHeader ? lines : [first, ...lines]).flatMap(splitRecords);
    for (const line of records) {
      const known = parseAddress(line);
      const ban = parseBan(line);
      if (known !== null) addrman.restore(known);
      if (ban !== null) bans.restore(ban);
      if (known !== null || ban !== null) whole++;
    }
    const isOurs = isWholeHeader || (!isOthers && whole > 0);
    const wanted = isWholeHeader ? header.lines : lines.filter((line) => line !== '').length;
    // After the last line break comes nothing, unless the file was cut off.
    const isWhole = isWholeHeader && whole === wanted && lines.length === wanted + 1;
    if (!isWhole) {
      const aside = await this.moveAside();
      const what = isOurs
        ? `${whole} of ${wanted} lines are whole and were taken`
        : this.notOurs(header?.network);
      warn(`addresses ${this.file}: ${what}; the file is kept as ${path.basename(aside)}`);
    }
    return { addrman, bans };
  }

  /** Writes the file. Concurrent calls run one after the other. @throws FailureError */
  save(addrman: AddressManager, bans: Bans): Promise<void> {
    this.saving = this.saving
      .catch(() => undefined)
      .then(async () => this.write(await formatAddresses(addrman, bans)));
    return this.saving;
  }

  private async write(text: string): Promise<void> {
    const next = `${this.file}.new`;
    try {
      const handle = await open(next, 'w', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(next, this.file);
    } catch (error) {
      throw new FailureError(`addresses ${this.file}: can't be written: ${diskProblem(error)}`);
    }
  }

  /** The text of the file; empty for a file that cannot be ours, null without a file. */
  private async read(): Promise<string | null> {
    try {
      checkOwnFile(this.file, 'addresses');
      const { size } = await stat(this.file);
      return size > MAX_BYTES ? '' : await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      if (error instanceof FailureError) throw error;
      throw new FailureError(`addresses ${this.file}: can't be read: ${readProblem(error)}`);
    }
  }

  private async moveAside(): Promise<string> {
    const aside = `${this.file}.damaged-${Date.now()}`;
    try {
      await rename(this.file, aside);
    } catch (error) {
      throw new FailureError(`addresses ${this.file}: is damaged and can't be moved: ${diskProblem(error)}`);
    }
    return aside;
  }

  private notOurs(network: string | undefined): string {
    return network === undefined
      ? 'is not a file of addresses'
      : `holds addresses of ${network} and not of ${this.network}`;
  }
}
