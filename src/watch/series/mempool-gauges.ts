import type { MempoolInfo, NodeOrphan } from '../answers';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { PartModules } from './part-modules';
import type { WatchPart, WatchTask } from './watch-task';

/** Nodes give feerates in satoshi per 1,000 vbytes. */
const VBYTES = 1_000;

interface MempoolGaugesModules extends PartModules {
  /** The number of transactions in the last list of the mempool, for a user who may not ask for more. */
  readonly listed: () => number | undefined;
}

/** Orphans: transactions that wait for their parents. */
interface Orphans {
  readonly count: number;
  readonly bytes: number;
}

/** `mempool`: the node's own mempool (getmempoolinfo), and the orphans of Core beside it (getorphantxs). */
export class WatchedMempool implements WatchPart {
  readonly name = 'mempool of the watched node';
  readonly tasks: readonly WatchTask[];
  private info: MempoolInfo | undefined;
  private orphans: Orphans | undefined;

  constructor(private readonly modules: MempoolGaugesModules) {
    const { clock } = modules;
    this.tasks = [
      new PacedTask(
        'getmempoolinfo',
        { clock, every: 'interval', share: 0.005, savedMs: GAUGE_SAVED_MS },
        async ({ calls }) => {
          this.info = await calls.mempoolInfo();
        },
      ),
      new PacedTask(
        'getorphantxs',
        { clock, every: 'interval', share: 0.0025, savedMs: GAUGE_SAVED_MS, only: 'core' },
        async ({ calls }) => void (this.orphans = sumOf(await calls.orphans())),
      ),
    ];
  }

  interval(isUp: boolean): void {
    if (!isUp) return;
    const { transactions = this.modules.listed(), bytes, minFee, usage } = this.info ?? {};
    if (transactions === undefined) return;
    this.modules.emit('mempool', {
      num_tx: transactions,
      num_orphans: this.orphans?.count,
      orphan_size: this.orphans?.bytes,
      size: bytes,
      min_fee: minFee === undefined ? undefined : minFee / VBYTES,
      usage,
    });
  }

  forget(): void {
    this.info = undefined;
    this.orphans = undefined;
  }
}

function sumOf(orphans: readonly NodeOrphan[] | undefined): Orphans | undefined {
  return orphans === undefined
    ? undefined
    : { count: orphans.length, bytes: orphans.reduce((sum, { bytes = 0 }) => sum + bytes, 0) };
}
