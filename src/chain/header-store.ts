import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { diskProblem, readProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import { checkOwnFile } from '../lib/named-file';
import { writeHash256 } from '../wire/hash';
import type { NetworkName } from '../wire/networks';
import { HEADER_BYTES } from '../wire/header';
import type { HeaderChain, HeaderVerdict } from './header-chain';
import { repairedHeader } from './repair-header';
import { isTooEarly } from './reasons';

/** Headers that are read and checked before other work gets a turn: about 5 ms. */
const HEADERS_A_TURN = 2_000;

/** Result of loading a file. */
export interface Loaded {
  /** Headers that the chain accepted. */
  readonly headers: number;
  /** Bytes cut off the end: a torn header, or everything from the first invalid header on. */
  readonly cut: number;
  /** Headers that had one changed byte and were repaired. */
  readonly repaired: number;
}

/**
 * The headers of one network in the data directory. The file holds 80 bytes for each header in the order in
 * which the chain accepted them. So a parent comes before its children, and the genesis header is first. The
 * file is only appended to. If two programs append to one file, it contains headers twice; loading skips
 * those.
 */
export class HeaderStore {
  private pending: Buffer[] = [];
  private lastMended: Buffer | null = null;

  private constructor(
    readonly file: string,
    private readonly fd: number,
    /** Bytes that are complete and checked, or that this process wrote. */
    private length: number,
    private repaired = 0,
  ) {}

  /**
   * Opens the file of a network in an existing data directory, and creates it if it is missing.
   * @throws FailureError if it can't be opened or belongs to another network
   */
  static open(directory: string, network: NetworkName, genesis: Buffer): HeaderStore {
    const file = path.join(directory, `headers-${network}.dat`);
    let fd: number | undefined;
    try {
      checkOwnFile(file, 'headers');
      fd = openSync(file, 'a+', 0o600);
      const first = Buffer.alloc(2 * HEADER_BYTES);
      const both = readSync(fd, first, 0, first.length, 0);
      const read = Math.min(both, HEADER_BYTES);
      const isOurs = first.subarray(0, read).equals(genesis.subarray(0, read));
      // The second header contains the hash of the first.
      const isDamaged =
        !isOurs && both === first.length && parentIn(first, HEADER_BYTES).equals(hashOf(genesis));
      if (isDamaged) overwrite(file, genesis, 0);
      else if (!isOurs)
        throw new FailureError(`headers ${file}: is not a file of ${network}’s headers; move it away`);
      if (read < HEADER_BYTES) {
        ftruncateSync(fd, 0);
        writeAll(fd, genesis);
      }
      return new HeaderStore(file, fd, fstatSync(fd).size, isDamaged ? 1 : 0);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      if (error instanceof FailureError) throw error;
      throw new FailureError(`headers ${file}: can't be opened: ${diskProblem(error)}`);
    }
  }

  /**
   * Adds all headers of the file to a chain, which checks each. A header with one changed byte is restored
   * from its hash, which its child contains. At the first other invalid header the file is cut; the rest is
   * fetched again. Headers that are ahead of our clock stay in the file. Other work gets a turn in between.
   * @param progress called from time to time with the number of headers loaded so far and the number in the
   * file
   * @throws FailureError if the file can't be read
   */
  async load(chain: HeaderChain, progress?: (loaded: number, total: number) => void): Promise<Loaded> {
    const total = Math.floor(this.length / HEADER_BYTES) - 1;
    const buffer = Buffer.alloc(HEADERS_A_TURN * HEADER_BYTES);
    let good = HEADER_BYTES;
    let headers = 0;
    let isEarly = false;
    for (;;) {
      const end = this.read(buffer, good);
      let at = 0;
      for (; at < end; at += HEADER_BYTES) {
        let verdict = chain.add(buffer, at);
        if (!isGood(verdict) && this.repair(buffer, { at, end, position: good + at }))
          verdict = this.again(chain, buffer, at);
        if (verdict.status === 'accepted') headers++;
        else if (!isGood(verdict)) {
          isEarly = verdict.status === 'rejected' && isTooEarly(verdict.reason);
          break;
        }
      }
      good += at;
      progress?.(headers, total);
      if (at < buffer.length) break;
      await setImmediate();
    }
    const kept = isEarly ? this.length - (this.length % HEADER_BYTES) : good;
    const cut = this.length - kept;
    if (cut > 0) this.truncate(kept);
    return { headers, cut, repaired: this.repaired };
  }

  /**
   * Repairs an invalid header in the buffer and in the file, if one byte of it or of its parent was changed.
   * @returns false if neither was
   */
  private repair(buffer: Buffer, { at, end, position }: HeaderPosition): boolean {
    // The next two headers contain the hashes of their parents.
    for (const child of [at + HEADER_BYTES, at + 2 * HEADER_BYTES]) {
      if (child + HEADER_BYTES > end) break;
      const header = repairedHeader(buffer.subarray(at, at + HEADER_BYTES), parentIn(buffer, child));
      if (header !== null) return this.mend(buffer, { at, position }, header);
    }
    // Without proof of work a changed header can be valid, and then its child has an unknown parent.
    const before = Buffer.alloc(HEADER_BYTES);
    readSync(this.fd, before, 0, HEADER_BYTES, position - HEADER_BYTES);
    const header = repairedHeader(before, parentIn(buffer, at));
    return header !== null && this.mend(null, { at: 0, position: position - HEADER_BYTES }, header);
  }

  private mend(
    buffer: Buffer | null,
    { at, position }: { readonly at: number; readonly position: number },
    header: Buffer,
  ): boolean {
    overwrite(this.file, header, position);
    if (buffer !== null) header.copy(buffer, at);
    else this.lastMended = header;
    this.repaired++;
    return true;
  }

  /** Adds a header again, after its repaired parent if there is one. */
  private again(chain: HeaderChain, buffer: Buffer, at: number): HeaderVerdict {
    if (this.lastMended !== null) chain.add(this.lastMended);
    this.lastMended = null;
    return chain.add(buffer, at);
  }

  /** Queues a header (80 bytes from `start`) that the chain accepted for the next flush. */
  append(bytes: Buffer, start = 0): void {
    this.pending.push(Buffer.from(bytes.subarray(start, start + HEADER_BYTES)));
  }

  /**
   * Writes the queued headers; call it after each batch. If writing fails (disk full), the file stays as it
   * was, and the next flush writes all of them.
   * @throws FailureError if the file can't be written
   */
  flush(): void {
    if (this.pending.length === 0) return;
    const bytes = Buffer.concat(this.pending);
    try {
      writeAll(this.fd, bytes);
    } catch (error) {
      this.pending = [bytes];
      this.truncate(this.length);
      throw new FailureError(`headers ${this.file}: can't be written: ${diskProblem(error)}`);
    }
    this.pending = [];
    this.length += bytes.length;
  }

  /** Closes the file. Headers that were not flushed are lost, and fetched again. */
  close(): void {
    closeSync(this.fd);
  }

  /** Fills `buffer` with complete headers from `position`; returns their size in bytes. */
  private read(buffer: Buffer, position: number): number {
    try {
      const read = readSync(this.fd, buffer, 0, buffer.length, position);
      return read - (read % HEADER_BYTES);
    } catch (error) {
      throw new FailureError(`headers ${this.file}: can't be read: ${readProblem(error)}`);
    }
  }

  private truncate(length: number): void {
    try {
      ftruncateSync(this.fd, length);
      this.length = length;
    } catch (error) {
      throw new FailureError(`headers ${this.file}: can't be cut: ${diskProblem(error)}`);
    }
  }
}

/** A header in a buffer, and its position in the file. */
interface HeaderPosition {
  readonly at: number;
  /** Where the headers in the buffer end. */
  readonly end: number;
  readonly position: number;
}

function isGood({ status }: HeaderVerdict): boolean {
  return status === 'accepted' || status === 'duplicate';
}

function hashOf(header: Buffer): Buffer {
  const hash = Buffer.alloc(32);
  writeHash256(header, hash, 0);
  return hash;
}

/** The parent hash inside a header. */
function parentIn(buffer: Buffer, at: number): Buffer {
  return buffer.subarray(at + 4, at + 36);
}

/**
 * Overwrites a header in the file. It needs its own descriptor, because one opened for appending always
 * writes at the end.
 */
function overwrite(file: string, header: Buffer, position: number): void {
  const fd = openSync(file, 'r+');
  try {
    writeSync(fd, header, 0, header.length, position);
  } catch (error) {
    throw new FailureError(`headers ${file}: can't be repaired: ${diskProblem(error)}`);
  } finally {
    closeSync(fd);
  }
}

/** Writes all bytes. A disk that fills up accepts only a part first. */
function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}

/** Logs one line if headers were damaged. A partial header at the end, left by a kill, is no damage. */
export function warnOfDamage(
  file: string,
  { cut, repaired }: Loaded,
  log: { warn(message: string): void },
): void {
  const lost = Math.floor(cut / HEADER_BYTES);
  if (lost + repaired === 0) return;
  const parts = [
    ...(repaired > 0 ? [`${repaired} repaired`] : []),
    ...(lost > 0 ? [`${lost} cut off, from the first damaged one on, which are fetched again`] : []),
  ];
  log.warn(`headers ${file}: the file was damaged: ${parts.join(', ')}`);
}
