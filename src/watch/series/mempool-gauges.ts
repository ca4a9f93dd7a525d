import type { MempoolInfo } from '../answers';
import { PacedTask } from './paced-task';
import type { PartModules } from './part-modules';
import type { WatchPart, WatchTask } from './watch-task';

/** Feerates are told in satoshi per 1,000 vbytes. */
const VBYTES = 1_000;

interface MempoolGaugesModules extends PartModules {
  /** How many transactions the mempool had when it was listed last, for a user who may not ask for more. */
  readonly listed: () => number | undefined;
}

/** `mempool`: the node's own mempool (getmempoolinfo). */
export class WatchedMempool implements WatchPart {
  readonly name = 'mempool of the watched node';
  readonly tasks: readonly WatchTask[];
  private info: MempoolInfo | undefined;

  constructor(private readonly modules: MempoolGaugesModules) {
    const pacing = { clock: modules.clock, every: 'interval', share: 0.005 } as const;
    this.tasks = [
      new PacedTask('getmempoolinfo', pacing, async ({ calls }) => {
        this.info = await calls.mempoolInfo();
      }),
    ];
  }

  interval(isUp: boolean): void {
    if (!isUp) return;
    const { transactions = this.modules.listed(), bytes, minFee, usage } = this.info ?? {};
    if (transactions === undefined) return;
    this.modules.emit('mempool', {
      num_tx: transactions,
      size: bytes,
      min_fee: minFee === undefined ? undefined : minFee / VBYTES,
      usage,
    });
  }

  forget(): void {
    this.info = undefined;
  }
}
