import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from '../../lib/crc32';
import { writeAll } from '../../lib/write-all';
import { CHUNK_BYTES } from '../chunk-ring';
import { encodeEntry, type KeptChunk, KeptEntry, type KeptNames } from './kept-entry';

const NAME = /^([a-z]+)-(\d{8})\.(chunks|index)$/;

const NO_BYTES = Buffer.alloc(0);

/** A file of a segment, by its name. */
export interface SegmentFile {
  readonly part: string;
  readonly number: number;
}

/** What a file name says; null for a file that belongs to no segment. */
export function readSegmentName(name: string): SegmentFile | null {
  const [, part, number] = NAME.exec(name) ?? [];
  return part === undefined ? null : { part, number: Number(number) };
}

/**
 * Chunks on disk, in the order in which they were filled: a file of chunks, and its index. The index has an
 * entry for each chunk, which is written after the chunk: what a kill interrupts is not in the index.
 */
export class KeptSegment {
  private chunkBytes = 0;
  private indexBytes = 0;
  /** Unix time of the last fact. */
  lastMs = -Infinity;
  /** Unix time of the first fact. */
  firstMs = Infinity;
  /** The same times on the monotonic clock; null for a segment of an earlier run. */
  own: { readonly firstMs: number; readonly lastMs: number } | null = null;
  private handles: readonly [FileHandle, FileHandle] | null = null;

  constructor(
    private readonly folder: string,
    private readonly part: string,
    readonly number: number,
  ) {}

  /** Bytes on disk. */
  get bytes(): number {
    return this.chunkBytes + this.indexBytes;
  }

  /**
   * Reads the index of an earlier run, up to its first damage.
   * @returns whether there is none; the beginning of an entry at the end, which a kill may leave, is none
   * @throws where a file is missing or can't be read
   */
  async load(): Promise<boolean> {
    // A kill may leave a file of chunks whose index was not made yet, or has gone.
    const index = await readFile(this.path('index')).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NO_BYTES;
      throw error;
    });
    const { size } = await stat(this.path('chunks'));
    let isWhole = true;
    for (let at = 0; at < index.length;) {
      const entry = KeptEntry.at(index, at);
      const chunk = entry?.chunk;
      if (entry === null || chunk === undefined) {
        isWhole = KeptEntry.isCut(index, at);
        break;
      }
      if (!entry.isWhole || chunk.used > CHUNK_BYTES || chunk.offset + chunk.used > size) {
        isWhole = false;
        break;
      }
      at += entry.length;
      this.note(chunk, entry.length);
    }
    return isWhole;
  }

  /**
   * Adds a chunk. Makes the files at the first one.
   * @throws the error of the system where the disk takes not all of it, or where the files were removed
   */
  async append(
    told: Omit<KeptChunk, 'offset' | 'sum'>,
    bytes: Buffer,
    { ids, names }: { readonly ids: Uint32Array; readonly names: KeptNames },
  ): Promise<void> {
    if (this.handles === null) this.handles = await this.create();
    else await this.checkLinks(this.handles);
    const [chunks, index] = this.handles;
    const chunk = { ...told, offset: this.chunkBytes, sum: crc32(bytes) };
    const entry = encodeEntry(chunk, ids, names);
    try {
      await writeAll(chunks, bytes, this.chunkBytes);
      await writeAll(index, entry, this.indexBytes);
    } catch (error) {
      // A full disk took a part.
      await Promise.allSettled([chunks.truncate(this.chunkBytes), index.truncate(this.indexBytes)]);
      throw error;
    }
    const { firstMs, lastMs } = told;
    this.own = { firstMs: this.own?.firstMs ?? firstMs, lastMs };
    this.note(chunk, entry.length);
  }

  /** Whether its files are there; true where the system does not say. */
  async isThere(): Promise<boolean> {
    for (const kind of ['index', 'chunks'] as const) {
      const code = await stat(this.path(kind)).then(
        () => undefined,
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );
      if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    }
    return true;
  }

  /** The entries of its chunks, the oldest first. */
  async entries(): Promise<readonly KeptEntry[]> {
    const bytes = Buffer.alloc(this.indexBytes);
    const handle = await open(this.path('index'), 'r');
    try {
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      if (bytesRead < bytes.length) throw new Error('an index is shorter than what was written');
    } finally {
      await handle.close();
    }
    const found: KeptEntry[] = [];
    for (let at = 0; at < bytes.length;) {
      const entry = KeptEntry.at(bytes, at);
      if (entry === null) break;
      found.push(entry);
      at += entry.length;
    }
    return found;
  }

  /** Opens the file of chunks to read them. */
  openChunks(): Promise<FileHandle> {
    return open(this.path('chunks'), 'r');
  }

  /** Ends writing. */
  async close(): Promise<void> {
    const { handles } = this;
    this.handles = null;
    await Promise.all((handles ?? []).map((handle) => handle.close()));
  }

  async remove(): Promise<void> {
    await this.close().catch(() => undefined);
    for (const kind of ['index', 'chunks'] as const) await rm(this.path(kind), { force: true });
  }

  private note({ used, firstMs, lastMs, aheadMs }: KeptChunk, entryBytes: number): void {
    this.chunkBytes += used;
    this.indexBytes += entryBytes;
    this.firstMs = Math.min(this.firstMs, firstMs + aheadMs);
    this.lastMs = Math.max(this.lastMs, lastMs + aheadMs);
  }

  private async create(): Promise<readonly [FileHandle, FileHandle]> {
    const chunks = await open(this.path('chunks'), 'wx', 0o600);
    try {
      return [chunks, await open(this.path('index'), 'wx', 0o600)];
    } catch (error) {
      await chunks.close();
      throw error;
    }
  }

  /** Writing goes on in a file that somebody removed, and nobody could read it. */
  private async checkLinks(handles: readonly FileHandle[]): Promise<void> {
    for (const handle of handles) {
      const { nlink } = await handle.stat();
      if (nlink > 0) continue;
      const gone = new Error(`ENOENT: ${this.path('chunks')} or its index was removed`);
      throw Object.assign(gone, { code: 'ENOENT' });
    }
  }

  private path(kind: 'chunks' | 'index'): string {
    return path.join(this.folder, `${this.part}-${String(this.number).padStart(8, '0')}.${kind}`);
  }
}
