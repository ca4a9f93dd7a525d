import type { Writable } from 'node:stream';
import {
  type ClosedCopy,
  COPY_HEAD_BYTES,
  COPY_KINDS,
  type CopyHead,
  type OpenedCopy,
  monotonicOffsetMs,
  writeCopyHead,
} from '../tap/copy-format';

/**
 * Bodies of up to so many bytes are gathered in slabs. Otherwise thousands of small messages a second would
 * be as many objects. While the program reads nothing, all of them wait, and each garbage collection copies
 * them, which delays the passing bytes.
 */
const SMALL_BYTES = 4_096;
const SLAB_BYTES = 65_536;

/**
 * Copies are gathered for so many milliseconds, or up to so many bytes. Writing each message by itself, and
 * waking the program for it, would take processor time from the passing bytes. Each part has its time.
 */
const GATHER_MS = 5;
const GATHER_BYTES = 65_536;

/** Bytes that are given to the pipe at once. */
const BATCH_BYTES = 1_048_576;

/** Approximate memory of the objects of a piece. */
const PIECE_BYTES = 256;

const NOTHING = Buffer.alloc(0);

/** The number of a direction on the pipe: 0 is `in`, 1 is `out`. */
export type DirectionNumber = 0 | 1;

/** A connection as its copy knows it. */
export interface CopiedConnection {
  readonly id: number;
  readonly opened: OpenedCopy;
  readonly openedAtMs: number;
  /** Whether the program knows that it is open. */
  isTold: boolean;
  /** Bytes of each direction that were not copied and not reported yet. */
  readonly skipped: [number, number];
  /** Bytes that were read, of each direction. */
  readonly bytes: [number, number];
}

/**
 * Copies the passing bytes to the program, over a pipe. It never waits. If the program doesn't read and the
 * limit is reached, copies are left out until the program has read all that waits. Then it gets the number of
 * missing bytes, before anything else of the same connection.
 */
export class CopyWriter {
  private readonly offsetMs = monotonicOffsetMs();
  /** Heads and small bodies; the bytes between `sealed` and `filled` are in no piece yet. */
  private slab: Buffer = NOTHING;
  private sealed = 0;
  private filled = 0;
  /** What is to be given to the pipe, in its order: views of slabs, and large bodies. */
  private pieces: Buffer[] = [];
  private waiting = 0;
  /** What waits of the pieces that the pipe has. */
  private given = 0;
  private timer: NodeJS.Timeout | null = null;
  private isDue = false;
  private isFull = false;
  private onEnd: (() => void) | null = null;
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

  /** Bytes that wait for the program, and what their pieces take. */
  get waitingBytes(): number {
    return this.waiting;
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

  /** Copies bytes that were read. Nobody may change them afterwards: large ones are not copied here. */
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

  /** Ends the pipe, and calls `done`, once the program has read everything. */
  end(done: () => void): void {
    this.onEnd = done;
    this.proceed();
  }

  private hasRoom(): boolean {
    this.isFull ||= this.waiting > this.maxBytes;
    return !this.isFull;
  }

  private drained(): void {
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
    kind: CopyHead['kind'],
    direction: DirectionNumber,
    id: number,
    body: unknown,
    atMs = this.nowMs(),
  ): void {
    this.write(kind, direction, id, Buffer.from(JSON.stringify(body)), atMs);
  }

  private write(
    kind: CopyHead['kind'],
    direction: DirectionNumber,
    id: number,
    body: Buffer,
    atMs: number,
  ): void {
    const { length } = body;
    const isSmall = length <= SMALL_BYTES;
    const inSlab = COPY_HEAD_BYTES + (isSmall ? length : 0);
    if (this.filled + inSlab > this.slab.length) this.takeSlab();
    writeCopyHead(this.slab, this.filled, { kind, direction, id, length, atMs });
    if (isSmall) body.copy(this.slab, this.filled + COPY_HEAD_BYTES);
    this.filled += inSlab;
    this.waiting += inSlab;
    if (!isSmall) {
      this.seal();
      this.addPiece(body);
      this.waiting += length;
    }
    if (this.given === 0) this.schedule();
  }

  /** Has what waits given to the pipe: after this turn of the event loop if it is much, else a bit later. */
  private schedule(): void {
    if (this.isDue) return;
    if (this.waiting < GATHER_BYTES) {
      this.timer ??= setTimeout(() => this.proceed(), GATHER_MS);
      return;
    }
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      this.proceed();
    });
  }

  private takeSlab(): void {
    this.seal();
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.sealed = this.filled = 0;
  }

  /** Makes a piece of what was put into the slab. */
  private seal(): void {
    if (this.filled > this.sealed) this.addPiece(this.slab.subarray(this.sealed, this.filled));
    this.sealed = this.filled;
  }

  private addPiece(piece: Buffer): void {
    this.pieces.push(piece);
    this.waiting += PIECE_BYTES;
  }

  /** Gives the pipe what waits, once it has passed on what it was given before. */
  private proceed(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.given > 0) return;
    if (this.isFull && this.waiting === 0) this.drained();
    this.seal();
    if (this.pieces.length > 0) this.giveBatch();
    else if (this.onEnd !== null) this.pipe.end(this.onEnd);
  }

  private giveBatch(): void {
    const { pieces, pipe } = this;
    let count = 0;
    while (count < pieces.length && this.given < BATCH_BYTES)
      this.given += PIECE_BYTES + (pieces[count++]?.length ?? 0);
    const batch = pieces.slice(0, count);
    this.pieces = pieces.slice(count);
    pipe.cork();
    batch.forEach((piece, i) => pipe.write(piece, i + 1 < count ? undefined : this.passedOn));
    pipe.uncork();
  }

  private readonly passedOn = (): void => {
    this.waiting -= this.given;
    this.given = 0;
    this.proceed();
  };

  private nowMs(): number {
    return this.offsetMs + performance.now();
  }
}
