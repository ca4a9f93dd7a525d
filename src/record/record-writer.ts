import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import { makeFolder } from '../lib/make-folder';
import { Throttle } from '../lib/throttle';
import { writeAll } from '../lib/write-all';
import { FULL_BLOCK_BYTES, sealBlock, storeBlock } from './block';
import { compressed } from './compress-records';
import { fileName, recordFiles, runName } from './file-names';
import { KIND, RECORD_HEAD_BYTES, writeRecordHead } from './record';

/** How often gathered records are written. A program that is killed loses no more than this time. */
const FLUSH_MS = 500;

/** Records are dropped while so many bytes wait for the compression and the disk. */
const MAX_WAITING_BYTES = 67_108_864;

/** A recording of full size has so many files. One of them is removed at a time. */
const FILES = 16;

/** The largest file, in bytes. */
const MAX_FILE_BYTES = 268_435_456;

/**
 * Blocks of records are compressed up to a megabyte a second, here in bytes a millisecond. Where more comes
 * they are stored as they are: compressing all of 10 MB/s takes another 3 % of a core (bench/record.ts).
 */
const COMPRESSED_RATE = 1_000;

/** So many bytes are copied one by one. */
const FEW_BYTES = 24;

/** Buffers that are kept for the next blocks. */
const SPARE_BUFFERS = 4;

const NO_BYTES = Buffer.alloc(0);

/** Where a recording is written. */
export interface RecordWriterOptions {
  readonly directory: string;
  /** The most bytes of all files in the folder; the oldest are removed. */
  readonly maxBytes: number;
  readonly startedMs: number;
  /** The contents of the first record of each file, as JSON. */
  readonly start: () => object;
}

export interface RecordWriterModules {
  readonly warn: (message: string) => void;
  readonly monotonicMs: () => number;
  /** Nanoseconds since 1970. */
  readonly nowNs: () => bigint;
}

/** A record that is to be written: two parts of its body, the kind with its form. */
export interface NewRecord {
  /** Nanoseconds since the writer's `epochNs`. Bigints would cost more than all else of a record. */
  readonly sinceNs: number;
  readonly peer: number;
  readonly kind: number;
  readonly head: Buffer;
  readonly body: Buffer;
  /** How many bytes of `body` are of the record. */
  readonly length: number;
}

/** Bytes that are to become a block. */
interface Gathered {
  readonly raw: Buffer;
  readonly timeNs: bigint;
  readonly records: number;
  /** Whether it begins a file; then `raw` is the first record. */
  readonly isStart: boolean;
  /** Whether it is stored as it is, because so much comes. */
  readonly isStored: boolean;
}

/**
 * Writes records to the files of a folder. Records are copied to the gathered block, and the caller
 * continues. Compression runs in the threads of zlib and writing in those of Node.js, block after block. If
 * they are too slow, records are dropped, counted and reported, so that nothing waits for the disk.
 */
export class RecordWriter {
  /** The start of the times of records, in nanoseconds since 1970. */
  readonly epochNs: bigint;
  /** The dropped records, and their bytes. */
  dropped = { records: 0, bytes: 0 };
  /** Bytes of records that were taken, and of files that were written. */
  taken = 0;
  written = 0;

  private buffer: Buffer = Buffer.allocUnsafe(FULL_BLOCK_BYTES);
  private readonly spare: Buffer[] = [];
  private length = 0;
  private records = 0;
  /** Time of the block that is gathered, since `epochNs`. */
  private baseNs = 0;
  private waiting = 0;
  /** Records dropped since the last one that was taken. */
  private gap = { records: 0, bytes: 0 };
  private tail: Promise<void> = Promise.resolve();
  private handle: FileHandle | null = null;
  private file = '';
  private fileBytes = 0;
  private files = 0;
  private blocks = 0;
  private isFull = false;
  /** When the block before began to be written. */
  private flushedMs = -Infinity;
  private readonly run: string;
  /** Bytes after which a file ends. */
  private readonly fullBytes: number;
  private readonly mayWarn: Throttle;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly options: RecordWriterOptions,
    private readonly modules: RecordWriterModules,
  ) {
    this.epochNs = modules.nowNs();
    this.run = runName(options.startedMs);
    this.fullBytes = Math.min(MAX_FILE_BYTES, options.maxBytes / FILES);
    this.mayWarn = new Throttle(modules.monotonicMs);
    this.timer = setInterval(() => this.flush(), FLUSH_MS).unref();
  }

  /**
   * Makes the folder where it is missing, readable for this user alone, and begins the first file.
   * @throws FailureError of one line that names the folder, where that can't be done
   */
  static async open(options: RecordWriterOptions, modules: RecordWriterModules): Promise<RecordWriter> {
    const writer = new RecordWriter(options, modules);
    try {
      await makeFolder(options.directory, 0o700);
      await writer.openFile();
      writer.begin();
    } catch (error) {
      await writer.close();
      throw new FailureError(`--record ${options.directory}: can't be written: ${diskProblem(error)}`);
    }
    return writer;
  }

  /** Takes a record. The buffers may change afterwards. */
  put(record: NewRecord): void {
    const size = RECORD_HEAD_BYTES + record.head.length + record.length;
    if (this.waiting + this.length > MAX_WAITING_BYTES) {
      this.drop(1, size);
      return;
    }
    if (this.gap.records > 0) this.tellGap(record.sinceNs);
    this.append(record, size);
  }

  /** Waits until everything that was taken is written. */
  async drained(): Promise<void> {
    this.flush();
    await this.tail;
  }

  /** Writes what was gathered, and closes the file. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.drained();
    await this.handle?.close().catch(() => undefined);
    this.handle = null;
  }

  private append(record: NewRecord, size: number): void {
    const { sinceNs, peer, kind, head, body } = record;
    let delta = sinceNs - this.baseNs;
    if (this.records > 0) {
      const isFull = this.length + size > this.buffer.length;
      if (isFull || delta < 0 || delta > 0xffffffff) this.flush();
    }
    if (this.records === 0) {
      this.baseNs = sinceNs;
      delta = 0;
      if (size > this.buffer.length) this.buffer = Buffer.allocUnsafe(size);
    }
    const { buffer, length } = this;
    writeRecordHead(buffer, length, { deltaNs: delta, peer, kind, length: size - RECORD_HEAD_BYTES });
    place(head, head.length, buffer, length + RECORD_HEAD_BYTES);
    place(body, record.length, buffer, length + RECORD_HEAD_BYTES + head.length);
    this.length += size;
    this.records += 1;
    this.taken += size;
  }

  private tellGap(sinceNs: number): void {
    const body = Buffer.from(JSON.stringify({ event: 'dropped', ...this.gap }));
    this.gap = { records: 0, bytes: 0 };
    const { length } = body;
    this.append(
      { sinceNs, peer: 0, kind: KIND.fact, head: NO_BYTES, body, length },
      RECORD_HEAD_BYTES + length,
    );
  }

  private drop(records: number, bytes: number): void {
    for (const count of [this.dropped, this.gap]) {
      count.records += records;
      count.bytes += bytes;
    }
    if (this.mayWarn.allows())
      this.modules.warn(
        `--record ${this.options.directory}: the disk is too slow: ${this.dropped.records} records were dropped so far`,
      );
  }

  private flush(): void {
    if (this.records === 0) return;
    if (this.isFull) this.begin();
    const { buffer, length, records } = this;
    const nowMs = this.modules.monotonicMs();
    const isStored = length > (nowMs - this.flushedMs) * COMPRESSED_RATE;
    this.flushedMs = nowMs;
    const timeNs = this.epochNs + BigInt(this.baseNs);
    this.buffer = this.spare.pop() ?? Buffer.allocUnsafe(FULL_BLOCK_BYTES);
    this.length = 0;
    this.records = 0;
    this.queue({ raw: buffer.subarray(0, length), timeNs, records, isStart: false, isStored }, buffer);
  }

  /** Has a file begin behind what is gathered so far, with what is to be said now. */
  private begin(): void {
    this.isFull = false;
    const body = Buffer.from(JSON.stringify(this.options.start()));
    const raw = Buffer.alloc(RECORD_HEAD_BYTES + body.length);
    writeRecordHead(raw, 0, { deltaNs: 0, peer: 0, kind: KIND.start, length: body.length });
    body.copy(raw, RECORD_HEAD_BYTES);
    this.queue({ raw, timeNs: this.modules.nowNs(), records: 1, isStart: true, isStored: false });
  }

  private queue(gathered: Gathered, buffer?: Buffer): void {
    const { length } = gathered.raw;
    this.waiting += length;
    this.tail = this.tail.then(async () => {
      try {
        await this.store(gathered);
      } catch (error) {
        await this.failed(gathered, error);
      }
      this.waiting -= length;
      if (buffer?.length === FULL_BLOCK_BYTES && this.spare.length < SPARE_BUFFERS) this.spare.push(buffer);
    });
  }

  private async store({ raw, timeNs, records, isStart, isStored }: Gathered): Promise<void> {
    if (isStart && (this.handle === null || this.fileBytes > 0)) await this.openFile();
    const { handle } = this;
    if (handle === null) throw new Error('no file is open');
    const told = { timeNs, number: this.blocks++, records };
    const member = isStored ? null : await compressed(raw);
    const parts = member === null ? storeBlock(raw, told) : [sealBlock(member, told)];
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    const isLast = this.fileBytes + bytes >= this.fullBytes;
    // A file may end a little beyond its size.
    if (isLast) await this.makeRoom(bytes);
    const { bytesWritten } = await handle.writev(parts);
    if (bytesWritten < bytes) await writeAll(handle, Buffer.concat(parts).subarray(bytesWritten));
    this.fileBytes += bytes;
    this.written += bytes;
    this.isFull ||= isLast;
  }

  /** The next block begins another file: the present one may end in the middle of a block. */
  private async failed({ records, raw }: Gathered, error: unknown): Promise<void> {
    this.isFull = true;
    this.drop(records, raw.length);
    if (this.mayWarn.allows())
      this.modules.warn(`--record ${this.options.directory}: can't be written: ${diskProblem(error)}`);
    if (this.fileBytes > 0) return;
    await this.handle?.close().catch(() => undefined);
    this.handle = null;
    await rm(this.file, { force: true }).catch(() => undefined);
  }

  private async openFile(): Promise<void> {
    await this.handle?.close();
    this.handle = null;
    await this.makeRoom(this.fullBytes);
    this.files += 1;
    this.file = path.join(this.options.directory, fileName(this.run, this.files));
    this.handle = await open(this.file, 'wx', 0o600);
    this.fileBytes = 0;
    this.blocks = 0;
  }

  /** Makes room for so many bytes more. */
  private async makeRoom(bytes: number): Promise<void> {
    const { directory, maxBytes } = this.options;
    const found = await Promise.all(
      (await recordFiles(directory)).map(async (file) => ({ file, size: (await stat(file.path)).size })),
    );
    let total = bytes + found.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of found) {
      if (total <= maxBytes || file.path === this.file) return;
      await rm(file.path, { force: true });
      total -= size;
    }
  }
}

/** Copies the first bytes. The copy of Node.js takes as long to be called as it takes to copy some dozens. */
function place(bytes: Buffer, length: number, target: Buffer, at: number): void {
  if (length > FEW_BYTES) target.set(length === bytes.length ? bytes : bytes.subarray(0, length), at);
  else for (let i = 0; i < length; i++) target[at + i] = bytes[i] ?? 0;
}
