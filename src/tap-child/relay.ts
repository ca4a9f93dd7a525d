import type { Socket } from 'node:net';
import { YoungGarbage } from '../lib/young-garbage';
import type { TapCloseReason } from '../tap/copy-format';
import type { DirectionNumber } from './copy-writer';
import { resetSoon } from './end-socket';

/**
 * Bytes that may wait in one direction before the other side is paused. The system's own buffers hold further
 * bytes, as on any connection.
 */
const MAX_WAITING = 262_144;

/** Milliseconds of silence after which the system asks whether the other machine is still there. */
const KEEP_ALIVE_MS = 60_000;

/** The sockets of a connection that is led through the tap. */
export interface RelayEnds {
  readonly peer: Socket;
  readonly node: Socket;
}

/** Bytes of each side that were read before a relay began. */
export type EarlyBytes = Partial<Readonly<Record<keyof RelayEnds, Buffer>>>;

/** Receivers of what a relay reports. */
export interface RelayHooks {
  /** Bytes were read and are on their way. Nobody changes them afterwards. */
  passed(direction: DirectionNumber, chunk: Buffer): void;
  /** Both sockets are closed. */
  closed(reason: TapCloseReason): void;
}

/**
 * Passes bytes between two sockets, unchanged and in order. If one side doesn't read, the other one is
 * paused. The end of one direction (FIN) is passed on, and the other direction continues. A reset (RST) is
 * passed on as a reset, after the bytes that came before it.
 */
export class Relay {
  private reason: TapCloseReason | undefined;
  private open = 2;

  /** Both sockets are paused, and allow that one direction ends before the other. */
  constructor(
    private readonly ends: RelayEnds,
    private readonly halfClosedMs: number,
    private readonly hooks: RelayHooks,
  ) {}

  /** @param early bytes that the node or the peer had sent before, which were read already */
  start(early: EarlyBytes = {}): void {
    const { peer, node } = this.ends;
    this.pass(0, 'peer', peer, node, early.peer);
    this.pass(1, 'node', node, peer, early.node);
    for (const socket of [peer, node]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      if (!socket.destroyed) socket.resume();
    }
  }

  /** Ends both sides at once. */
  destroy(reason: TapCloseReason): void {
    this.reason ??= reason;
    this.ends.peer.destroy();
    this.ends.node.destroy();
  }

  private pass(
    direction: DirectionNumber,
    side: keyof RelayEnds,
    from: Socket,
    to: Socket,
    early?: Buffer,
  ): void {
    const take = (chunk: Buffer): void => {
      // What comes from a side whose other one is gone goes nowhere.
      if (!to.writable) return;
      to.write(chunk);
      if (to.writableLength > MAX_WAITING) from.pause();
      this.hooks.passed(direction, chunk);
      garbage.released(chunk.length);
    };
    const passEnd = (): void => {
      this.reason ??= `closed-by-${side}`;
      to.end();
      // Nobody can tell whether the other side waits for more or has forgotten the connection.
      from.setTimeout(this.halfClosedMs, this.silent);
      to.setTimeout(this.halfClosedMs, this.silent);
    };
    const ended = (): void => {
      // Node.js 20 (libuv) reports a reset that comes with the last bytes as an end. A write of no bytes
      // sends nothing after an end, and fails after a reset, which `failed` then passes on.
      if (!from.writable || from.writableLength > 0) passEnd();
      else
        from.write(NOTHING, (error) => {
          if (error == null) passEnd();
        });
    };
    const failed = (): void => {
      this.reason ??= `reset-by-${side}`;
      resetSoon(to);
    };
    const closed = (): void => {
      if (!from.readableEnded || !from.writableFinished) failed();
      if (--this.open === 0) this.hooks.closed(this.reason ?? `reset-by-${side}`);
    };
    if (early !== undefined && early.length > 0) take(early);
    from.on('data', take);
    to.on('drain', () => from.resume());
    from.on('error', failed);
    // It may have ended before it got its other side.
    if (from.readableEnded) ended();
    else from.on('end', ended);
    if (from.closed) queueMicrotask(closed);
    else from.on('close', closed);
  }

  private readonly silent = (): void => {
    this.reason = 'half-closed';
    this.ends.peer.resetAndDestroy();
    this.ends.node.resetAndDestroy();
  };
}

const NOTHING = Buffer.alloc(0);

/** One instance serves all connections. */
const garbage = new YoungGarbage();
