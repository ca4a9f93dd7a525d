import type { Options } from 'yargs';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { suggestion } from '../lib/nearest';

/**
 * One option: its settings for yargs, and how its text is read. The same entry is used for the flag, the
 * variable and the key of the file. To add an option, add an entry to the table of its command (options.ts,
 * watch-options.ts, or the file of a command that only asks); nothing else changes.
 */
export interface OptionSpec extends Options {
  /** Reads one value; throws UsageError that begins with `--name` and says what would be right. */
  readonly read?: (text: string) => unknown;
  /** Whether a value may have several lines, such as a statement of SQL. */
  readonly mayHaveLines?: boolean;
  /** Whether a value is the path of a file or folder, whose leading `~/` is the home. */
  readonly isPath?: boolean;
  /** Whether a value may hold a secret, so that no error shows it. */
  readonly isSecret?: boolean;
}

/** Options by their long names. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The variable that sets an option. */
export function variableOf(name: string): string {
  return `BTCDMON_${name.replaceAll('-', '_').toUpperCase()}`;
}

/** Reads a boolean, which is written in the same way in a flag, a variable and a file. */
export function readBoolean(name: string, text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new UsageError(`--${name} ${visible(text)}: give true or false (or yes and no, on and off, 1 and 0)`);
}

/**
 * Checks one value of an option and returns it as yargs would.
 * @throws UsageError that begins with `--name`, shows the value and says what would be right
 */
export function readValue(name: string, spec: OptionSpec, text: string): string | boolean {
  if (text === '') throw new UsageError(`--${name} "": is empty; give a value, or leave the option out`);
  if (CONTROL.test(text) && spec.mayHaveLines !== true)
    throw new UsageError(
      `--${name} ${spec.isSecret === true ? '…' : visible(text)}: has a control character; give text of one line`,
    );
  if (spec.type === 'boolean') return readBoolean(name, text);
  const { choices } = spec;
  if (choices !== undefined && !choices.includes(text))
    throw new UsageError(
      `--${name} ${text}: give one of ${choices.join(', ')}${suggestion(text, choices.map(String))}`,
    );
  spec.read?.(text);
  return spec.isPath === true ? expandHome(text) : text;
}

/** Control characters, and those that some programs take for the end of a line. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Characters of a wrong value that an error shows. */
const MOST_SHOWN = 80;

/** Text in quotes with its control characters escaped, where it has any. */
function visible(text: string): string {
  if (!CONTROL.test(text)) return text;
  const cut = text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`;
  return JSON.stringify(cut).replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
