import { UsageError } from '../lib/errors';

const READ_ONLY = '--raw is read-only';

/** Words after which InfluxQL reads `/` as the start of a regular expression. */
const BEFORE_REGEX = new Set(['SELECT', 'FROM', 'BY', 'WHERE', 'AND', 'OR']);

const SPACE_OR_COMMENT = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)+/y;
const QUOTED = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y;
const REGEX = /\/(?:[^/\\\n]|\\.)*\//y;
const WORD = /[A-Za-z0-9_.$]+/y;

/**
 * Accepts one InfluxQL statement that begins with SELECT, SHOW or EXPLAIN and has no INTO. The server does
 * not protect itself: InfluxDB 1.x executes a DROP sent by GET, and only adds a warning.
 * @throws UsageError for any other statement
 */
export function checkInfluxStatement(text: string): void {
  if (text.includes('\0'))
    throw new UsageError('--raw: the statement has a NUL character, at which InfluxDB would stop reading');
  let index = 0;
  let first = '';
  let ended = false;
  // Whether the last token was a value, after which `/` is a division.
  let operand = false;
  let dotted = false;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = index;
    const match = pattern.exec(text);
    if (match === null) return null;
    index = pattern.lastIndex;
    return match[0];
  };
  for (;;) {
    // Where a regular expression may be, InfluxDB would read /*…*/ as one.
    const space = take(SPACE_OR_COMMENT);
    if (space !== null && !operand && first !== '' && space.includes('/*'))
      throw new UsageError('--raw: move the comment /* */ behind a name or to the front');
    if (index >= text.length) break;
    if (ended) throw new UsageError(`${READ_ONLY} and takes one statement; leave out what follows the ;`);
    const word = take(WORD);
    if (word !== null) {
      const upper = word.toUpperCase();
      first ||= checkFirst(upper);
      if (upper === 'INTO') throw new UsageError(`${READ_ONLY}: leave out INTO`);
      // `rp./regex/` is a source, `1./2` and `a./b` are divisions.
      dotted = word.endsWith('.') && !/^\d/.test(word);
      operand = !BEFORE_REGEX.has(upper) && !dotted;
      continue;
    }
    if (first === '') checkFirst(text.slice(index, index + 10));
    if (take(QUOTED) !== null) {
      operand = true;
      continue;
    }
    const character = text[index] ?? '';
    if (character === '"' || character === "'")
      throw new UsageError(`--raw: a ${character} has no closing one`);
    if (character === '/' && !operand) {
      const regex = take(REGEX);
      if (regex === null) throw new UsageError('--raw: a regular expression has no closing /');
      if (dotted && /[;'"]|into/i.test(regex))
        throw new UsageError('--raw: a regular expression behind a dot may not contain quotes, ; or INTO');
      operand = true;
      continue;
    }
    index++;
    ended = character === ';';
    operand = character === ')' || character === '*';
  }
  if (first === '') throw new UsageError('--raw: the statement is empty');
}

function checkFirst(word: string): string {
  if (word === 'SELECT' || word === 'SHOW' || word === 'EXPLAIN') return word;
  throw new UsageError(
    `${READ_ONLY}: a statement for InfluxDB begins with SELECT, SHOW or EXPLAIN, not ${word}`,
  );
}
