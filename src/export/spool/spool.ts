import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../../lib/disk-errors';
import { BtcdmonError, FailureError } from '../../lib/errors';
import { makeFolder } from '../../lib/make-folder';
import { checkOwnFile } from '../../lib/named-file';
import type { LineBatch } from '../line-exporter';
import { Cursor } from './cursor';
import { findGaps } from './gaps';
import { readIdentity } from './identity';
import { lockFolder } from '../../lib/lock-folder';
import { damagedText, shorterText, tornText } from './loss-texts';
import { Segment, type SpoolRecord, type TornRecord, segmentName } from './segment';

/** A full spool consists of this many segments, and drops one of them at a time. */
const SEGMENTS = 16;
const MAX_SEGMENT_BYTES = 16_000_000;

/**
 * The spool is crowded from this share of its bytes on: two segments before the first one would have to go.
 */
const CROWDED_SHARE = 1 - 2 / SEGMENTS;

/** Bounds of a spool. */
export interface SpoolOptions {
  /** The most bytes of records; where there are more, the oldest go. */
  readonly maxBytes: number;
  /** Receives one line about damaged files. */
  readonly warn?: (message: string) => void;
}

/**
 * A log on disk of lines that wait for delivery, oldest first, over restarts. Lines survive `kill -9` of this
 * process once `append` has returned. A power cut may lose those of the last seconds, because nothing is
 * synced. A batch for which `done` was called may be delivered once more after a kill, because the cursor is
 * written after each delivery.
 *
 * A folder holds one spool: `spool.json` with its version and its id, `cursor`, `lock`, and segments
 * `00000001.log`, ….
 */
export class Spool {
  private readonly segments: Segment[] = [];
  /** Offset in the first segment of the first record that is not done. */
  private offset = 0;
  /** The batch that was handed out last and is not done. Its segment may have to make room meanwhile. */
  private out:
    { readonly segment: number; readonly record: SpoolRecord; readonly batch: LineBatch } | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  /** Damage in the first segment that was not warned of yet. */
  private damage = { bytes: 0, points: 0 };
  /**
   * Numbers of segments that are empty, or whose next files are missing. Each counts as one lost point at
   * least.
   */
  private readonly gaps = new Set<number>();

  private constructor(
    private readonly folder: string,
    private readonly options: Required<SpoolOptions>,
    private readonly id: string,
    private readonly cursor: Cursor,
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
      await makeFolder(folder, 0o700);
      for (const name of ['lock', 'spool.json', 'cursor']) checkOwnFile(path.join(folder, name), what);
      const unlock = await lockFolder(path.join(folder, 'lock'), what);
      try {
        const { maxBytes, warn = () => undefined } = options;
        const id = await readIdentity(folder, what, warn);
        const cursor = await Cursor.open(folder, what, warn);
        const spool = new Spool(folder, { maxBytes, warn }, id, cursor, unlock);
        try {
          await spool.load();
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

  /** Points that wait, including those that were handed out and are not done. */
  get points(): number {
    const { out, segments } = this;
    // The batch that is being delivered counts even if its segment was removed.
    const alone = out !== undefined && out.segment < (segments[0]?.number ?? 0) ? out.record.points : 0;
    return segments.reduce((sum, { points }) => sum + points, alone + this.gaps.size);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether points will soon be dropped to make room. */
  get isCrowded(): boolean {
    // A single segment may be large and already delivered; it stays until the next one is made.
    return this.segments.length > 1 && this.bytes > this.options.maxBytes * CROWDED_SHARE;
  }

  /**
   * Adds lines at the end.
   * @returns the number of points that were dropped to make room
   * @throws where the disk can't be written; then the spool is unchanged
   */
  append(lines: Buffer, points: number): Promise<number> {
    return this.inTurn(async () => {
      const dropped = await this.makeRoom(lines.length);
      await (await this.active(lines.length)).append(lines, points);
      return dropped;
    });
  }

  /**
   * Hands out the oldest lines that are not done, and the same ones again until `done` is called. `lost` are
   * damaged points before them that were skipped.
   */
  next(): Promise<{ readonly batch: LineBatch | undefined; readonly lost: number }> {
    return this.inTurn(async () => {
      let lost = 0;
      if (this.out !== undefined) return { batch: this.out.batch, lost };
      for (;;) {
        const [first] = this.segments;
        if (first === undefined) return { batch: undefined, lost };
        if (this.offset < first.bytes) {
          const { record, damage } = await first.next(this.offset);
          lost += damage.points;
          this.damage.bytes += damage.bytes;
          this.damage.points += damage.points;
          if (record !== null) {
            const { offset, lines, points, sum } = record;
            // After a power cut another record may come to be at the same offset: its id must be another.
            const batch = { id: `${this.id}-${first.number}-${offset}-${sum.toString(16)}`, lines, points };
            this.out = { segment: first.number, record, batch };
            return { batch, lost };
          }
        } else if (this.segments.length === 1) {
          this.warnOfDamage(first);
          // A damaged header may have counted too many.
          first.points = 0;
          return { batch: undefined, lost };
        }
        lost += await this.removeFirst();
      }
    });
  }

  /**
   * The lines that `next` handed out last are delivered: from the call on they do not count any more.
   * Resolves when the cursor was written.
   */
  done(): Promise<void> {
    const { out } = this;
    this.out = undefined;
    const [first] = this.segments;
    // The whole segment was removed meanwhile to make room.
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

  private async load(): Promise<void> {
    const { segment: first, offset } = this.cursor.start;
    const numbers = (await readdir(this.folder))
      .map((name) => Number(/^(\d{8})\.log$/.exec(name)?.[1] ?? 0))
      .filter((number) => number > 0)
      .sort((a, b) => a - b);
    const hasFirst = numbers.includes(first);
    const waiting: number[] = [];
    for (const number of numbers) {
      checkOwnFile(this.fileOf(number), `spool ${this.folder}`);
      // If the cursor's segment does not exist, everything is delivered again.
      if (number < first && hasFirst) await rm(this.fileOf(number), { force: true });
      else waiting.push(number);
    }
    const last = waiting.at(-1);
    for (const number of waiting) {
      const torn = (cut: TornRecord): void => this.warn(tornText(segmentName(number), cut));
      const start = number === first ? offset : 0;
      const options = { start, isLast: number === last, torn };
      this.segments.push(await Segment.open(this.fileOf(number), number, options));
    }
    for (const { after, text } of findGaps(this.segments, this.cursor.start)) {
      this.warn(text);
      if (after !== undefined) this.gaps.add(after);
    }
    if (hasFirst) await this.goTo(offset);
  }

  /** Continues at an offset of the first segment, even if the segment has become shorter. */
  private async goTo(offset: number): Promise<void> {
    const [head] = this.segments;
    this.offset = Math.min(offset, head?.bytes ?? 0);
    if (head === undefined || this.offset === offset) return;
    this.warn(shorterText(segmentName(head.number)));
    // What is appended below that offset would count as delivered.
    if (this.segments.length > 1) return;
    const number = head.number + 1;
    this.segments.push(await Segment.create(this.fileOf(number), number));
  }

  /** Removes the oldest segments until there is room for `bytes` more; returns their points. */
  private async makeRoom(bytes: number): Promise<number> {
    let dropped = 0;
    while (this.segments.length > 1 && this.bytes + bytes > this.options.maxBytes) {
      const [first] = this.segments;
      // The batch that is being delivered is not lost.
      const out = this.out?.segment === first?.number ? (this.out?.record.points ?? 0) : 0;
      dropped += (first?.points ?? 0) - out + (await this.removeFirst());
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

  /** Goes on to the next segment. Returns the points that are gone between the two, at least. */
  private async removeFirst(): Promise<number> {
    const first = this.segments.shift();
    if (first !== undefined) this.warnOfDamage(first);
    this.offset = 0;
    // Numbers continue even if no segment is left: the id of a batch must never be used again.
    if (this.segments.length === 0 && first !== undefined)
      this.segments.push(await Segment.create(this.fileOf(first.number + 1), first.number + 1));
    await this.writeCursor();
    await first?.remove();
    return first !== undefined && this.gaps.delete(first.number) ? 1 : 0;
  }

  private writeCursor(): Promise<void> {
    return this.cursor.write({ segment: this.segments[0]?.number ?? 0, offset: this.offset });
  }

  /** Warns once for a segment, when nothing more is read from it for now. */
  private warnOfDamage({ file }: Segment): void {
    const { bytes, points } = this.damage;
    if (bytes === 0) return;
    this.damage = { bytes: 0, points: 0 };
    this.warn(damagedText(path.basename(file), { bytes, points }));
  }

  private warn(text: string): void {
    this.options.warn(`spool ${this.folder}: ${text}`);
  }

  private fileOf(number: number): string {
    return path.join(this.folder, segmentName(number));
  }

  /** Runs calls one after the other. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}
