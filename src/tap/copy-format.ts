import type { DisconnectReason, TapOnlyEnd } from '../p2p/p2p-events';

/** The directions of a connection: `in` from the peer to the watched node, `out` from the node to it. */
export const DIRECTIONS = ['in', 'out'] as const;

/** One of {@link DIRECTIONS}. */
export type Direction = (typeof DIRECTIONS)[number];

/** A number for each direction. */
export type PerDirection = Readonly<Record<Direction, number>>;

/**
 * Why a connection of a tap ended. The first thing that happened counts. The list is fixed, because it
 * becomes a tag.
 */
export type TapCloseReason =
  TapOnlyEnd | Extract<DisconnectReason, 'closed-by-peer' | 'banned' | 'inbound-full' | 'loop' | 'stopped'>;

/** The head of the copy of a connection. */
export interface OpenedCopy {
  /** Whether the node dialled the peer. */
  readonly outbound: boolean;
  /** The peer's host: an IP, or the name that the node asked for if a proxy dialled it. */
  readonly host: string;
  readonly port: number;
  /** `host:port` of the peer as the node sees it: the local end of the tap's connection to the node. */
  readonly seenAs: string;
}

/** The end of the copy of a connection. */
export interface ClosedCopy {
  readonly reason: TapCloseReason;
  /** All bytes that were read from each side. */
  readonly bytes: PerDirection;
}

/** Connections that opened and ended while no copy could be made. */
export interface MissedCopy {
  readonly connections: number;
  readonly bytes: PerDirection;
}

/** Receives the parts of a copy. */
export interface CopySink {
  opened(id: number, opened: OpenedCopy, atMs: number): void;
  /** Bytes that passed; at `atMs` they were read. One chunk may come in several pieces. */
  data(id: number, direction: Direction, bytes: Buffer, atMs: number): void;
  /** So many bytes of this direction passed here without a copy. */
  gap(id: number, direction: Direction, bytes: number, atMs: number): void;
  closed(id: number, closed: ClosedCopy, atMs: number): void;
  missed(missed: MissedCopy): void;
}

/**
 * The parts of a copy on the pipe. A part is a head of 20 bytes and a body. The head, big-endian: kind 1,
 * direction 1, unused 2, connection 4, length of the body 4, time 8. The time is a double: milliseconds of
 * the system's monotonic clock, which all processes share (`process.hrtime`). The body of `data` is what
 * passed, the others are JSON.
 */
export const COPY_HEAD_BYTES = 20;

/** The kinds of parts. */
export const COPY_KINDS = { opened: 1, data: 2, gap: 3, closed: 4, missed: 5 } as const;

/** A kind of part. */
type CopyKind = (typeof COPY_KINDS)[keyof typeof COPY_KINDS];

/** What the head of a part says. */
export interface CopyHead {
  readonly kind: CopyKind;
  /** 0 is `in`, 1 is `out`. */
  readonly direction: 0 | 1;
  readonly id: number;
  /** Length of the body. */
  readonly length: number;
  readonly atMs: number;
}

/** Writes the head of a part into `target`. */
export function writeCopyHead(target: Buffer, at: number, head: CopyHead): void {
  target[at] = head.kind;
  target[at + 1] = head.direction;
  target.writeUInt16BE(0, at + 2);
  target.writeUInt32BE(head.id, at + 4);
  target.writeUInt32BE(head.length, at + 8);
  target.writeDoubleBE(head.atMs, at + 12);
}

/** Number of readings of both clocks. Between those of one pair the process may have to wait. */
const READINGS = 10;

/** The system's monotonic clock in milliseconds, less `performance.now()` of this process. */
export function monotonicOffsetMs(): number {
  let best = { offsetMs: 0, tookMs: Infinity };
  for (let reading = 0; reading < READINGS; reading++) {
    const before = performance.now();
    const systemMs = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    const tookMs = after - before;
    if (tookMs < best.tookMs) best = { offsetMs: systemMs - (before + after) / 2, tookMs };
  }
  return best.offsetMs;
}
