import { LinkedList } from '../lib/linked-list';
import { type CaptureSink, type CloseReason, Connection, type ConnectionContext } from './connection';
import type { CaptureCounters } from './counters';
import { reverseKey, type Segment, sourceOf } from './segment';
import type { Stream } from './stream';

/** What the connections of a capture may take. */
export interface CaptureLimits {
  /** The number of connections that are remembered, those that are over included. */
  readonly connections: number;
  /** The memory of the bytes of one direction that came out of order. */
  readonly waitingBytes: number;
  /** The same of all connections together. */
  readonly waitingBytesInAll: number;
  /** A connection without a packet for so long, in nanoseconds of captured time, is forgotten. */
  readonly idleNs: bigint;
}

/**
 * The receive window of Linux is 6 MB at most by default (`net.ipv4.tcp_rmem`): so many bytes can follow a
 * lost segment before it is sent again. A node of Bitcoin pings its peers every two minutes.
 */
const DEFAULT_LIMITS: CaptureLimits = {
  connections: 16_384,
  waitingBytes: 8_388_608,
  waitingBytesInAll: 67_108_864,
  idleNs: 1_800_000_000_000n,
};

/** Settings of a {@link ConnectionTable}. */
export interface ConnectionOptions {
  /** Ports that show which side is the server, for connections whose beginning was not captured. */
  readonly serverPorts?: readonly number[];
  readonly limits?: Partial<CaptureLimits>;
}

/**
 * The connections of a capture. Each segment goes to its connection, or begins a new one. If there are too
 * many connections, those that are over or were never answered are removed first, then those that were idle
 * longest.
 */
export class ConnectionTable {
  /** Each connection by its two keys. */
  private readonly connections = new Map<string, Connection>();
  /** Connections in the order of their last segment: those that are open, and all others. */
  private readonly open = new LinkedList<Connection>();
  private readonly others = new LinkedList<Connection>();
  private readonly context: ConnectionContext;
  private readonly limits: CaptureLimits;
  private readonly serverPorts: ReadonlySet<number>;

  constructor(sink: CaptureSink, counters: CaptureCounters, options: ConnectionOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    const waiting = { most: this.limits.waitingBytes, cost: 0, streams: new LinkedList<Stream>() };
    this.context = { sink, counters, waiting, nowNs: 0n };
    this.serverPorts = new Set(options.serverPorts);
  }

  /** The memory of all bytes that came out of order. */
  get waitingBytes(): number {
    return this.context.waiting.cost;
  }

  /** The number of connections that are remembered. */
  get size(): number {
    return this.open.size + this.others.size;
  }

  /** Takes a segment that was captured at `timeNs`. */
  take(segment: Segment, timeNs: bigint): void {
    this.context.nowNs = timeNs;
    this.forgetIdle(timeNs);
    const connection = this.connectionOf(segment);
    if (connection === null) return;
    connection.lastNs = timeNs;
    connection.take(segment);
    this.file(connection);
    this.keepWithinLimits();
  }

  /** The capture has ended: closes all connections. */
  end(): void {
    for (const list of [this.open, this.others])
      for (let { first } = list; first !== null; { first } = list) this.remove(first, 'end');
  }

  /** The connection that a segment belongs to, perhaps a new one; null if the segment means nothing. */
  private connectionOf(segment: Segment): Connection | null {
    const known = this.connections.get(segment.key);
    const relation = known?.relationOf(segment) ?? 'new';
    if (relation === 'nothing') return null;
    if (known !== undefined && relation === 'same') return known;
    // A reset ends nothing that is known of.
    if (segment.rst) return null;
    // A segment that is not SYN begins a new connection in place of another after a SYN that had no answer.
    const isAfterSyn = known !== undefined && !segment.syn;
    if (known !== undefined) this.remove(known, 'reused');
    const sawOpening = segment.syn || isAfterSyn;
    const connection = this.add(isAfterSyn ? segment.key : this.clientKeyOf(segment), sawOpening);
    if (isAfterSyn) connection.begin(segment.sequence);
    return connection;
  }

  private add(clientKey: string, sawOpening: boolean): Connection {
    while (this.size >= this.limits.connections) {
      const victim = this.others.first ?? this.open.first;
      if (victim === null) break;
      if (victim.isOpen) this.context.counters.evicted++;
      this.remove(victim, 'evicted');
    }
    const connection = new Connection(clientKey, sawOpening, this.context);
    this.connections.set(connection.clientKey, connection);
    this.connections.set(connection.serverKey, connection);
    this.others.push(connection);
    return connection;
  }

  private remove(connection: Connection, reason: CloseReason): void {
    connection.close(reason);
    connection.list?.remove(connection);
    this.connections.delete(connection.clientKey);
    this.connections.delete(connection.serverKey);
  }

  /** Puts a connection that had a segment at the end of its list. */
  private file(connection: Connection): void {
    connection.list?.remove(connection);
    (connection.isOpen ? this.open : this.others).push(connection);
  }

  private forgetIdle(nowNs: bigint): void {
    for (const list of [this.open, this.others])
      for (let { first } = list; first !== null; { first } = list) {
        if (nowNs - first.lastNs <= this.limits.idleNs) break;
        this.remove(first, 'idle');
      }
  }

  /** Gives up missing bytes where too much waits for them, first of the streams that have waited longest. */
  private keepWithinLimits(): void {
    const { waiting } = this.context;
    while (waiting.cost > this.limits.waitingBytesInAll) waiting.streams.first?.giveUp();
  }

  /** The key of the side that dialled: SYN tells, else the ports. The lower one is the server's. */
  private clientKeyOf(segment: Segment): string {
    const { key } = segment;
    const reverse = reverseKey(key);
    if (segment.syn) return segment.acknowledgment === null ? key : reverse;
    const [source, destination] = [sourceOf(key).port, sourceOf(reverse).port];
    const known = [source, destination].map((port) => this.serverPorts.has(port));
    if (known[0] !== known[1]) return known[0] === true ? reverse : key;
    return source < destination ? reverse : key;
  }
}
