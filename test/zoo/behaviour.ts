import type { DisconnectReason } from '../../src/p2p/p2p-events';
import type { Cage } from './cage';

/** A hostile behaviour, and how the listener must end it. */
export interface Behaviour {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly does: string;
  /**
   * The reasons in `rejects`, of which the listener must give at least one; `stays` if the behaviour breaks
   * no rule.
   */
  readonly ends: 'stays' | readonly DisconnectReason[];
  /** Misbehaves until the run is over or the listener disconnects. */
  run(cage: Cage): Promise<void>;
}
