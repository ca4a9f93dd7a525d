import type { EventBus } from '../lib/event-bus';
import type { Collector, MonitorEvents } from './collector';
import { type Complain, guard } from './guard';

/**
 * Connects collectors to the events. If a collector throws, its name is logged and its own point is lost; the
 * others and the listener continue.
 * @returns a function that writes the points of the interval that ends now
 */
export function connectCollectors(
  collectors: readonly Collector[],
  bus: EventBus<MonitorEvents>,
  complain: Complain,
): () => void {
  const guards = collectors.map((collector) => guard(collector.name, complain));
  collectors.forEach(({ on }, i) => {
    const run = guards[i];
    if (run === undefined) return;
    for (const event of Object.keys(on) as (keyof MonitorEvents)[]) {
      // The handler belongs to the event, which the types of a loop over both can't express.
      const handler = on[event] as ((payload: unknown) => void) | undefined;
      bus.on(event, (payload) => run(() => handler?.(payload)));
    }
  });
  return () => {
    for (const part of ['interval', 'account'] as const)
      collectors.forEach(({ [part]: write }, i) => {
        if (write !== undefined) guards[i]?.(write);
      });
  };
}
