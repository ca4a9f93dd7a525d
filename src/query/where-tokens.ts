import { UsageError } from '../lib/errors';

/** A token of a condition. `at` is its position, counted in characters from 1. */
export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly quoted: boolean; readonly at: number }
  | { readonly kind: 'string' | 'number' | 'op' | 'punctuation'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

const PATTERNS = {
  space: /\s+/y,
  name: /[A-Za-z_][A-Za-z0-9_]*/y,
  quotedName: /"([A-Za-z_][A-Za-z0-9_]*)"/y,
  string: /'((?:[^'\\]|''|\\[^])*)'/y,
  number: /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_.])/y,
  op: /!=|<>|<=|>=|==|=|<|>/y,
  punctuation: /[(),]/y,
};

/**
 * Splits a condition into tokens. In strings `''` and `\'` stand for a quote and `\\` for a backslash.
 * @throws UsageError with the position of what can't be read
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let index = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = index;
    const match = pattern.exec(text);
    if (match !== null) index = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(PATTERNS.space);
    const at = index + 1;
    if (index >= text.length) return [...tokens, { kind: 'end', text: '', at }];
    let match: RegExpExecArray | null;
    if ((match = take(PATTERNS.name))) tokens.push({ kind: 'name', text: match[0], quoted: false, at });
    else if ((match = take(PATTERNS.quotedName)))
      tokens.push({ kind: 'name', text: match[1] ?? '', quoted: true, at });
    else if ((match = take(PATTERNS.string)))
      tokens.push({ kind: 'string', text: unescape(match[1] ?? '', at), at });
    else if ((match = take(PATTERNS.number))) tokens.push({ kind: 'number', text: match[0], at });
    else if ((match = take(PATTERNS.op))) tokens.push({ kind: 'op', text: canonical(match[0]), at });
    else if ((match = take(PATTERNS.punctuation))) tokens.push({ kind: 'punctuation', text: match[0], at });
    else throw unreadable(text, at);
  }
}

/** The error for a condition that is malformed at character `at`. */
export function malformed(at: number, what: string): UsageError {
  return new UsageError(`--where, character ${at}: ${what}`);
}

function canonical(op: string): string {
  if (op === '<>') return '!=';
  return op === '==' ? '=' : op;
}

function unescape(body: string, at: number): string {
  // InfluxQL's scanner treats NUL as the end of the statement.
  if (body.includes('\0')) throw malformed(at, 'a string with a NUL character matches nothing');
  return body.replace(/''|\\(['\\])/g, (_, escaped: string | undefined) => escaped ?? "'");
}

function unreadable(text: string, at: number): UsageError {
  const character = text[at - 1] ?? '';
  if (character === "'") return malformed(at, "the string has no closing quote '");
  if (character === '"') return malformed(at, "names go in double quotes, values in single ones: 'value'");
  if (/[\d.+-]/.test(character))
    return malformed(at, `not a number: ${/^\S+/.exec(text.slice(at - 1))?.[0] ?? ''}`);
  return malformed(at, `unexpected ${JSON.stringify(character)}`);
}
