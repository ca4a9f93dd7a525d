/**
 * Anything that brings lines into an `Intake`: a listener for senders, or a subscription to a message bus.
 */
export interface LineSource {
  /** Senders, or servers, that it is connected to. */
  readonly connections: number;
  /** Takes no more, and confirms to its other side what becomes safe soon. */
  close(): Promise<void>;
}
