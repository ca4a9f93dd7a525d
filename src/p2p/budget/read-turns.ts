import { TokenBucket } from './token-bucket';

/**
 * How long one peer's messages are handled without a break, in milliseconds; the message that is begun is
 * finished.
 */
const SLICE_MS = 4;

/**
 * After so many bytes of messages the clock is looked at, which takes as long as a tenth of a transaction.
 */
const LOOK_BYTES = 4_096;

/** How long peers that had their share are handled in one turn of the event loop, all together. */
const ROUND_MS = 8;

/**
 * Processor time of one inbound peer, in milliseconds: a quarter of a core, and 2 s at once. Relay takes a
 * few milliseconds in a second; the 450 messages with all headers of mainnet take 40 s of waiting at most.
 */
const TIME = { capacity: 2_000, perSecond: 250 };

/**
 * Processor time within which a peer is handled at once, before those who take more. Of relay an inbound peer
 * has a few messages in a second; 64 that take all of this have a third of the processor.
 */
const FRESH = { capacity: 40, perSecond: 5 };

/** The most that one slice is charged: where the machine stood still, the peer has not caused it. */
const MOST_CHARGED_MS = 250;

/** How long a peer rests that has no time left. */
const REST_MS = 100;

/** How long a peer that does not read may keep us from answering; Core waits for ever, with 1 MB for each. */
const NOT_READING_MS = 60_000;

/** Whoever sends us messages, as the turns see them. */
export interface Sender {
  /** Whether we have dialled it: its time is not counted, and its turn comes first. */
  readonly outbound: boolean;
  readonly ended: boolean;
  /** Whether so much waits to be read by the peer that nothing more of it is handled. */
  readonly isNotReading: boolean;
  /**
   * Handles whole messages while `mayGoOn`, told the bytes of each, says so; true where a whole message is
   * left.
   */
  handle(mayGoOn: (bytes: number) => boolean): boolean;
  /** Reads no more from the socket, and reads again. */
  pause(): void;
  resume(): void;
  close(reason: 'not-reading'): void;
}

type TurnState = 'idle' | 'waiting' | 'resting' | 'blocked';

interface Turn {
  readonly sender: Sender;
  /** What it may take, and what it may take first; null where that isn't counted. */
  readonly time: { readonly all: TokenBucket; readonly fresh: TokenBucket } | null;
  state: TurnState;
  blockedAt: number;
}

/** What turns work with. */
export interface ReadTurnsModules {
  readonly monotonicMs: () => number;
  /**
   * Processor time of the program in milliseconds: while other programs have the processor, a peer takes
   * none. That of other threads is in it, so that the less of both counts. Without it the monotonic clock
   * counts.
   */
  readonly processorMs?: () => number;
}

/**
 * Shares the event loop among peers. What comes is handled at once, for a slice of time; what is left waits,
 * with the socket paused, so that TCP holds the sender back. In each turn of the loop every peer that had
 * little has a slice, and those that had much share one round. So a peer's `ping` waits for no more than the
 * message in progress, a round, and a slice of each peer that became busy in the same turn, whatever others
 * send.
 *
 * A peer that does not read our answers is not read either (Core 31 `src/net.cpp` fPauseSend), and is ended
 * after a minute.
 */
export class ReadTurns {
  private readonly turns = new Map<Sender, Turn>();
  private readonly first = new Set<Turn>();
  private readonly later = new Set<Turn>();
  private readonly blocked = new Set<Turn>();
  private readonly rests = new Set<NodeJS.Timeout>();
  private immediate: NodeJS.Immediate | undefined;
  /** Whose messages are being handled; null between turns. */
  private serving: Sender | null = null;
  private time: number;

  constructor(private readonly modules: ReadTurnsModules) {
    this.time = modules.monotonicMs();
  }

  /** The time at the last look at the clock: about when the message came up that is being handled. */
  get now(): number {
    return this.time;
  }

  /** Whose messages are being handled now, if anybody's. */
  get current(): Sender | null {
    return this.serving;
  }

  /** Takes that bytes of a peer came. */
  arrived(sender: Sender): void {
    const turn = this.turnOf(sender);
    if (turn.state !== 'idle') return;
    const now = this.modules.monotonicMs();
    if (isFresh(turn, now)) this.serve(turn, now);
    else this.wait(turn, now);
  }

  /** Takes that a peer has read all that waited for it. */
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
    for (const set of [this.first, this.later, this.blocked]) set.delete(turn);
  }

  /** Ends peers that have not read for long; to be called several times a second. */
  tick(): void {
    const now = this.modules.monotonicMs();
    for (const { sender, blockedAt } of this.blocked)
      if (now - blockedAt > NOT_READING_MS) sender.close('not-reading');
  }

  stop(): void {
    if (this.immediate !== undefined) clearImmediate(this.immediate);
    for (const rest of this.rests) clearTimeout(rest);
    this.rests.clear();
    for (const set of [this.first, this.later, this.blocked]) set.clear();
  }

  private turnOf(sender: Sender): Turn {
    let turn = this.turns.get(sender);
    if (turn === undefined) {
      const now = this.modules.monotonicMs();
      const time = sender.outbound
        ? null
        : { all: new TokenBucket(TIME, now), fresh: new TokenBucket(FRESH, now) };
      turn = { sender, time, state: 'idle', blockedAt: 0 };
      this.turns.set(sender, turn);
    }
    return turn;
  }

  /** Handles one slice of a peer's messages. */
  private serve(turn: Turn, start: number): void {
    const { sender, time } = turn;
    if (sender.ended) return;
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
    const processorStart = time === null ? 0 : this.processorMs();
    const outer = this.serving;
    this.serving = sender;
    let isMore: boolean;
    try {
      isMore = sender.handle(mayGoOn);
    } finally {
      this.serving = outer;
    }
    const now = monotonicMs();
    if (time !== null) {
      const used = Math.min(now - start, this.processorMs() - processorStart, MOST_CHARGED_MS);
      time.all.spend(used, now);
      time.fresh.spend(Math.min(used, FRESH.capacity), now);
    }
    // It may have been ended by what it sent.
    if (!this.turns.has(sender)) return;
    if (sender.isNotReading) this.block(turn, now);
    else if (isMore) this.wait(turn, now);
    else this.idle(turn);
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

  /** Puts a peer at the end of a line, or at rest. */
  private wait(turn: Turn, now: number): void {
    if (turn.time !== null && turn.time.all.left(now) <= 0) {
      this.rest(turn);
      return;
    }
    this.pause(turn, 'waiting');
    (isFresh(turn, now) ? this.first : this.later).add(turn);
    this.immediate ??= setImmediate(this.round);
  }

  private rest(turn: Turn): void {
    this.pause(turn, 'resting');
    const timer = setTimeout(() => {
      this.rests.delete(timer);
      if (!turn.sender.ended) this.wait(turn, this.modules.monotonicMs());
    }, REST_MS);
    this.rests.add(timer);
  }

  /** One turn of the event loop: a slice for each of the first, and one round for the others. */
  private readonly round = (): void => {
    this.immediate = undefined;
    const start = this.modules.monotonicMs();
    for (const turn of [...this.first]) {
      this.first.delete(turn);
      this.serve(turn, this.modules.monotonicMs());
    }
    // Whoever is not done goes to the end of the line, and is met again only in the next turn.
    for (const turn of [...this.later]) {
      const now = this.modules.monotonicMs();
      if (now - start >= ROUND_MS) break;
      this.later.delete(turn);
      this.serve(turn, now);
    }
    if (this.first.size + this.later.size > 0) this.immediate ??= setImmediate(this.round);
  };
}

function isFresh({ time }: Turn, now: number): boolean {
  return time === null || time.fresh.left(now) > 0;
}
