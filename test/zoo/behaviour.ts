import type { DisconnectReason } from '../../src/p2p/p2p-events';
import type { Cage } from './cage';

/** One way to hurt a listener, and how that must end. */
export interface Behaviour {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly does: string;
  /**
   * The reasons, any of them, that the listener must give for it in `rejects`; or it may stay, as it breaks
   * no rule.
   */
  readonly ends: 'stays' | readonly DisconnectReason[];
  /** Misbehaves until the cage says that it is over, or the listener has had enough. */
  run(cage: Cage): Promise<void>;
}
