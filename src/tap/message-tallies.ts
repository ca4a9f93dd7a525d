import { type CountedCommand, isCommand } from '../wire/commands';

/** How many messages there were of one command. */
export interface MessageTally {
  readonly messages: number;
  /** With the headers. */
  readonly bytes: number;
}

/**
 * Counts the messages of one direction of a connection by command. Unknown commands count as `other`, so that
 * a stranger's names take no memory.
 */
export class MessageTallies {
  private readonly tallies = new Map<CountedCommand, { messages: number; bytes: number }>();
  private total = 0;

  /** Bytes of all messages, headers included. */
  get bytes(): number {
    return this.total;
  }

  /** Counts a message. @param name a stranger's bytes, one character each */
  add(name: string, bytes: number): void {
    const command = isCommand(name) ? name : 'other';
    const tally = this.tallies.get(command);
    this.total += bytes;
    if (tally === undefined) {
      this.tallies.set(command, { messages: 1, bytes });
    } else {
      tally.messages += 1;
      tally.bytes += bytes;
    }
  }

  /** The counts of the commands that came. */
  byCommand(): ReadonlyMap<CountedCommand, MessageTally> {
    return this.tallies;
  }
}
