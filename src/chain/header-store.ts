import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { FailureError, messageOf } from '../errors';
import type { NetworkName } from '../p2p/networks';
import { HEADER_BYTES } from '../tx/header';
import type { HeaderChain } from './header-chain';

/** Headers that are read, and checked, before others get their turn: some 5 ms of work. */
const HEADERS_A_TURN = 2_000;

/** What came of loading a file. */
export interface Loaded {
  /** Headers that the chain took. */
  readonly headers: number;
  /** Bytes that were cut off the end because they are torn, or from the first header on that does not hold. */
  readonly cut: number;
}

/**
 * The headers of one network in the data directory: a file of 80 bytes a header in the order in which the chain took them, so
 * that a parent stands before its children, beginning with the network's first. It is only ever appended to. Should two
 * programs append to one file, it holds headers twice, which loading passes over.
 */
export class HeaderStore {
  private pending: Buffer[] = [];

  private constructor(
    readonly file: string,
    private readonly fd: number,
    /** Bytes that are whole and checked, or written by us. */
    private length: number,
  ) {}

  /**
   * Opens the file of a network in a data directory that exists, making it where it is missing.
   * @throws FailureError where it can't be opened or is not this network's
   */
  static open(directory: string, network: NetworkName, genesis: Buffer): HeaderStore {
    const file = path.join(directory, `headers-${network}.dat`);
    let fd: number | undefined;
    try {
      fd = openSync(file, 'a+', 0o600);
      const first = Buffer.alloc(HEADER_BYTES);
      const read = readSync(fd, first, 0, HEADER_BYTES, 0);
      if (!first.subarray(0, read).equals(genesis.subarray(0, read)))
        throw new FailureError(`headers ${file}: is not a file of ${network}’s headers; move it away`);
      if (read < HEADER_BYTES) {
        ftruncateSync(fd, 0);
        writeAll(fd, genesis);
      }
      return new HeaderStore(file, fd, fstatSync(fd).size);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      if (error instanceof FailureError) throw error;
      throw new FailureError(`headers ${file}: can't be opened: ${messageOf(error)}`);
    }
  }

  /**
   * Gives all headers of the file to a chain, which checks each, and cuts the file where one does not hold: what is cut is
   * fetched again. Leaves time for other work in between.
   * @param progress is called now and then with the headers loaded so far and those in the file
   * @throws FailureError where the file can't be read
   */
  async load(chain: HeaderChain, progress?: (loaded: number, total: number) => void): Promise<Loaded> {
    const total = Math.floor(this.length / HEADER_BYTES) - 1;
    const buffer = Buffer.alloc(HEADERS_A_TURN * HEADER_BYTES);
    let good = HEADER_BYTES;
    let headers = 0;
    for (;;) {
      const end = this.read(buffer, good);
      let at = 0;
      for (; at < end; at += HEADER_BYTES) {
        const { status } = chain.add(buffer, at);
        if (status === 'accepted') headers++;
        else if (status !== 'duplicate') break;
      }
      good += at;
      progress?.(headers, total);
      if (at < buffer.length) break;
      await setImmediate();
    }
    const cut = this.length - good;
    if (cut > 0) this.truncate(good);
    return { headers, cut };
  }

  /** Takes a header (80 bytes from `start`) that the chain accepted, to be written at the next flush. */
  append(bytes: Buffer, start = 0): void {
    this.pending.push(Buffer.from(bytes.subarray(start, start + HEADER_BYTES)));
  }

  /**
   * Writes what was appended; to be called after each batch. Where that fails (disk full) the file stays as it was, and the
   * next flush tries again with all of it.
   * @throws FailureError
   */
  flush(): void {
    if (this.pending.length === 0) return;
    const bytes = Buffer.concat(this.pending);
    try {
      writeAll(this.fd, bytes);
    } catch (error) {
      this.pending = [bytes];
      this.truncate(this.length);
      throw new FailureError(`headers ${this.file}: can't be written: ${messageOf(error)}`);
    }
    this.pending = [];
    this.length += bytes.length;
  }

  /** Lets go of the file; what was not flushed is lost, and fetched again. */
  close(): void {
    closeSync(this.fd);
  }

  /** Fills `buffer` with the whole headers from `position`; returns the bytes that they take. */
  private read(buffer: Buffer, position: number): number {
    try {
      const read = readSync(this.fd, buffer, 0, buffer.length, position);
      return read - (read % HEADER_BYTES);
    } catch (error) {
      throw new FailureError(`headers ${this.file}: can't be read: ${messageOf(error)}`);
    }
  }

  private truncate(length: number): void {
    try {
      ftruncateSync(this.fd, length);
      this.length = length;
    } catch (error) {
      throw new FailureError(`headers ${this.file}: can't be cut: ${messageOf(error)}`);
    }
  }
}

/** A disk that fills up takes a part of the bytes first. */
function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}
