import { COMMANDS } from './commands';

/** Where the command stands in a header, and its bytes. */
const START = 4;
const BYTES = 12;

/**
 * The strings that the program itself holds. Whoever looks up a property by another string of the same
 * characters has the engine find this one first, each time.
 */
const KNOWN: ReadonlyMap<string, string> = new Map(COMMANDS.map((command) => [command, command]));

/**
 * Reads the commands of one stream's headers. Most messages have the command of the message before: its
 * string is given again, which spares three quarters of the time.
 */
export class CommandField {
  private last = '';
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;

  /** The command of a header of 24 bytes: up to the first NUL, one character each. */
  of(header: Buffer): string {
    const word0 = header.readUInt32LE(START);
    const word1 = header.readUInt32LE(START + 4);
    const word2 = header.readUInt32LE(START + 8);
    if (word0 !== this.word0 || word1 !== this.word1 || word2 !== this.word2) {
      this.word0 = word0;
      this.word1 = word1;
      this.word2 = word2;
      this.last = read(header);
    }
    return this.last;
  }
}

function read(header: Buffer): string {
  const nul = header.indexOf(0, START);
  const end = nul === -1 || nul > START + BYTES ? START + BYTES : nul;
  const command = header.toString('latin1', START, end);
  return KNOWN.get(command) ?? command;
}
