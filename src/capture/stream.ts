import type { LinkedList, ListItem } from '../lib/linked-list';
import type { Segment } from './segment';
import { WaitingBytes } from './waiting-bytes';

/** A side of a connection: the one that dialled is the client. */
export type Side = 'client' | 'server';

/** Receives what a stream finds: every byte of one side in its order, once, or how many are missing. */
export interface StreamOutput {
  bytes(from: Side, bytes: Buffer): void;
  /** So many bytes are missing here, and will not come. */
  lost(from: Side, bytes: number): void;
  /** So many bytes came again. */
  repeated(bytes: number): void;
}

/** The account of bytes that came out of order, which all streams of a capture share. */
export interface WaitingAccount {
  /** The most memory that the waiting bytes of one stream may take. */
  readonly most: number;
  /** The memory that the waiting bytes of all streams take. */
  cost: number;
  /** The streams that wait, the one that has waited longest first. */
  readonly streams: LinkedList<Stream>;
}

/**
 * How far a segment can be before the next expected byte: the largest window of TCP (RFC 7323). A segment
 * that seems farther back is ahead, after a loss of up to 3 GiB.
 */
const MAX_BEHIND = 0x4000_0000;
const SEQUENCES = 0x1_0000_0000;

/** A reset counts if its sequence number is this close to what the stream has reached. */
const RESET_WINDOW = 1_048_576;

/**
 * One direction of a TCP connection: segments in, in any order and again and again, bytes in order out.
 *
 * Offsets count the bytes since the stream's first one, lost bytes included; they do not wrap as sequence
 * numbers do.
 */
export class Stream implements ListItem<Stream> {
  list: LinkedList<Stream> | null = null;
  previous: Stream | null = null;
  next: Stream | null = null;

  /**
   * How the first byte is known: not at all; from what the other side acknowledged; from a segment without
   * bytes, which may be a keep-alive and then is one byte below; or exactly.
   */
  private base: 'unknown' | 'acknowledged' | 'empty' | 'known' = 'unknown';
  private firstSequence = 0;
  /** Offset of the next byte to hand out, and its sequence number. */
  private position = 0;
  private sequence = 0;
  /** The offset that segments reached, those without bytes included. */
  private reached = 0;
  /** The offset that segments with bytes reached. */
  private sent = 0;
  /** The offset up to which the other side has everything. */
  private acknowledged = 0;
  /** Offset of the end, once FIN was seen. */
  private end: number | null = null;
  private readonly waiting = new WaitingBytes();

  constructor(
    private readonly output: StreamOutput,
    private readonly side: Side,
    private readonly account: WaitingAccount,
  ) {}

  get isKnown(): boolean {
    return this.base === 'known';
  }

  /** Whether FIN was seen. */
  get sawEnd(): boolean {
    return this.end !== null;
  }

  /** Whether everything up to FIN was handed out. */
  get isEnded(): boolean {
    return this.end !== null && this.position >= this.end;
  }

  /** The memory that waiting bytes take. */
  get waitingCost(): number {
    return this.waiting.cost;
  }

  /** Whether the stream is known to begin with this sequence number. */
  beganAt(sequence: number): boolean {
    return this.base === 'known' && this.firstSequence === sequence;
  }

  /** The sequence number of the first byte, from SYN. A known stream keeps its own. */
  begin(sequence: number): void {
    if (this.base !== 'known') this.startAt(sequence, 'known');
  }

  /** Takes a segment of this side. @param sequence of its first byte */
  receive(sequence: number, { payload, length, fin }: Segment): void {
    const isEmpty = length === 0 && !fin;
    if (this.base === 'unknown' || this.base === 'acknowledged')
      this.startAt(sequence, isEmpty ? 'empty' : 'known');
    else if (this.base === 'empty' && !isEmpty) this.settleBase(sequence);
    const start = this.offsetOf(sequence);
    const end = start + length;
    this.reached = Math.max(this.reached, end);
    if (length > 0) this.sent = Math.max(this.sent, end);
    if (fin) this.end ??= end;
    if (payload.length > 0) this.take(start, payload);
  }

  /**
   * The other side has everything up to this sequence number.
   * @param isOpening whether the connection's beginning was captured, so that the first number is exact
   */
  acknowledge(sequence: number, isOpening: boolean): void {
    if (this.base === 'unknown') {
      this.startAt(sequence, isOpening ? 'known' : 'acknowledged');
      return;
    }
    const offset = this.offsetOf(sequence);
    if (this.base === 'empty' && offset === 1) this.startAt(sequence, 'empty');
    else this.acknowledged = Math.max(this.acknowledged, offset);
  }

  /**
   * Gives up missing bytes that the other side has acknowledged, if later ones are here: nobody will send
   * them again. An acknowledgment without later bytes does not show that bytes are missing: it may be that of
   * FIN.
   */
  settle(): void {
    for (;;) {
      const next = this.waiting.first ?? this.end;
      if (next === null || next <= this.position || next > this.acknowledged) return;
      this.skipTo(next);
    }
  }

  /** Gives up the bytes before the first that wait. */
  giveUp(): void {
    const { first } = this.waiting;
    if (first !== null) this.skipTo(first);
  }

  /**
   * Hands out everything that waits, and gives up what is missing up to the last byte that is known of.
   * @param isRegular whether this side will have sent FIN, captured or not, because the other side did
   */
  finish(isRegular: boolean): void {
    while (this.waiting.first !== null) this.giveUp();
    const reached = Math.max(this.reached, this.acknowledged);
    // FIN has a sequence number of its own. If FIN is missing from the capture, the last number does not
    // belong to a byte.
    const last = this.end ?? (isRegular && reached > this.sent ? reached - 1 : reached);
    if (last > this.position) this.skipTo(last);
  }

  /** Forgets everything that waits. */
  drop(): void {
    this.change(() => this.waiting.drop());
  }

  /** Whether a reset with this sequence number can be this side's. */
  canReset(sequence: number): boolean {
    if (this.base === 'unknown' || this.base === 'acknowledged') return true;
    const last = Math.max(this.reached, this.acknowledged);
    return Math.abs(this.offsetOf(sequence) - last) <= RESET_WINDOW;
  }

  private startAt(sequence: number, base: Stream['base']): void {
    this.base = base;
    this.firstSequence = this.sequence = sequence;
    this.reached = this.sent = this.acknowledged = 0;
  }

  /** The first bytes have come of a stream that began with a segment without bytes. */
  private settleBase(sequence: number): void {
    if (this.position === 0 && this.offsetOf(sequence) === 1) this.startAt(sequence, 'known');
    else this.base = 'known';
  }

  private offsetOf(sequence: number): number {
    const ahead = (sequence - this.sequence) >>> 0;
    return this.position + (ahead >= SEQUENCES - MAX_BEHIND ? ahead - SEQUENCES : ahead);
  }

  private take(start: number, payload: Buffer): void {
    if (start > this.position) {
      this.change(() => {
        const repeated = this.waiting.add(start, payload);
        if (repeated > 0) this.output.repeated(repeated);
      });
      while (this.waiting.cost > this.account.most) this.giveUp();
      return;
    }
    this.handOut(start, payload);
    if (this.waiting.first !== null) this.handOutWaiting();
  }

  private handOutWaiting(): void {
    this.change(() => {
      for (const { start, bytes } of this.waiting.takeUpTo(this.position)) this.handOut(start, bytes);
    });
  }

  /** Hands out what is new of bytes that begin at the position or before it. */
  private handOut(start: number, bytes: Buffer): void {
    const repeated = Math.min(this.position - start, bytes.length);
    if (repeated > 0) this.output.repeated(repeated);
    if (repeated === bytes.length) return;
    const fresh = repeated === 0 ? bytes : bytes.subarray(repeated);
    this.advance(fresh.length);
    this.output.bytes(this.side, fresh);
  }

  private skipTo(offset: number): void {
    const bytes = offset - this.position;
    this.advance(bytes);
    this.output.lost(this.side, bytes);
    this.handOutWaiting();
  }

  private advance(bytes: number): void {
    this.position += bytes;
    this.sequence = (this.sequence + bytes) % SEQUENCES;
  }

  /** Runs an action on the waiting bytes, and updates their account. */
  private change(action: () => void): void {
    const before = this.waiting.cost;
    action();
    const { cost } = this.waiting;
    this.account.cost += cost - before;
    const { streams } = this.account;
    if (cost > 0 && this.list === null) streams.push(this);
    else if (cost === 0 && this.list !== null) streams.remove(this);
  }
}
