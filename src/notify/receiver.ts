import type { Message } from './message';

/** Somebody who is told of alerts. */
export interface Receiver {
  /** As logs and errors name it, such as `slack at hooks.slack.com`. It contains no secret. */
  readonly shown: string;
  /**
   * Delivers a message.
   * @throws Error without secrets where it was not taken; the message is then made anew and sent later
   */
  send(message: Message, signal: AbortSignal): Promise<void>;
}
