import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import {
  BLOCK_HEAD_BYTES,
  type BlockHead,
  findBlock,
  FORMAT_VERSION,
  MAX_RAW_BYTES,
  readBlockHead,
} from './block';

/** Bytes that are searched at once for the next block after damage. */
const SEARCH_BYTES = 1_048_576;

/** zlib takes no smaller pieces. */
const LEAST_CHUNK = 64;

const decompress = promisify(gunzip);

/** A block with its consecutive records. */
export interface ReadBlock {
  readonly kind: 'block';
  readonly head: BlockHead;
  readonly raw: Buffer;
}

/** Bytes of a file that are no block. */
export interface Damage {
  readonly kind: 'damage';
  readonly offset: number;
  readonly bytes: number;
  /** Whether it is the end of the file, for example because the program was killed while it wrote. */
  readonly isEnd: boolean;
  /** Blocks that are missing there, at least. */
  readonly blocks: number;
}

/** The place and length of a block in a file. */
interface FoundBlock {
  readonly offset: number;
  readonly head: BlockHead;
}

/**
 * Reads the blocks of a file in their order. What is damaged is told and skipped, up to the next head whose
 * checksum is right. While one block is handled, the next is read and decompressed in other threads.
 * @param name the file as errors name it
 * @param untilNs blocks that begin after this time are not read; their heads are enough to tell
 * @throws FailureError of one line where it can't be read, or is of a later version of the format
 */
export async function* readBlocks(
  file: string,
  name: string,
  untilNs?: bigint,
): AsyncGenerator<ReadBlock | Damage> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    throw new FailureError(`${name}: can't be read: ${readProblem(error)}`);
  }
  try {
    const reader = new FileReader(handle, name, untilNs);
    let next = reader.next();
    for (;;) {
      const found = await next;
      if (found === null) return;
      next = reader.next();
      // It is awaited in the next round, where it is thrown.
      next.catch(() => undefined);
      yield found;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new FailureError(`${name}: can't be read: ${readProblem(error)}`);
  } finally {
    await handle.close();
  }
}

/**
 * When the first block of a file begins; null if the file has no intact block at its beginning.
 * @throws FailureError if it can't be read
 */
export async function firstTime(file: string): Promise<bigint | null> {
  try {
    const handle = await open(file, 'r');
    try {
      const bytes = Buffer.alloc(BLOCK_HEAD_BYTES);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      return bytesRead === bytes.length ? (readBlockHead(bytes)?.timeNs ?? null) : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new FailureError(`${file}: can't be read: ${readProblem(error)}`);
  }
}

/** One pass through a file. */
class FileReader {
  private offset = 0;
  /** The number that the next block has. */
  private number = 0;
  /** The length of the file when it was last asked: it may grow meanwhile. */
  private size = 0;

  constructor(
    private readonly handle: FileHandle,
    private readonly name: string,
    private readonly untilNs: bigint | undefined,
  ) {}

  /** The next block or damage; null at the end. */
  async next(): Promise<ReadBlock | Damage | null> {
    for (;;) {
      const start = this.offset;
      const found = await this.headAt(start);
      if (found === null) return (await this.reaches(start + 1)) ? this.skip(start) : null;
      const { head } = found;
      if (head.version !== FORMAT_VERSION)
        throw new FailureError(
          `${this.name}: is of version ${head.version} of the format, and this program reads ${FORMAT_VERSION}; use a newer one`,
        );
      this.offset = start + head.bytes;
      const isWanted = this.untilNs === undefined || head.timeNs <= this.untilNs;
      const raw = isWanted ? await this.read(found) : null;
      if (isWanted && raw === null) return this.skip(start);
      this.number = head.number + 1;
      if (raw !== null) return { kind: 'block', head, raw };
    }
  }

  /** Whether the file is so long. */
  private async reaches(end: number): Promise<boolean> {
    if (end > this.size) this.size = (await this.handle.stat()).size;
    return end <= this.size;
  }

  private async headAt(offset: number): Promise<FoundBlock | null> {
    const bytes = Buffer.alloc(BLOCK_HEAD_BYTES);
    const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, offset);
    const head = bytesRead === bytes.length ? readBlockHead(bytes) : null;
    return head === null ? null : { offset, head };
  }

  /** The records of a block; null where it is damaged, or the file ends in it. */
  private async read({ offset, head }: FoundBlock): Promise<Buffer | null> {
    if (!(await this.reaches(offset + head.bytes))) return null;
    const block = Buffer.allocUnsafe(head.bytes);
    const { bytesRead } = await this.handle.read(block, 0, block.length, offset);
    if (bytesRead < block.length) return null;
    try {
      // The length at its end is right if the block is. Decompressing in one piece takes a fraction of the
      // time.
      const length = Math.min(block.readUInt32LE(block.length - 4), MAX_RAW_BYTES);
      const chunkSize = Math.max(LEAST_CHUNK, length + 1);
      return await decompress(block, { maxOutputLength: MAX_RAW_BYTES, chunkSize });
    } catch {
      return null;
    }
  }

  /** Finds the next block after damage that begins at an offset. */
  private async skip(start: number): Promise<Damage> {
    const { size } = this;
    const window = Buffer.allocUnsafe(SEARCH_BYTES);
    for (let from = start + 1; from < size; from += SEARCH_BYTES - BLOCK_HEAD_BYTES) {
      const { bytesRead } = await this.handle.read(window, 0, window.length, from);
      const at = findBlock(window.subarray(0, bytesRead), 0);
      if (at < 0) continue;
      this.offset = from + at;
      const { number } = readBlockHead(window, at) ?? { number: 0 };
      const blocks = Math.max(1, number - this.number);
      this.number = number;
      return { kind: 'damage', offset: start, bytes: this.offset - start, isEnd: false, blocks };
    }
    this.offset = Math.max(size, start + 1);
    return { kind: 'damage', offset: start, bytes: this.offset - start, isEnd: true, blocks: 1 };
  }
}
