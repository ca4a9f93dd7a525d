import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../../lib/disk-errors';
import { BtcdmonError, FailureError } from '../../lib/errors';
import { checksum } from '../../wire/hash';
import { checkOwnFile } from '../../lib/named-file';
import type { LineBatch } from '../line-exporter';
import { lockFolder } from './lock';
import { type SpoolRecord, Segment } from './segment';

/**
 * Version of the files. It grows when a program that knows only the old version would misread the new one.
 */
const VERSION = 1;

/** A segment's share of the whole: where the spool is full, so much is lost at once. */
const SEGMENTS = 16;
const MAX_SEGMENT_BYTES = 16_000_000;

/**
 * Of the most bytes, the share at which it is crowded: two segments before the first one would have to go.
 */
const CROWDED_SHARE = 1 - 2 / SEGMENTS;

/**
 * What is in the file of the cursor: number of a segment, an offset in it, and their checksum, which older
 * ones lack.
 */
const CURSOR = /^((\d{8}) (\d{12}))(?: ([0-9a-f]{8}))?\n$/;

/** Bounds of a spool. */
export interface SpoolOptions {
  /** The most bytes of records; where there are more the oldest go. */
  readonly maxBytes: number;
  /** Told in one line of what was damaged. */
  readonly warn?: (message: string) => void;
}

/**
 * A log on disk of lines that wait for delivery, oldest first, over restarts. Whatever `append` has returned
 * for outlasts `kill -9` of this process; a power cut may take the last seconds. What `done` was called for
 * may come once more after a kill: the file of the cursor is written behind each delivery and not synced.
 *
 * A folder has one spool: `spool.json` with its version and its name, `cursor`, `lock`, and segments
 * `00000001.log`, ….
 */
export class Spool {
  private readonly segments: Segment[] = [];
  /** Offset in the first segment of the first record that is not done. */
  private offset = 0;
  /**
   * What was handed out last and is not done. It is kept here: its segment may have to make room meanwhile.
   */
  private out:
    { readonly segment: number; readonly record: SpoolRecord; readonly batch: LineBatch } | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly options: SpoolOptions,
    private readonly id: string,
    private readonly cursor: FileHandle,
    private readonly unlock: () => Promise<void>,
  ) {}

  /**
   * Opens the spool in a folder, making both where they are missing.
   * @throws FailureError where the folder can't be used, is used by another process, or holds a spool of
   *   another version
   */
  static async open(folder: string, options: SpoolOptions): Promise<Spool> {
    const what = `spool ${folder}`;
    try {
      await makeFolder(folder);
      for (const name of ['lock', 'spool.json', 'cursor']) checkOwnFile(path.join(folder, name), what);
      const unlock = await lockFolder(path.join(folder, 'lock'), what);
      try {
        const { warn = () => undefined } = options;
        const id = await readIdentity(folder, what, warn);
        const file = path.join(folder, 'cursor');
        const text = await readFile(file, 'latin1').catch(() => '');
        const at = readCursor(text);
        if (at === null && text !== '')
          warn(`${what}: the file cursor is damaged; what waits is delivered once more from the oldest on`);
        const cursor = await open(file, at === null ? 'w+' : 'r+', 0o600);
        const spool = new Spool(folder, options, id, cursor, unlock);
        try {
          await spool.load(at?.segment ?? 0, at?.offset ?? 0);
        } catch (error) {
          await spool.letGo();
          throw error;
        }
        return spool;
      } catch (error) {
        await unlock();
        throw error;
      }
    } catch (error) {
      throw error instanceof BtcdmonError
        ? error
        : new FailureError(`${what}: can't be used: ${diskProblem(error)}`);
    }
  }

  /** Points that wait, those that were handed out and are not done included. */
  get points(): number {
    const { out, segments } = this;
    // Of a segment that is gone, what is being delivered is still here.
    const alone = out !== undefined && out.segment < (segments[0]?.number ?? 0) ? out.record.points : 0;
    return segments.reduce((sum, { points }) => sum + points, alone);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether it is so full that points will soon have to go to make room. */
  get isCrowded(): boolean {
    // A single segment may be large and done with, and waits for its successor.
    return this.segments.length > 1 && this.bytes > this.options.maxBytes * CROWDED_SHARE;
  }

  /**
   * Adds lines at the end.
   * @returns points that had to go to make room
   * @throws where the disk does not take them; the spool is as it was then
   */
  append(lines: Buffer, points: number): Promise<number> {
    return this.inTurn(async () => {
      const dropped = await this.makeRoom(lines.length);
      await (await this.active(lines.length)).append(lines, points);
      return dropped;
    });
  }

  /**
   * The oldest lines that are not done; `lost` are points before them whose bytes have changed on disk, and
   * are given up. The same again until `done` is called.
   */
  next(): Promise<{ readonly batch: LineBatch | undefined; readonly lost: number }> {
    return this.inTurn(async () => {
      let lost = 0;
      if (this.out !== undefined) return { batch: this.out.batch, lost };
      for (;;) {
        const [first] = this.segments;
        if (first === undefined) return { batch: undefined, lost };
        if (this.offset < first.bytes) {
          const { record, lost: damaged } = await first.next(this.offset);
          lost += damaged;
          if (record !== null) {
            const { offset, lines, points } = record;
            const batch = { id: `${this.id}-${first.number}-${offset}`, lines, points };
            this.out = { segment: first.number, record, batch };
            return { batch, lost };
          }
        } else if (this.segments.length === 1) {
          // What a damaged header had counted too many.
          first.points = 0;
          return { batch: undefined, lost };
        }
        await this.removeFirst();
      }
    });
  }

  /**
   * Lets go of the lines that `next` gave last; from the call on they do not count any more. Resolves when
   * the file of the cursor says so.
   */
  done(): Promise<void> {
    const { out } = this;
    this.out = undefined;
    const [first] = this.segments;
    // Room was made meanwhile, and took the whole segment.
    if (out === undefined || first?.number !== out.segment) return Promise.resolve();
    first.points = Math.max(0, first.points - out.record.points);
    this.offset = out.record.end;
    return this.inTurn(() => this.writeCursor());
  }

  async close(): Promise<void> {
    await this.inTurn(async () => {
      await this.letGo();
      await this.unlock();
    });
  }

  private async letGo(): Promise<void> {
    await Promise.all(this.segments.map((segment) => segment.close()));
    await this.cursor.close();
  }

  private async load(first: number, offset: number): Promise<void> {
    const numbers = (await readdir(this.folder))
      .map((name) => Number(/^(\d{8})\.log$/.exec(name)?.[1] ?? 0))
      .filter((number) => number > 0)
      .sort((a, b) => a - b);
    for (const number of numbers) {
      const file = this.fileOf(number);
      checkOwnFile(file, `spool ${this.folder}`);
      // A cursor that names no segment is damaged: everything is delivered again then.
      if (number < first && numbers.includes(first)) await rm(file, { force: true });
      else this.segments.push(await Segment.open(file, number, number === first ? offset : 0));
    }
    this.offset = this.segments[0]?.number === first ? offset : 0;
  }

  /** Gives up the oldest segments until `bytes` more are within the bound; returns their points. */
  private async makeRoom(bytes: number): Promise<number> {
    let dropped = 0;
    while (this.segments.length > 1 && this.bytes + bytes > this.options.maxBytes) {
      const [first] = this.segments;
      // What is being delivered is not lost.
      const out = this.out?.segment === first?.number ? (this.out?.record.points ?? 0) : 0;
      dropped += (first?.points ?? 0) - out;
      await this.removeFirst();
    }
    return dropped;
  }

  /** The segment to append to. */
  private async active(bytes: number): Promise<Segment> {
    const last = this.segments.at(-1);
    const most = Math.min(MAX_SEGMENT_BYTES, this.options.maxBytes / SEGMENTS);
    if (last !== undefined && (last.bytes === 0 || last.bytes + bytes <= most)) return last;
    const number = (last?.number ?? 0) + 1;
    const segment = await Segment.create(this.fileOf(number), number);
    this.segments.push(segment);
    if (last === undefined) await this.writeCursor();
    return segment;
  }

  private async removeFirst(): Promise<void> {
    const first = this.segments.shift();
    this.offset = 0;
    // Numbers go on, also where no segment is left: the name of a batch is never used again.
    if (this.segments.length === 0 && first !== undefined)
      this.segments.push(await Segment.create(this.fileOf(first.number + 1), first.number + 1));
    await this.writeCursor();
    await first?.remove();
  }

  private async writeCursor(): Promise<void> {
    const number = String(this.segments[0]?.number ?? 0).padStart(8, '0');
    const place = `${number} ${String(this.offset).padStart(12, '0')}`;
    await this.cursor.write(`${place} ${sumOf(place)}\n`, 0, 'latin1');
  }

  private fileOf(number: number): string {
    return path.join(this.folder, `${String(number).padStart(8, '0')}.log`);
  }

  /** One thing at a time. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** The place that a cursor names; null where it is damaged. */
function readCursor(text: string): { readonly segment: number; readonly offset: number } | null {
  const [, place = '', segment, offset, sum] = CURSOR.exec(text) ?? [];
  if (segment === undefined || (sum !== undefined && sum !== sumOf(place))) return null;
  return { segment: Number(segment), offset: Number(offset) };
}

function sumOf(text: string): string {
  return checksum(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0');
}

/**
 * The name of the spool in a folder, which is made where there is none, and made anew where it is damaged.
 */
async function readIdentity(folder: string, what: string, warn: (message: string) => void): Promise<string> {
  const file = path.join(folder, 'spool.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return makeIdentity(file);
  }
  const { version, id, sum } = parsed(text);
  const isId = typeof id === 'string' && /^[0-9a-f]{16}$/.test(id);
  const isWhole = isId && Number.isSafeInteger(version) && (sum === undefined || sum === sumOf(id));
  if (isWhole && version === VERSION) return id;
  // A later version may have other members, and says its version in the same place.
  if (Number.isSafeInteger(version) && Number(version) > VERSION && sum === undefined)
    throw new FailureError(
      `${what}: has version ${JSON.stringify(version)}, this btcdmon-node knows version ${VERSION}; ` +
        'let the btcdmon-node that wrote it deliver it, or move the folder away',
    );
  // The name only tells batches apart, and each record has a checksum of its own.
  warn(`${what}: the file spool.json is damaged and is made anew; what waits is delivered`);
  return makeIdentity(file);
}

async function makeIdentity(file: string): Promise<string> {
  const id = randomBytes(8).toString('hex');
  await writeFile(`${file}.new`, JSON.stringify({ version: VERSION, id, sum: sumOf(id) }), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return id;
}

function parsed(text: string): { readonly version?: unknown; readonly id?: unknown; readonly sum?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // So Node.js calls it also where the disk is mounted for reading alone: the first step says what it is.
    await mkdir(path.dirname(folder), { mode: 0o700 });
    throw error;
  }
}
