import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../lib/clock';
import type { PointQueue } from '../export/point-queue';
import { Tally, type Warn } from '../export/tally';
import { LineReader } from './line-reader';
import { LineParser } from './parse-line';
import { LINE_REFUSALS, type LineRefusal } from './line-refusal';

/** Interval of the checks for room, in milliseconds. */
const ROOM_MS = 50;

/** Counts of a message's lines. */
export interface IntakeResult {
  readonly points: number;
  readonly refused: number;
}

/**
 * Takes the lines of nodes from all sources. Each line is parsed, and its point goes into the queue of every
 * exporter. Points keep their node, their time and all other contents.
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
   * Takes one line, without its newline; false if it is refused. `from` names the sender in the log.
   * `mayBeStored`: an earlier run of this program may have stored the point.
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

  /** Counts a refused line. */
  refuse(refusal: LineRefusal, from: string): void {
    this.refusals.add(1, refusal, `from ${from}`);
  }

  /** Takes the lines of a message; comments and empty lines are skipped. */
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
   * Resolves when there is room for more points. Sources wait for it before they read on. So points that a
   * slow or dead database can't take stay on the disks of their senders, and nothing is dropped here.
   */
  room(): Promise<void> {
    if (!this.isCrowded()) return Promise.resolve();
    this.waitForRoom ??= this.untilRoom();
    return this.waitForRoom;
  }

  /**
   * Flushes all queues. Resolves to true once all points taken before the call are stored, on disk, or
   * counted as dropped; to false if the program ended first.
   */
  async flush(): Promise<boolean> {
    const reached = await Promise.all(this.modules.queues.map((queue) => queue.flush()));
    return reached.every((all) => all);
  }

  /** Whether senders have to wait. */
  isCrowded(): boolean {
    return this.modules.queues.some((queue) => queue.isCrowded);
  }

  /** Warns of all refused lines that were not reported yet. */
  report(): void {
    this.refusals.report();
  }

  private async untilRoom(): Promise<void> {
    while (this.isCrowded()) await sleep(ROOM_MS, undefined, { ref: false });
    this.waitForRoom = undefined;
  }
}
