import type { EventBus } from '../lib/event-bus';
import type { Collector, MonitorEvents } from './collector';
import { type Complain, type Guard, guard } from './guard';

type Handle = (payload: unknown) => void;

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
  // The handlers of an event follow one another without a closure for each: a message has dozens of them.
  const handlers = new Map<keyof MonitorEvents, { readonly run: Guard; readonly handle: Handle }[]>();
  collectors.forEach(({ on }, i) => {
    const run = guards[i];
    if (run === undefined) return;
    for (const event of Object.keys(on) as (keyof MonitorEvents)[]) {
      // The handler belongs to the event, which the types of a loop over both can't express.
      const handle = on[event] as Handle | undefined;
      if (handle === undefined) continue;
      const own = handlers.get(event);
      if (own === undefined) handlers.set(event, [{ run, handle }]);
      else own.push({ run, handle });
    }
  });
  for (const [event, own] of handlers)
    bus.on(event, (payload) => {
      for (const { run, handle } of own) run(handle, payload as unknown);
    });
  return () => {
    for (const part of ['interval', 'account'] as const)
      collectors.forEach(({ [part]: write }, i) => {
        if (write !== undefined) guards[i]?.(write);
      });
  };
}
