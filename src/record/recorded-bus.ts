import { EventBus } from '../lib/event-bus';
import type { P2PEvents } from '../p2p/p2p-events';
import type { Recorder } from './recorder';

/** A bus whose events are recorded while they are handled. */
export class RecordedBus<Events extends P2PEvents> extends EventBus<Events> {
  constructor(private readonly recorder: Recorder) {
    super();
  }

  override emit<E extends keyof Events & string>(event: E, payload: Events[E]): void {
    const isRecorded = this.recorder.begin(event, payload);
    try {
      super.emit(event, payload);
    } finally {
      if (isRecorded) this.recorder.end();
    }
  }
}
