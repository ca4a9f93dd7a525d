import type { Clock } from '../../lib/clock';
import type { Emit, Together } from '../../metrics/emitter';

/** What each part of the monitor is made from. */
export interface PartModules {
  readonly emit: Emit;
  readonly clock: Clock;
}

/** What a part is made from that writes a point for each entry of a list. */
export interface ListModules extends PartModules {
  readonly together: Together;
}
