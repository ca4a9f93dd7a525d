import type { ChainEvents } from '../chain/chain-events';
import type { EventBus } from '../lib/event-bus';
import { measuresOf } from '../policy/measures';
import { type PolicyName, standardness } from '../policy/standardness';
import type { Transaction } from '../wire/transaction';
import type { MempoolEvents } from './mempool-events';

/** The parts of the program that a judge uses. */
export interface JudgeModules {
  readonly bus: EventBus<ChainEvents & MempoolEvents>;
  /**
   * Milliseconds on a clock that never steps. Undefined for the transactions of a watched node: how long that
   * node's checks took is not seen.
   */
  readonly monotonicMs?: () => number;
}

/**
 * Judges relayed transactions by a relay policy, each once, and emits `judged`. The policy needs the height
 * of the next block and the median time, which come with `newBest`.
 */
export class Judge {
  private nextHeight: number | undefined;
  private medianTime: number | undefined;

  constructor(
    readonly policy: PolicyName,
    private readonly modules: JudgeModules,
  ) {
    modules.bus.on('newBest', ({ height, medianTime }) => {
      this.nextHeight = height + 1;
      this.medianTime = medianTime;
    });
  }

  /**
   * Judges a transaction at its first receipt.
   * @param fee in satoshi; undefined if unknown
   * @param receivedMs when it came, on the monotonic clock
   * @returns whether it is standard
   */
  judge(transaction: Transaction, fee: number | undefined, receivedMs: number): boolean {
    const { nextHeight, medianTime } = this;
    const context = { nextHeight, medianTime, fee };
    const verdict = standardness(this.policy, transaction, context);
    const judgedMs = this.modules.monotonicMs?.();
    const measures = measuresOf(transaction, context);
    this.modules.bus.emit('judged', { transaction, verdict, measures, fee, receivedMs, judgedMs });
    return verdict.reason === undefined;
  }
}
