import { EventBus } from '../lib/event-bus';
import type { P2PEvents } from '../p2p/p2p-events';
import type { Recorder } from './recorder';

/** A bus whose events are recorded while they are handled. */
export class RecordedBus<Events extends P2PEvents> extends EventBus<Events> {
  constructor(private readonly recorder: Recorder) {
    super();
  }

  override emit<E extends keyof Events & string>(event: E, payload: Events[E]): void {
    this.recorder.event(event, payload, () => super.emit(event, payload));
  }
}
