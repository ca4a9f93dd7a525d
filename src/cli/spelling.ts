import { UsageError } from '../lib/errors';
import { nearest, suggestion } from '../lib/nearest';
import { COMMAND_NAMES, optionsOf } from './known-options';

/** The most characters of a value that an error shows. */
const MOST_SHOWN = 80;

/** Every option of every command. */
const ALL_NAMES = [...new Set([...['', ...COMMAND_NAMES].flatMap(optionsOf), 'help', 'version'])];

/**
 * Refuses words that the parser of options would misread: it splits an option with one dash into letters, and
 * takes only the first word of a condition or statement without quotes.
 * @throws UsageError that names the words and says what would be right
 */
export function checkSpelling(args: readonly string[]): void {
  const end = args.indexOf('--');
  const words = end < 0 ? args : args.slice(0, end);
  for (const [index, word] of words.entries()) checkDashes(word, words[index + 1]);
  if (words[0] === 'query') checkQuotes(words);
}

function checkDashes(word: string, next: string | undefined): void {
  const [, name, text] = /^-([A-Za-z][A-Za-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === undefined) return;
  const value = text ?? (next?.startsWith('-') === false ? next : undefined);
  const given = value === undefined ? `-${name}` : `-${name} ${cut(value)}`;
  const meant = ALL_NAMES.includes(name) ? name : nearest(name, ALL_NAMES);
  const right =
    meant === null
      ? `give --${name}, or one letter as -${name.charAt(0)}; see btcdmon-node --help`
      : `give --${meant}${value === undefined ? '' : ` ${cut(value)}`}`;
  throw new UsageError(`${given}: the name of an option has two dashes; ${right}`);
}

/** What a shell makes of a condition or a statement that is not in quotes: several words. */
function checkQuotes(words: readonly string[]): void {
  for (const name of ['where', 'raw']) {
    const at = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    const flag = words[at];
    if (flag === undefined) continue;
    const isJoined = flag.includes('=');
    const value = isJoined ? flag.slice(flag.indexOf('=') + 1) : (words[at + 1] ?? '');
    const behind = words.slice(at + (isJoined ? 1 : 2));
    const stray = behind.slice(0, Math.max(0, behindEnd(behind)));
    if (/\s/.test(value) || !isCutOff(name, value, stray)) continue;
    const all = [value, ...stray];
    const text = name === 'raw' ? all.join(' ') : quoted(all);
    throw new UsageError(
      `--${name} ${cut(all.join(' '))}: is several words; put ${name === 'raw' ? 'the statement' : 'the condition'} in quotes: --${name} "${cut(text)}"`,
    );
  }
}

/** How many words there are until the next option. */
function behindEnd(words: readonly string[]): number {
  const next = words.findIndex((word) => word.startsWith('--') || /^-[a-z]$/i.test(word));
  return next < 0 ? words.length : next;
}

function isCutOff(name: string, value: string, stray: readonly string[]): boolean {
  if (stray.length === 0) return false;
  if (name === 'raw') return !/\W/.test(value);
  return /^\w+$/.test(value) && /^(=|!=|<>|<|>|in$|not$)/i.test(stray[0] ?? '');
}

/** A condition of words, with single quotes about its texts. */
function quoted(words: readonly string[]): string {
  return words
    .map((word, index) => {
      const isValue = /^(=|==|!=|<>)$/.test(words[index - 1] ?? '');
      return isValue && /^[a-z_]\w*$/i.test(word) && !/^(true|false)$/i.test(word) ? `'${word}'` : word;
    })
    .join(' ');
}

/**
 * The error for words that no command takes: an option that another command has, a command or an option that
 * is misspelt.
 * @param unknown the first of these words, without dashes where it is an option
 */
export function explainUnknown(unknown: string, args: readonly string[]): string {
  const wrong = `unknown option or argument "${unknown}"`;
  const command = COMMAND_NAMES.includes(args[0] ?? '') ? (args[0] ?? '') : '';
  const help = `see btcdmon-node ${command === '' ? '' : `${command} `}--help`;
  const isOption = args.some((arg) => arg === `--${unknown}` || arg.startsWith(`--${unknown}=`));
  if (!isOption)
    return args[0] === unknown
      ? `${wrong}${suggestion(unknown, COMMAND_NAMES) || `; the commands are ${COMMAND_NAMES.join(', ')}`}; ${help}`
      : `${wrong}; ${help}`;
  const own = optionsOf(command);
  const others = COMMAND_NAMES.filter((name) => optionsOf(name).includes(unknown));
  if (optionsOf('').includes(unknown)) others.unshift('the listener');
  if (others.length > 0)
    return (
      `${wrong}; it is an option of ${others.join(', ')}, not of ${command === '' ? 'the listener' : command}, ` +
      `which takes ${own.map((name) => `--${name}`).join(', ')}; ${help}`
    );
  return `${wrong}${suggestion(unknown, own) || suggestion(unknown, ALL_NAMES)}; ${help}`;
}

function cut(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}
