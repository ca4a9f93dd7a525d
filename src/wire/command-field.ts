import { COMMANDS } from './commands';

/** Offset and length of the command in a header. */
const START = 4;
const BYTES = 12;

/**
 * The known commands as the strings that this program uses elsewhere. A property is looked up faster by the
 * same string object: for another string of equal characters V8 first has to find this one.
 */
const KNOWN: ReadonlyMap<string, string> = new Map(COMMANDS.map((command) => [command, command]));

/**
 * Reads the commands of the headers of one stream. Most messages have the same command as the message before.
 * Then the same string is returned again, which takes a quarter of the time.
 */
export class CommandField {
  private last = '';
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;

  /** The command in a header of 24 bytes: the characters before the first NUL, one for each byte. */
  of(header: Buffer): string {
    const word0 = header.readUInt32LE(START);
    const word1 = header.readUInt32LE(START + 4);
    const word2 = header.readUInt32LE(START + 8);
    if (word0 !== this.word0 || word1 !== this.word1 || word2 !== this.word2) {
      this.word0 = word0;
      this.word1 = word1;
      this.word2 = word2;
      this.last = readCommand(header, START);
    }
    return this.last;
  }
}

/** The command in 12 bytes: the characters before the first NUL, one for each byte. */
export function readCommand(bytes: Buffer, start: number): string {
  const nul = bytes.indexOf(0, start);
  const end = nul === -1 || nul > start + BYTES ? start + BYTES : nul;
  const command = bytes.toString('latin1', start, end);
  return KNOWN.get(command) ?? command;
}
