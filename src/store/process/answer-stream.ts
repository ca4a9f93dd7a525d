/** A part of an answer that has arrived, and its bytes on the pipe. */
interface Part {
  readonly part: unknown;
  readonly bytes: number;
}

/** How an answer reaches the process that sends it. */
export interface AnswerStreamModules {
  /** Called when this many bytes were read. The process may send as many more. */
  readonly taken: (bytes: number) => void;
  /** Called when nobody waits for the answer any more. */
  readonly cancel: () => void;
}

/** An answer that comes in parts from the process of a store. */
export class AnswerStream {
  /** Resolves when the process has finished with it. */
  readonly ended: Promise<void>;
  private readonly parts: Part[] = [];
  private over: { readonly error: Error | null } | null = null;
  private isCancelled = false;
  private tellEnded: () => void = () => undefined;
  private wake: () => void = () => undefined;

  constructor(private readonly modules: AnswerStreamModules) {
    this.ended = new Promise((resolve) => (this.tellEnded = resolve));
  }

  /** Whether the process has finished with it. */
  get isOver(): boolean {
    return this.over !== null;
  }

  /** The next part; null at the end. @throws the error that ended it */
  async next(): Promise<unknown> {
    while (this.parts.length === 0 && this.over === null)
      await new Promise<void>((resolve) => (this.wake = resolve));
    const first = this.parts.shift();
    if (first !== undefined) {
      this.modules.taken(first.bytes);
      return first.part;
    }
    if (this.over?.error != null) throw this.over.error;
    return null;
  }

  /** Tells the process that nobody waits any more. */
  cancel(): void {
    if (this.isCancelled || this.over !== null) return;
    this.isCancelled = true;
    this.modules.cancel();
  }

  /** Adds a part that has arrived. */
  add(part: unknown, bytes: number): void {
    this.parts.push({ part, bytes });
    this.wake();
  }

  /** Ends it, with the error that ended it. */
  end(error: Error | null): void {
    this.over ??= { error };
    this.wake();
    this.tellEnded();
  }
}
