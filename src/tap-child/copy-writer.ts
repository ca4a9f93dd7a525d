import type { Writable } from 'node:stream';
import {
  type ClosedCopy,
  COPY_HEAD_BYTES,
  COPY_KINDS,
  type CopyKind,
  type OpenedCopy,
  copyHead,
  monotonicOffsetMs,
} from '../tap/copy-format';

/** Approximate memory of a part that waits, besides its body. */
const PART_BYTES = 256 + COPY_HEAD_BYTES;

const NOTHING = Buffer.alloc(0);

/** The number of a direction on the pipe: 0 is `in`, 1 is `out`. */
export type DirectionNumber = 0 | 1;

/** A connection as its copy knows it. */
export interface CopiedConnection {
  readonly id: number;
  readonly opened: OpenedCopy;
  readonly openedAtMs: number;
  /** Whether the program has been told that it opened. */
  isTold: boolean;
  /** Bytes of each direction that were not copied and have not been told yet. */
  readonly skipped: [number, number];
  /** Bytes that were read, of each direction. */
  readonly bytes: [number, number];
}

/**
 * Copies what passes to the program, over a pipe. It never waits. Where the program doesn't read and the
 * bound is reached, copies are left out until all that waits was read. Then the program is told what it
 * missed, before anything else of the same connection.
 */
export class CopyWriter {
  private readonly offsetMs = monotonicOffsetMs();
  private waitingParts = 0;
  private isFull = false;
  private isCorked = false;
  private lastId = 0;
  /** Connections with something untold: that they opened, or bytes that are missing. */
  private readonly untold = new Set<CopiedConnection>();
  /** Why connections ended that the program knows of and that ended untold. */
  private readonly ends = new Map<CopiedConnection, { readonly closed: ClosedCopy; readonly atMs: number }>();
  private missedConnections = 0;
  private missedIn = 0;
  private missedOut = 0;

  constructor(
    private readonly pipe: Writable,
    private readonly maxBytes: number,
  ) {}

  /** Bytes that wait for the program, and what their parts take. */
  get waitingBytes(): number {
    return this.pipe.writableLength + this.waitingParts * PART_BYTES;
  }

  /** Begins the copy of a connection. */
  opened(opened: OpenedCopy): CopiedConnection {
    const connection: CopiedConnection = {
      id: ++this.lastId,
      opened,
      openedAtMs: this.nowMs(),
      isTold: false,
      skipped: [0, 0],
      bytes: [0, 0],
    };
    if (this.hasRoom()) this.tellOpened(connection);
    else this.untold.add(connection);
    return connection;
  }

  /** Copies bytes that were read. They are not changed afterwards by anybody, so they are not copied here. */
  data(connection: CopiedConnection, direction: DirectionNumber, chunk: Buffer): void {
    connection.bytes[direction] += chunk.length;
    if (this.hasRoom()) {
      this.write(COPY_KINDS.data, direction, connection.id, chunk, this.nowMs());
    } else {
      connection.skipped[direction] += chunk.length;
      this.untold.add(connection);
    }
  }

  /** Ends the copy of a connection. */
  closed(connection: CopiedConnection, reason: ClosedCopy['reason']): void {
    const [bytesIn, bytesOut] = connection.bytes;
    const closed = { reason, bytes: { in: bytesIn, out: bytesOut } };
    if (this.hasRoom()) {
      this.tellClosed(connection, closed, this.nowMs());
    } else if (connection.isTold) {
      this.untold.add(connection);
      this.ends.set(connection, { closed, atMs: this.nowMs() });
    } else {
      this.untold.delete(connection);
      this.missedConnections++;
      this.missedIn += bytesIn;
      this.missedOut += bytesOut;
    }
  }

  private hasRoom(): boolean {
    if (!this.isFull && this.waitingBytes > this.maxBytes) {
      this.isFull = true;
      // It is called once everything before it was read.
      this.pipe.write(NOTHING, () => this.drained());
    }
    return !this.isFull;
  }

  private drained(): void {
    this.waitingParts = 0;
    this.isFull = false;
    if (this.missedConnections > 0) {
      const { missedConnections: connections, missedIn, missedOut } = this;
      this.missedConnections = this.missedIn = this.missedOut = 0;
      this.writeJson(COPY_KINDS.missed, 0, 0, { connections, bytes: { in: missedIn, out: missedOut } });
    }
    const { ends } = this;
    for (const connection of this.untold) {
      if (!connection.isTold) this.tellOpened(connection);
      this.tellGap(connection, 0);
      this.tellGap(connection, 1);
      const end = ends.get(connection);
      if (end !== undefined) this.tellClosed(connection, end.closed, end.atMs);
    }
    this.untold.clear();
    ends.clear();
  }

  private tellOpened(connection: CopiedConnection): void {
    connection.isTold = true;
    this.writeJson(COPY_KINDS.opened, 0, connection.id, connection.opened, connection.openedAtMs);
  }

  private tellGap(connection: CopiedConnection, direction: DirectionNumber): void {
    const bytes = connection.skipped[direction];
    if (bytes === 0) return;
    connection.skipped[direction] = 0;
    this.writeJson(COPY_KINDS.gap, direction, connection.id, bytes);
  }

  private tellClosed({ id }: CopiedConnection, closed: ClosedCopy, atMs: number): void {
    this.writeJson(COPY_KINDS.closed, 0, id, closed, atMs);
  }

  private writeJson(
    kind: CopyKind,
    direction: DirectionNumber,
    id: number,
    body: unknown,
    atMs = this.nowMs(),
  ): void {
    this.write(kind, direction, id, Buffer.from(JSON.stringify(body)), atMs);
  }

  private write(kind: CopyKind, direction: DirectionNumber, id: number, body: Buffer, atMs: number): void {
    const { pipe } = this;
    // What is read in one turn of the event loop goes out in one call of the system.
    if (!this.isCorked) {
      this.isCorked = true;
      pipe.cork();
      setImmediate(this.uncork);
    }
    this.waitingParts++;
    pipe.write(copyHead(kind, direction, id, body.length, atMs));
    pipe.write(body);
  }

  private readonly uncork = (): void => {
    this.isCorked = false;
    this.pipe.uncork();
    if (this.pipe.writableLength === 0) this.waitingParts = 0;
  };

  private nowMs(): number {
    return this.offsetMs + performance.now();
  }
}
