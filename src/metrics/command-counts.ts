import { COUNTED_COMMANDS, type CountedCommand } from '../wire/commands';

/** Messages and bytes per command since the last call of `take`. */
export class CommandCounts {
  private messages = zeros();
  private bytes = zeros();

  add(command: CountedCommand, bytes: number): void {
    this.messages[command] += 1;
    this.bytes[command] += bytes;
  }

  /** Returns the counts and restarts them from 0. */
  take(): { readonly messages: Counts; readonly bytes: Counts } {
    const { messages, bytes } = this;
    this.messages = zeros();
    this.bytes = zeros();
    return { messages, bytes };
  }
}

type Counts = Record<CountedCommand, number>;

function zeros(): Counts {
  return Object.fromEntries(COUNTED_COMMANDS.map((command) => [command, 0])) as Counts;
}
