import type { Clock } from '../../lib/clock';
import type { Emit } from '../../metrics/emitter';

/** What each part of the monitor is made from. */
export interface PartModules {
  readonly emit: Emit;
  readonly clock: Clock;
}
