import { ProcessorTime, REST_MS } from './processor-time';
import type { Sender } from './sender';

/**
 * How long the messages of one peer are handled without a break, in milliseconds. The last message is
 * finished.
 */
const SLICE_MS = 4;

/** The clock is read after this many bytes of messages; reading it takes a tenth of a transaction's time. */
const LOOK_BYTES = 4_096;

/**
 * How long inbound peers are handled in one turn of the event loop, in milliseconds: once for those whose
 * bytes just came, and once for those that wait. The last message is finished.
 */
const ROUND_MS = 8;

/** The same for outbound peers. With a few of them, each gets a slice in each turn of the loop. */
const OUTBOUND_ROUND_MS = 12;

/** Peers that used much time come first in a round if this many rounds before it had no time for them. */
const PATIENCE = 7;

/** A peer that has not read for this time is disconnected. Core waits forever, with 1 MB for each peer. */
const NOT_READING_MS = 60_000;

/** What a peer has sent in a slice that we asked for. */
interface Answers {
  hasBlock: boolean;
  hasHeaders: boolean;
}

type TurnState = 'idle' | 'waiting' | 'resting' | 'blocked';

interface Turn {
  readonly sender: Sender;
  /** Its processor time; null for a peer that the user named. */
  readonly time: ProcessorTime | null;
  state: TurnState;
  blockedAt: number;
}

export interface ReadTurnsModules {
  readonly monotonicMs: () => number;
  /**
   * Processor time of the program in milliseconds. An inbound peer is charged the smaller of this and the
   * monotonic time: this one includes other threads, the monotonic one includes other programs. Default: the
   * monotonic time only.
   */
  readonly processorMs?: () => number;
  /**
   * How long the program was ready to run so far and waited for a processor, in milliseconds. Nobody's
   * processor time refills meanwhile: a part of a core is a part of what the program gets. So other programs
   * neither end a peer nor save one. Default: never.
   */
  readonly waitedMs?: () => number;
}

/**
 * Shares the event loop among peers. Messages are handled at once, for a slice of time. The rest waits while
 * the socket is paused, so that TCP slows the sender down.
 *
 * In each turn of the loop, every outbound peer gets a slice in a round of outbound peers. Inbound peers
 * share another round, and those that used little time come first. So a `ping` of an outbound peer waits for
 * two rounds at most, the last message of each, and a slice of each other outbound peer, for any number of
 * strangers. Neither many outbound peers nor many inbound peers hold the loop for longer than their round.
 *
 * A stranger that has used up its processor time pauses, and is disconnected if it continues. We don't read
 * from a peer that does not read our answers (Core 31 `src/net.cpp` fPauseSend), and disconnect it after a
 * minute.
 */
export class ReadTurns {
  private readonly turns = new Map<Sender, Turn>();
  /** The peers that wait: outbound ones, inbound ones that used little time, and the others. */
  private readonly outbound = new Set<Turn>();
  private readonly first = new Set<Turn>();
  private readonly later = new Set<Turn>();
  /** Number of rounds since the last one that had time for `later`. */
  private roundsWithoutLater = 0;
  /** How long inbound peers were handled at once, since the last round. */
  private atOnceMs = 0;
  /** The same of outbound peers. */
  private outboundAtOnceMs = 0;
  private readonly blocked = new Set<Turn>();
  private readonly rests = new Set<NodeJS.Timeout>();
  private immediate: NodeJS.Immediate | undefined;
  /** The peer whose messages are being handled; null between turns. */
  private serving: Sender | null = null;
  private answers: Answers = { hasBlock: false, hasHeaders: false };
  private time: number;
  /** How long the program has waited for a processor, when it was last asked. */
  private waited: number;

  constructor(private readonly modules: ReadTurnsModules) {
    this.time = modules.monotonicMs();
    this.waited = modules.waitedMs?.() ?? 0;
  }

  /** The time at the last reading of the clock: about when the present message began. */
  get now(): number {
    return this.time;
  }

  /** The peer whose messages are being handled; null between turns. */
  get current(): Sender | null {
    return this.serving;
  }

  /**
   * Notes that the message being handled is a block that we asked for. Its peer is not charged for this
   * slice, so that a peer which serves us the whole chain is not disconnected for it.
   */
  solicited(): void {
    this.answers.hasBlock = true;
  }

  /**
   * Notes that the message being handled has headers that we asked for. Its peer is charged for them, but may
   * pause for longer before it is disconnected.
   */
  headersSolicited(): void {
    this.answers.hasHeaders = true;
  }

  /** Notes that bytes of a peer came. */
  arrived(sender: Sender): void {
    const turn = this.turnOf(sender);
    if (turn.state !== 'idle') return;
    const now = this.modules.monotonicMs();
    if (sender.outbound) {
      if (this.outboundAtOnceMs < OUTBOUND_ROUND_MS && !isSpent(turn, this.runnable(now)))
        this.outboundAtOnceMs += this.serve(turn, now) - now;
      else this.wait(turn, now);
    } else if (isFresh(turn, this.runnable(now)) && this.atOnceMs < ROUND_MS)
      this.atOnceMs += this.serve(turn, now) - now;
    else this.wait(turn, now);
  }

  /** Notes that a peer has read all that waited for it. */
  drained(sender: Sender): void {
    const turn = this.turns.get(sender);
    if (turn?.state !== 'blocked') return;
    this.blocked.delete(turn);
    this.wait(turn, this.modules.monotonicMs());
  }

  /** Forgets a peer whose connection has ended. */
  ended(sender: Sender): void {
    const turn = this.turns.get(sender);
    if (turn === undefined) return;
    this.turns.delete(sender);
    if (turn.state !== 'idle') for (const set of this.sets()) set.delete(turn);
  }

  /**
   * Disconnects peers that have not read for a minute, and notes how long the program has waited; to be
   * called several times a second.
   */
  tick(): void {
    const now = this.modules.monotonicMs();
    this.waited = this.modules.waitedMs?.() ?? 0;
    // In the order in which they stopped reading.
    for (const { sender, blockedAt } of this.blocked) {
      if (now - blockedAt <= NOT_READING_MS) break;
      sender.close('not-reading');
    }
  }

  stop(): void {
    if (this.immediate !== undefined) clearImmediate(this.immediate);
    for (const rest of this.rests) clearTimeout(rest);
    this.rests.clear();
    for (const set of this.sets()) set.clear();
  }

  private sets(): readonly Set<Turn>[] {
    return [this.outbound, this.first, this.later, this.blocked];
  }

  private turnOf(sender: Sender): Turn {
    let turn = this.turns.get(sender);
    if (turn === undefined) {
      const now = this.runnable(this.modules.monotonicMs());
      const time = sender.isNamed ? null : new ProcessorTime(sender.outbound, now);
      turn = { sender, time, state: 'idle', blockedAt: 0 };
      this.turns.set(sender, turn);
    }
    return turn;
  }

  /** Handles the messages of a peer for one slice. Returns when it ended. */
  private serve(turn: Turn, start: number): number {
    const { sender, time } = turn;
    if (sender.ended) return start;
    const { monotonicMs } = this.modules;
    this.time = start;
    let unlooked = 0;
    const mayGoOn = (bytes: number): boolean => {
      unlooked += bytes;
      if (unlooked < LOOK_BYTES) return true;
      unlooked = 0;
      this.time = monotonicMs();
      return this.time - start < SLICE_MS && !sender.isNotReading;
    };
    // For many peers that we have dialled, the clock is enough: reading the processor time takes 2 µs each
    // time.
    const isMeasured = time !== null && !sender.outbound;
    const processorStart = isMeasured ? this.processorMs() : 0;
    const outer = this.serving;
    const outerAnswers = this.answers;
    const answers: Answers = { hasBlock: false, hasHeaders: false };
    this.answers = answers;
    this.serving = sender;
    let isMore: boolean;
    try {
      isMore = sender.handle(mayGoOn);
    } finally {
      this.answers = outerAnswers;
      this.serving = outer;
    }
    if (answers.hasHeaders) time?.headersCame(this.runnable(start));
    const now = monotonicMs();
    if (time !== null && !answers.hasBlock) {
      const processor = isMeasured ? this.processorMs() - processorStart : Infinity;
      time.charge(Math.min(now - start, processor), this.runnable(now));
    }
    // Its own message may have ended it.
    if (!this.turns.has(sender)) return now;
    if (sender.isNotReading) this.block(turn, now);
    else if (isMore) this.wait(turn, now);
    else this.idle(turn);
    return now;
  }

  /** The time until now in which the program could run; it may step back at a tick, which buckets ignore. */
  private runnable(now: number): number {
    return now - this.waited;
  }

  private processorMs(): number {
    return (this.modules.processorMs ?? this.modules.monotonicMs)();
  }

  private idle(turn: Turn): void {
    if (turn.state === 'idle') return;
    turn.state = 'idle';
    turn.sender.resume();
  }

  private pause(turn: Turn, state: TurnState): void {
    if (turn.state === 'idle') turn.sender.pause();
    turn.state = state;
  }

  private block(turn: Turn, now: number): void {
    this.pause(turn, 'blocked');
    turn.blockedAt = now;
    this.blocked.add(turn);
  }

  /** Queues a peer, or pauses it if it has no time left. */
  private wait(turn: Turn, now: number): void {
    if (isSpent(turn, this.runnable(now))) {
      this.rest(turn, now);
      return;
    }
    this.pause(turn, 'waiting');
    if (turn.sender.outbound) this.outbound.add(turn);
    else (isFresh(turn, this.runnable(now)) ? this.first : this.later).add(turn);
    this.immediate ??= setImmediate(this.round);
  }

  private rest(turn: Turn, now: number): void {
    if (turn.time?.takeRest(this.runnable(now)) === false) {
      turn.sender.close('processor-time');
      return;
    }
    this.pause(turn, 'resting');
    const timer = setTimeout(() => {
      this.rests.delete(timer);
      if (!turn.sender.ended) this.wait(turn, this.modules.monotonicMs());
    }, REST_MS);
    this.rests.add(timer);
  }

  /** One turn of the event loop: one round for outbound peers, and one for the inbound ones. */
  private readonly round = (): void => {
    this.immediate = undefined;
    this.atOnceMs = 0;
    this.outboundAtOnceMs = 0;
    this.serveUntil(this.modules.monotonicMs() + OUTBOUND_ROUND_MS, this.outbound);
    const until = this.modules.monotonicMs() + ROUND_MS;
    if (this.roundsWithoutLater >= PATIENCE) {
      this.roundsWithoutLater = 0;
      this.serveUntil(until, this.later);
      this.serveUntil(until, this.first);
    } else {
      const hasTimeLeft = this.serveUntil(until, this.first);
      this.roundsWithoutLater = hasTimeLeft || this.later.size === 0 ? 0 : this.roundsWithoutLater + 1;
      this.serveUntil(until, this.later);
    }
    if (this.outbound.size + this.first.size + this.later.size > 0)
      this.immediate ??= setImmediate(this.round);
  };

  /**
   * Serves waiting peers in their order. A peer that is not done waits for the next turn of the loop. Returns
   * whether time is left.
   */
  private serveUntil(until: number, queue: Set<Turn>): boolean {
    let now = this.modules.monotonicMs();
    let left = queue.size;
    for (const turn of queue) {
      if (left-- === 0 || now >= until) break;
      queue.delete(turn);
      now = this.serve(turn, now);
    }
    return now < until;
  }
}

/** Whether a peer has used up its processor time. */
function isSpent({ time }: Turn, now: number): boolean {
  return time?.isSpent(now) === true;
}

/** Whether an inbound peer took little processor time lately. */
function isFresh({ time }: Turn, now: number): boolean {
  return time?.isFresh(now) !== false;
}
