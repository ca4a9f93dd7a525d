import type { NetTotals } from '../answers';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { PartModules } from './part-modules';
import type { WatchPart, WatchTask } from './watch-task';

/** `bandwidth`: the bytes of all peers since the node's start (getnettotals). */
export class WatchedBandwidth implements WatchPart {
  readonly name = 'bandwidth of the watched node';
  readonly tasks: readonly WatchTask[];
  private totals: NetTotals | undefined;

  constructor(private readonly modules: PartModules) {
    const pacing = {
      clock: modules.clock,
      every: 'interval',
      share: 0.005,
      savedMs: GAUGE_SAVED_MS,
    } as const;
    this.tasks = [
      new PacedTask('getnettotals', pacing, async ({ calls }) => {
        this.totals = await calls.netTotals();
      }),
    ];
  }

  interval(isUp: boolean): void {
    const { bytesReceived, bytesSent } = this.totals ?? {};
    if (!isUp || bytesReceived === undefined || bytesSent === undefined) return;
    this.modules.emit('bandwidth', { bytes_sent: bytesSent, bytes_recv: bytesReceived });
  }

  forget(): void {
    this.totals = undefined;
  }
}
