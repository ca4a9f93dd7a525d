/**
 * A source of lines for an `Intake`: a listener for senders, or a subscription to a message bus.
 */
export interface LineSource {
  /** Number of connected senders or servers. */
  readonly connections: number;
  /** Takes no more lines, and confirms those that become safe soon. */
  close(): Promise<void>;
}
