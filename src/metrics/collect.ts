import type { EventBus } from '../events';
import type { Collector, MonitorEvents } from './collector';

/** A failing collector is named in the log once in this time. */
const COMPLAINT_MS = 60_000;

/**
 * Connects collectors to the events. One that throws is named and costs its own point; the others, and the listening,
 * go on.
 * @returns a function that writes the points of the interval that ends now
 */
export function collect(
  collectors: readonly Collector[],
  bus: EventBus<MonitorEvents>,
  complain: (collector: string, error: unknown) => void,
): () => void {
  const guards = collectors.map((collector) => guard(collector.name, complain));
  collectors.forEach(({ on }, i) => {
    const run = guards[i];
    if (run === undefined) return;
    for (const event of Object.keys(on) as (keyof MonitorEvents)[]) {
      // The handler is that of the event, which the types of a loop over both cannot say.
      const handler = on[event] as ((payload: unknown) => void) | undefined;
      bus.on(event, (payload) => run(() => handler?.(payload)));
    }
  });
  return () => {
    collectors.forEach(({ interval }, i) => {
      if (interval !== undefined) guards[i]?.(interval);
    });
  };
}

type Guard = (action: () => void) => void;

function guard(name: string, complain: (collector: string, error: unknown) => void): Guard {
  let last = -Infinity;
  return (action) => {
    try {
      action();
    } catch (error) {
      if (performance.now() - last < COMPLAINT_MS) return;
      last = performance.now();
      complain(name, error);
    }
  };
}
