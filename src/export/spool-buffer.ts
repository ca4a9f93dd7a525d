import type { Clock } from '../lib/clock';
import type { Point } from '../metrics/point';
import { Backoff } from '../lib/backoff';
import type { Warn } from './drops';
import { LineSerializer, MAX_LINE_BYTES } from './line';
import type { LineBatch } from './line-exporter';
import { MemoryBuffer } from './memory-buffer';
import { Pump } from './pump';
import type { BufferOwner, QueueBuffer } from './queue-buffer';
import type { QueueSettings } from './queue-options';
import type { Spool } from './spool/spool';

export interface SpoolBufferModules {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly warn: Warn;
}

/**
 * Points that wait on disk, as lines, over restarts. Every point is written to disk first, in its order, from
 * a buffer in memory that holds it for a moment. So the accounts in the series `btcdmon` stay true after a
 * kill: all points that an account counts as emitted are on disk before the account is.
 */
export class SpoolBuffer implements QueueBuffer<LineBatch> {
  private readonly memory: MemoryBuffer;
  private readonly toDisk: Pump<readonly Point[]>;
  private readonly serializer = new LineSerializer({ maxBytes: MAX_LINE_BYTES });
  private readonly spool: Spool;
  private isClosed = false;
  private damagedPoints = 0;

  constructor(
    settings: QueueSettings,
    { spool, clock, warn }: SpoolBufferModules,
    private readonly owner: BufferOwner,
  ) {
    this.spool = spool;
    const { drop } = owner;
    this.memory = new MemoryBuffer(settings, { drop, onReady: () => this.toDisk.run() });
    const { retryMinMs: minMs, retryMaxMs: maxMs } = settings;
    this.toDisk = new Pump({
      from: this.memory,
      deliver: (points) => this.store(points),
      backoff: new Backoff({ minMs, maxMs }, { warn, clock }),
      failureText: () => `the spool can't be written, ${this.memory.queued} points wait in memory`,
      onIdle: () => {
        this.memory.wake();
        owner.onReady();
      },
    });
  }

  get queued(): number {
    return this.memory.queued;
  }

  get spooled(): number {
    return this.spool.points;
  }

  get damaged(): number {
    return this.damagedPoints;
  }

  get isCrowded(): boolean {
    return this.memory.isCrowded || this.spool.isCrowded;
  }

  get failureText(): string {
    return `a delivery failed and is tried again, ${this.spool.points} points wait on disk`;
  }

  push(point: Point, isInbound: boolean): void {
    if (isInbound && this.spool.isCrowded) this.owner.drop(1, 'inbound');
    else this.memory.push(point, isInbound);
  }

  async next(): Promise<LineBatch | undefined> {
    const { batch, lost } = await this.spool.next();
    this.damagedPoints += lost;
    this.owner.drop(lost, 'damaged');
    return batch;
  }

  done(): Promise<void> {
    return this.spool.done();
  }

  putBack(): void {
    // The spool keeps a batch until it is done.
  }

  wake(): void {
    if (this.spool.points > 0) this.owner.onReady();
  }

  flush(): Promise<boolean> {
    return this.memory.flush();
  }

  hurry(): void {
    this.memory.hurry();
    this.toDisk.hurry();
  }

  giveUp(): number {
    this.isClosed = true;
    this.toDisk.stop();
    return this.memory.giveUp();
  }

  close(): Promise<void> {
    return this.spool.close();
  }

  private async store(points: readonly Point[]): Promise<void> {
    const { lines, taken, rejection } = this.serializer.serializeAll(points);
    const dropped = taken === 0 ? 0 : await this.spool.append(Buffer.from(lines), taken);
    if (this.isClosed) return;
    this.memory.done();
    this.owner.drop(dropped, 'spool full');
    this.owner.drop(points.length - taken, 'unwritable', rejection);
  }
}
