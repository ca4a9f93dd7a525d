import { EventEmitter } from 'node:events';

/** Handlers for some of the events, by name. */
export type Handlers<Events> = { readonly [E in keyof Events]?: (payload: Events[E]) => void };

/** Passes typed events to all listeners, in the order in which they happen. */
export class EventBus<Events> {
  private readonly emitter = new EventEmitter();

  emit<E extends keyof Events & string>(event: E, payload: Events[E]): void {
    this.emitter.emit(event, payload);
  }

  on<E extends keyof Events & string>(event: E, handler: (payload: Events[E]) => void): void {
    this.emitter.on(event, handler);
  }
}
