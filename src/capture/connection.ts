import type { LinkedList, ListItem } from '../lib/linked-list';
import type { CaptureCounters } from './counters';
import { type Endpoint, reverseKey, type Segment, sourceOf } from './segment';
import { type Side, Stream, type StreamOutput, type WaitingAccount } from './stream';

/** A TCP connection of a capture. */
export interface CapturedConnection {
  /** The side that dialled. */
  readonly client: Endpoint;
  readonly server: Endpoint;
  /**
   * Whether its beginning was captured. Otherwise it was under way before, its streams begin in the middle,
   * and the server is guessed by the ports.
   */
  readonly sawOpening: boolean;
}

/** Why a connection is over. */
export type CloseReason =
  /** Both sides ended it. */
  | 'fin'
  | 'reset'
  /** A new connection has the same addresses and ports. */
  | 'reused'
  /** Nothing was captured of it for long. */
  | 'idle'
  /** There were too many connections. */
  | 'evicted'
  /** The capture ended. */
  | 'end';

/** Which side began to end a connection, and how: its regular end (FIN) or a reset. */
export interface FirstEnd {
  readonly by: Side;
  readonly how: 'fin' | 'reset';
}

/**
 * Receives the data of one connection. `timeNs` is the time of the packet that showed it, in nanoseconds
 * since 1970. `bytes` are a view that does not change; copy a few bytes so that the chunk of the capture can
 * be freed.
 */
export interface ConnectionSink {
  /** The next bytes that one side has sent. */
  data(from: Side, bytes: Buffer, timeNs: bigint): void;
  /** The capture lacks so many of the next bytes that one side has sent. */
  gap(from: Side, bytes: number, timeNs: bigint): void;
  /** Called once, at last. `firstEnd` is null where no side was seen to end it. */
  closed(reason: CloseReason, timeNs: bigint, firstEnd: FirstEnd | null): void;
}

/** Receives the connections of a capture. */
export interface CaptureSink {
  /** A connection is established, or under way. Null leaves it out. */
  opened(connection: CapturedConnection, timeNs: bigint): ConnectionSink | null;
}

/** What all connections of a capture share. */
export interface ConnectionContext {
  readonly sink: CaptureSink;
  readonly counters: CaptureCounters;
  readonly waiting: WaitingAccount;
  /** Time of the packet that is read. */
  nowNs: bigint;
}

/** What a segment is to a connection with the same addresses and ports. */
export type Relation =
  | 'same'
  /** It belongs to a new connection. */
  | 'new'
  /** It means nothing: it belongs to a connection that is over, or may be forged. */
  | 'nothing';

/** A connection, from its first segment on: two streams, and what is known of their beginning and end. */
export class Connection implements ListItem<Connection>, StreamOutput {
  list: LinkedList<Connection> | null = null;
  previous: Connection | null = null;
  next: Connection | null = null;
  /** Time of its last segment. */
  lastNs = 0n;

  readonly serverKey: string;
  private readonly client: Stream;
  private readonly server: Stream;
  private state: 'attempt' | 'open' | 'over' = 'attempt';
  private sink: ConnectionSink | null = null;
  /** A SYN on an open connection: the side, and its first sequence number. It may be a forgery. */
  private newSyn: { readonly from: Side; readonly sequence: number } | null = null;
  private firstEnd: FirstEnd | null = null;

  constructor(
    readonly clientKey: string,
    private readonly sawOpening: boolean,
    private readonly context: ConnectionContext,
  ) {
    this.serverKey = reverseKey(clientKey);
    this.client = new Stream(this, 'client', context.waiting);
    this.server = new Stream(this, 'server', context.waiting);
  }

  /** Whether it was reported as opened, and not yet as closed. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** What a segment with the same addresses and ports is to this connection. */
  relationOf(segment: Segment): Relation {
    const { from, own } = this.sidesOf(segment);
    if (!segment.syn) {
      if (this.state === 'over') return 'nothing';
      return this.newSyn?.from === from && this.newSyn.sequence === segment.sequence ? 'new' : 'same';
    }
    const first = afterSyn(segment);
    if (own.beganAt(first)) return this.state === 'over' ? 'nothing' : 'same';
    if (this.state === 'over') return 'new';
    if (this.sawOpening && !own.isKnown) return 'same';
    if (this.state === 'attempt' || segment.acknowledgment !== null) return 'new';
    // Anyone can send a SYN. It begins a new connection once it is answered, or followed by its next number.
    this.newSyn = { from, sequence: first };
    return 'nothing';
  }

  /** The client's first sequence number is known although its SYN is not taken. */
  begin(sequence: number): void {
    this.client.begin(sequence);
  }

  /** Takes a segment that is its own. */
  take(segment: Segment): void {
    const { from, own, other } = this.sidesOf(segment);
    if (segment.rst) {
      if (!own.canReset(segment.sequence)) return;
      this.firstEnd ??= { by: from, how: 'reset' };
      this.reset();
      return;
    }
    if (segment.fin) this.firstEnd ??= { by: from, how: 'fin' };
    if (segment.acknowledgment !== null) other.acknowledge(segment.acknowledgment, this.sawOpening);
    if (segment.syn) own.begin(afterSyn(segment));
    if (this.sawOpening && (!segment.syn || segment.length > 0)) this.open();
    own.receive(segment.syn ? afterSyn(segment) : segment.sequence, segment);
    own.settle();
    other.settle();
    if (this.state === 'over') this.end();
    else if (this.isEnded) this.close('fin');
  }

  /** Passes on the bytes that are left, and reports the end of the connection. */
  close(why: CloseReason): void {
    if (this.state === 'over') return;
    const reason = this.isEnded ? 'fin' : why;
    const isReset = reason === 'reset';
    this.client.finish(!isReset && this.server.sawEnd);
    this.server.finish(!isReset && this.client.sawEnd);
    this.end();
    this.sink?.closed(reason, this.context.nowNs, this.firstEnd);
    this.sink = null;
  }

  bytes(from: Side, bytes: Buffer): void {
    this.open();
    this.sink?.data(from, bytes, this.context.nowNs);
  }

  lost(from: Side, bytes: number): void {
    this.open();
    if (this.sink === null) return;
    this.context.counters.lostBytes += bytes;
    this.sink.gap(from, bytes, this.context.nowNs);
  }

  repeated(bytes: number): void {
    this.context.counters.repeatedBytes += bytes;
  }

  /** Whether both sides have ended it, and everything was handed out. */
  private get isEnded(): boolean {
    return this.client.isEnded && this.server.isEnded;
  }

  private sidesOf({ key }: Segment): { readonly from: Side; readonly own: Stream; readonly other: Stream } {
    return key === this.clientKey
      ? { from: 'client', own: this.client, other: this.server }
      : { from: 'server', own: this.server, other: this.client };
  }

  private reset(): void {
    if (this.state === 'open') {
      this.close('reset');
      return;
    }
    if (this.sawOpening) this.context.counters.refused++;
    this.end();
  }

  /** Reports the connection once. If nobody wants it, it is over. */
  private open(): void {
    if (this.state !== 'attempt') return;
    this.state = 'open';
    const { sawOpening } = this;
    const [client, server] = [sourceOf(this.clientKey), sourceOf(this.serverKey)];
    this.sink = this.context.sink.opened({ client, server, sawOpening }, this.context.nowNs);
    if (this.sink === null) this.state = 'over';
  }

  private end(): void {
    this.state = 'over';
    this.client.drop();
    this.server.drop();
  }
}

/** The sequence number after SYN, which takes one itself. */
function afterSyn({ sequence }: Segment): number {
  return (sequence + 1) % 0x1_0000_0000;
}
