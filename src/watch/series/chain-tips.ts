import { displayOf } from '../../wire/hash';
import type { ChainTip } from '../answers';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { ListModules } from './part-modules';
import type { WatchPart, WatchTask } from './watch-task';

/** The most tips that are written at a time: a node of testnet can have thousands. */
const MAX_TIPS = 200;

/** `chain_tips`: the ends of all branches that the node knows (getchaintips). */
export class ChainTips implements WatchPart {
  readonly name = 'chain tips of the watched node';
  readonly tasks: readonly WatchTask[];
  private readonly asking: PacedTask;

  constructor(private readonly modules: ListModules) {
    this.asking = new PacedTask(
      'getchaintips',
      { clock: modules.clock, every: 'minute', share: 0.005, savedMs: GAUGE_SAVED_MS },
      async ({ calls }) => this.tell((await calls.chainTips()) ?? []),
    );
    this.tasks = [this.asking];
  }

  /** The chain has changed. */
  changed(): void {
    this.asking.mark();
  }

  private tell(tips: readonly ChainTip[]): void {
    const highest = [...tips].sort((a, b) => b.height - a.height).slice(0, MAX_TIPS);
    const { emit, together } = this.modules;
    together(() => {
      for (const { height, hash, branchLength, status = 'other' } of highest)
        emit('chain_tips', { height, branch_length: branchLength, sha: displayOf(hash) }, { status });
    });
  }
}
