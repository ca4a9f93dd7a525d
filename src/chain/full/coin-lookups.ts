import type { Input } from '../../wire/input';
import type { FullEngine } from './engine';

const OUTPOINT_BYTES = 36;

/** Outpoints in one query. Answering one takes about 20 ms. */
const A_QUESTION = 1_000;

/**
 * Most outpoints that may wait: those of about 20,000 transactions, in 2 MB. Further ones are not looked up.
 */
const MAX_WAITING = 50_000;

export interface CoinLookupModules {
  readonly engine: Pick<FullEngine, 'values'>;
  /**
   * Receives the value in satoshi of an output. The first 32 bytes of `outpoint` are the hash of its
   * transaction.
   */
  readonly found: (outpoint: Buffer, index: number, value: number) => void;
  /** Called when outpoints are skipped because too many wait. */
  readonly overflow: () => void;
}

/**
 * Looks up the values of outputs in the set of unspent outputs. It sends one query at a time, with all
 * outpoints that were asked for meanwhile.
 */
export class CoinLookups {
  private waiting = Buffer.alloc(64 * OUTPOINT_BYTES);
  private count = 0;
  private asking = false;

  constructor(private readonly modules: CoinLookupModules) {}

  /** Asks for the output that an input spends. */
  ask({ bytes, start }: Input): void {
    if (this.count >= MAX_WAITING) {
      this.modules.overflow();
      return;
    }
    const at = this.count++ * OUTPOINT_BYTES;
    if (at === this.waiting.length) this.waiting = Buffer.concat([this.waiting, Buffer.alloc(at)]);
    bytes.copy(this.waiting, at, start, start + OUTPOINT_BYTES);
    if (this.asking) return;
    this.asking = true;
    // Deferred, because the transaction, or the chunk of data that it came in, usually has more inputs.
    setImmediate(() => void this.askAll());
  }

  private async askAll(): Promise<void> {
    while (this.count > 0) {
      const length = Math.min(this.count, A_QUESTION) * OUTPOINT_BYTES;
      const question = Buffer.from(this.waiting.subarray(0, length));
      this.waiting.copyWithin(0, length, this.count * OUTPOINT_BYTES);
      this.count -= length / OUTPOINT_BYTES;
      const values = await this.modules.engine.values(question);
      values.forEach((value, i) => {
        if (Number.isNaN(value)) return;
        const at = i * OUTPOINT_BYTES;
        this.modules.found(question.subarray(at, at + 32), question.readUInt32LE(at + 32), value);
      });
    }
    this.asking = false;
  }
}
