/** Fewer bytes than this are not counted: of all connections of a tap they are some megabytes at most. */
const LARGE_BYTES = 16_384;

/** Bytes of incomplete messages that are held in all: room for 16 blocks of the largest size. */
const MAX_BYTES = 64_000_000;

/** What may hold the first part of a message. */
export interface Holder {
  readonly held: number;
  /** Number of messages that were handed on: what is held belongs to another message when it changes. */
  readonly messages: number;
  /** Gives up what is held. */
  drop(): void;
}

/**
 * Bounds the memory of incomplete messages. A stranger can send all but the last byte of a message of 4 MB on
 * each of many connections. At the bound, the message that began first is given up: honest ones are complete
 * within seconds.
 */
export class HeldBytes {
  /** Holders of much memory, in the order in which their messages began. */
  private readonly large = new Map<Holder, { held: number; readonly messages: number }>();
  private total = 0;

  /** Notes what `holder` holds now; to be called after each change. */
  note(holder: Holder): void {
    const { held, messages } = holder;
    const before = this.large.get(holder);
    if (held <= LARGE_BYTES) {
      if (before !== undefined) this.forget(holder);
      return;
    }
    if (before?.messages === messages) {
      this.total += held - before.held;
      before.held = held;
    } else {
      this.forget(holder);
      this.large.set(holder, { held, messages });
      this.total += held;
    }
    while (this.total > MAX_BYTES) {
      const [first] = this.large.keys();
      if (first === undefined) return;
      this.forget(first);
      first.drop();
    }
  }

  /** Forgets a holder that holds nothing any more. */
  forget(holder: Holder): void {
    this.total -= this.large.get(holder)?.held ?? 0;
    this.large.delete(holder);
  }
}
