import type { ZmqTopic } from '../zmq-messages';

const NUMBERS = 2 ** 32;

/** Counts missing messages of each topic. Core numbers the messages of a topic one by one. */
export class MessageCounts {
  private readonly next = new Map<ZmqTopic, number>();

  /** Takes the number of a message. Returns how many are missing before it. */
  take(topic: ZmqTopic, number: number): number {
    const expected = this.next.get(topic) ?? number;
    this.next.set(topic, (number + 1) % NUMBERS);
    const missing = (number - expected + NUMBERS) % NUMBERS;
    // A number that goes back is no count of what is missing.
    return missing < NUMBERS / 2 ? missing : 1;
  }

  /** The next message may have any number, as after a restart of the node. */
  forget(): void {
    this.next.clear();
  }
}
