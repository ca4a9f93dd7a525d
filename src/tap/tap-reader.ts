import type { EventBus } from '../lib/event-bus';
import { DecodeError } from '../wire/decode-error';
import { decodeVersion } from '../wire/messages/version';
import {
  type ClosedCopy,
  type CopySink,
  DIRECTIONS,
  type Direction,
  type MissedCopy,
  type OpenedCopy,
  monotonicOffsetMs,
} from './copy-format';
import { HeldBytes } from './held-bytes';
import { TapConnection } from './tap-connection';
import type { SkipReason, TapEvents, TapTime } from './tap-events';
import { type OpaqueProtocol, TapStream } from './tap-stream';

/** What is read of one direction. */
interface ReadDirection {
  readonly stream: TapStream;
  hasVersion: boolean;
  hasVerack: boolean;
}

/** A connection that is read. */
interface ReadConnection {
  readonly connection: TapConnection;
  readonly in: ReadDirection;
  readonly out: ReadDirection;
}

/** The clocks of a reader. */
export interface TapClocks {
  readonly monotonicMs: () => number;
  /** Unix milliseconds. */
  readonly wallMs: () => number;
  /** The system's monotonic clock less `monotonicMs`, in milliseconds. */
  readonly offsetMs: number;
}

/** The clocks of this system. */
function systemClocks(): TapClocks {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    offsetMs: monotonicOffsetMs(),
  };
}

/** Reads the copy that a tap makes, and emits what passed. */
export class TapReader implements CopySink {
  private readonly connections = new Map<number, ReadConnection>();
  private readonly heldBytes = new HeldBytes();
  /** When the bytes that are read now were read by the tap. */
  private time: TapTime = { monotonicMs: 0, wallMs: 0 };
  private atMs = 0;

  /** @param magic of the network that the node is on */
  constructor(
    private readonly magic: number,
    private readonly bus: EventBus<TapEvents>,
    private readonly clocks: TapClocks = systemClocks(),
  ) {}

  /** The connections that are open, as far as the copy has been read. */
  *open(): IterableIterator<TapConnection> {
    for (const { connection } of this.connections.values()) yield connection;
  }

  opened(id: number, opened: OpenedCopy, atMs: number): void {
    const connection = new TapConnection(id, opened);
    this.connections.set(id, {
      connection,
      in: this.readDirection(connection, 'in'),
      out: this.readDirection(connection, 'out'),
    });
    this.bus.emit('opened', { connection, time: this.timeOf(atMs) });
  }

  /** A connection was under way before: its streams begin anywhere, and the first message is searched for. */
  joined(id: number): void {
    const read = this.connections.get(id);
    if (read === undefined) return;
    for (const direction of DIRECTIONS) read[direction].stream.join();
  }

  data(id: number, direction: Direction, bytes: Buffer, atMs: number): void {
    const read = this.connections.get(id);
    if (read === undefined || bytes.length === 0) return;
    const { connection } = read;
    this.timeOf(atMs);
    this.passed(connection, direction, bytes.length);
    if (connection.isOpaque) return;
    const { stream } = read[direction];
    stream.push(bytes);
    this.heldBytes.note(stream);
  }

  gap(id: number, direction: Direction, bytes: number, atMs: number): void {
    const read = this.connections.get(id);
    if (read === undefined) return;
    const { connection } = read;
    this.timeOf(atMs);
    this.passed(connection, direction, bytes);
    if (connection.isOpaque) return;
    const { stream } = read[direction];
    stream.gap();
    this.heldBytes.forget(stream);
    this.skipped(connection, direction, bytes, 'not-copied');
  }

  closed(id: number, { reason }: ClosedCopy, atMs: number): void {
    const read = this.connections.get(id);
    if (read === undefined) return;
    this.connections.delete(id);
    const { connection } = read;
    const time = this.timeOf(atMs);
    if (!connection.isOpaque) this.endStreams(read);
    const { established } = connection;
    this.bus.emit('closed', { connection, reason, established, time });
  }

  /** The tap is gone, and all its connections with it. */
  end(): void {
    const atMs = this.clocks.monotonicMs() + this.clocks.offsetMs;
    const closed: ClosedCopy = { reason: 'stopped', bytes: { in: 0, out: 0 } };
    for (const id of [...this.connections.keys()]) this.closed(id, closed, atMs);
  }

  missed(missed: MissedCopy): void {
    this.bus.emit('missed', missed);
  }

  private endStreams(read: ReadConnection): void {
    for (const direction of DIRECTIONS) {
      const { stream } = read[direction];
      stream.end();
      this.heldBytes.forget(stream);
    }
  }

  private readDirection(connection: TapConnection, direction: Direction): ReadDirection {
    return {
      hasVersion: false,
      hasVerack: false,
      stream: new TapStream(this.magic, {
        message: (command, payload, bytes) => this.message(connection, direction, command, payload, bytes),
        noMessage: (bytes) => {
          if (!connection.isOpaque) this.skipped(connection, direction, bytes, 'no-message');
        },
        broken: () => {
          if (!connection.isOpaque) this.bus.emit('broken', { connection, direction });
        },
        violation: (reason) => this.bus.emit('violation', { connection, direction, reason }),
        opaque: (protocol) => this.opaque(connection, direction, protocol),
      }),
    };
  }

  /** A connection is opaque as soon as one of its directions is. */
  private opaque(connection: TapConnection, direction: Direction, protocol: OpaqueProtocol): void {
    connection.isOpaque = true;
    const read = this.connections.get(connection.id);
    if (read !== undefined) this.endStreams(read);
    this.bus.emit('opaque', { connection, direction, protocol });
  }

  private message(
    connection: TapConnection,
    direction: Direction,
    command: string,
    payload: Buffer,
    bytes: number,
  ): void {
    const { bus, time } = this;
    connection.messages[direction].add(command, bytes);
    if (!connection.established && (command === 'version' || command === 'verack'))
      this.claim(connection, direction, command, payload);
    bus.emit('message', { connection, direction, command, payload, bytes, time });
    if (!connection.established && command === 'verack') this.shakeHands(connection);
  }

  private claim(
    connection: TapConnection,
    direction: Direction,
    command: 'version' | 'verack',
    payload: Buffer,
  ): void {
    const read = this.connections.get(connection.id)?.[direction];
    if (read === undefined) return;
    if (command === 'verack') {
      read.hasVerack = true;
      return;
    }
    read.hasVersion = true;
    try {
      const claims = decodeVersion(payload);
      if (direction === 'in') connection.claims ??= claims;
      else connection.nodeClaims ??= claims;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  private shakeHands(connection: TapConnection): void {
    const read = this.connections.get(connection.id);
    const { claims } = connection;
    if (read === undefined || claims === null) return;
    if (!DIRECTIONS.every((direction) => read[direction].hasVersion && read[direction].hasVerack)) return;
    connection.established = true;
    this.bus.emit('handshake', { connection, claims, time: this.time });
  }

  private passed(connection: TapConnection, direction: Direction, bytes: number): void {
    connection.bytes[direction] += bytes;
    this.bus.emit('bytes', { connection, direction, bytes });
  }

  private skipped(connection: TapConnection, direction: Direction, bytes: number, why: SkipReason): void {
    connection.skipped[direction] += bytes;
    this.bus.emit('skipped', { connection, direction, bytes, why });
  }

  /** The time at which the tap read the present bytes. One chunk may come in pieces. */
  private timeOf(atMs: number): TapTime {
    if (atMs === this.atMs) return this.time;
    const monotonicMs = atMs - this.clocks.offsetMs;
    const agoMs = this.clocks.monotonicMs() - monotonicMs;
    this.atMs = atMs;
    this.time = { monotonicMs, wallMs: this.clocks.wallMs() - agoMs };
    return this.time;
  }
}
