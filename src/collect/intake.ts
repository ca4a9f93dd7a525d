import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../lib/clock';
import type { PointQueue } from '../export/point-queue';
import { Tally, type Warn } from '../export/tally';
import { LineReader } from './line-reader';
import { LineParser } from './parse-line';
import { LINE_REFUSALS, type LineRefusal } from './line-refusal';

/** How often it is looked whether there is room again, in milliseconds. */
const ROOM_MS = 50;

/** What became of a message of lines. */
export interface IntakeResult {
  readonly points: number;
  readonly refused: number;
}

/**
 * Where lines of nodes come in, from whatever source: each is read, and its point goes into the queue of
 * every exporter. Points keep their node, their time and all else that they came with.
 */
export class Intake {
  private readonly parser = new LineParser();
  private readonly refusals: Tally<LineRefusal>;
  private waitForRoom: Promise<void> | undefined;
  private taken = 0;

  constructor(
    private readonly modules: {
      readonly queues: readonly PointQueue[];
      readonly clock: Clock;
      readonly warn: Warn;
    },
  ) {
    this.refusals = new Tally('lines refused', LINE_REFUSALS, modules);
  }

  /** Points taken since the start. */
  get points(): number {
    return this.taken;
  }

  /** Lines refused since the start. */
  get refused(): number {
    return this.refusals.total;
  }

  /**
   * Takes one line, without its newline; false where it is refused. `from` names the sender in the log.
   * `mayBeStored` tells that an earlier run of this program may have stored it.
   */
  line(text: string, from: string, mayBeStored = false): boolean {
    const point = this.parser.parse(text);
    if (typeof point === 'string') {
      this.refuse(point, from);
      return false;
    }
    this.taken += 1;
    const marked = mayBeStored ? ({ ...point, mayBeStored } as const) : point;
    for (const queue of this.modules.queues) queue.push(marked);
    return true;
  }

  /** Counts a line that could not even be read. */
  refuse(refusal: LineRefusal, from: string): void {
    this.refusals.add(1, refusal, `from ${from}`);
  }

  /** Takes the lines of a whole message; comments and empty lines are none. */
  take(lines: Buffer, from: string, mayBeStored = false): IntakeResult {
    let points = 0;
    let refused = 0;
    const note = (good: boolean): true => {
      if (good) points += 1;
      else refused += 1;
      return true;
    };
    const reader = new LineReader({
      line: (text) => text.startsWith('#') || note(this.line(text, from, mayBeStored)),
      bad: (refusal) => {
        this.refuse(refusal, from);
        return note(false);
      },
    });
    reader.push(lines);
    reader.end();
    return { points, refused };
  }

  /**
   * Resolves when there is room for more: whoever reads from senders waits for it, so that what a slow or
   * dead database can't take stays with them, on their disks, and nothing is dropped here.
   */
  room(): Promise<void> {
    if (!this.isCrowded()) return Promise.resolve();
    this.waitForRoom ??= this.untilRoom();
    return this.waitForRoom;
  }

  /**
   * Hurries what was taken on its way. Resolves to true once all of it is stored, on disk, or was counted as
   * dropped; to false where the end of the program came first.
   */
  async safe(): Promise<boolean> {
    const reached = await Promise.all(this.modules.queues.map((queue) => queue.flush()));
    return reached.every((all) => all);
  }

  /** Whether senders are held back. */
  isCrowded(): boolean {
    return this.modules.queues.some((queue) => queue.isCrowded);
  }

  /** Tells the log what it has not been told. */
  report(): void {
    this.refusals.report();
  }

  private async untilRoom(): Promise<void> {
    while (this.isCrowded()) await sleep(ROOM_MS, undefined, { ref: false });
    this.waitForRoom = undefined;
  }
}
