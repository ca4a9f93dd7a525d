import { UsageError } from '../lib/errors';
import type { SeriesName } from '../metrics/schema';
import { lookUp } from './columns';
import { type Token, malformed, tokenize } from './where-tokens';

/** Comparison operators; strings, tags and flags only support the first two. */
type CompareOp = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A value that a column is compared with. */
type Literal = number | string | boolean;

/**
 * A condition on the points of a series, without NOT and IN. The parser converts both to comparisons, because
 * InfluxQL has neither. A comparison with a column that a point lacks is false, also `!=`.
 */
export type Where =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Where[] }
  | { readonly kind: 'compare'; readonly column: string; readonly op: CompareOp; readonly value: Literal };

/** Deeper nesting than any person writes; the limit is needed because the parser is recursive. */
const MAX_DEPTH = 50;

const NEGATED: Readonly<Record<CompareOp, CompareOp>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/**
 * Parses a condition: `column op value` with = != <> < <= > >=, IN (…), NOT, AND, OR and parentheses. Names
 * and types are checked against the schema.
 * @throws UsageError with the position
 */
export function parseWhere(series: SeriesName, text: string): Where {
  return new Parser(series, tokenize(text)).parse();
}

/** The text of a condition; `parseWhere` reads it back to the same condition. */
export function formatWhere(where: Where): string {
  if (where.kind === 'compare') {
    const { column, op, value } = where;
    return `${column} ${op} ${typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : String(value)}`;
  }
  return where.terms.map((term) => `(${formatWhere(term)})`).join(where.kind === 'and' ? ' AND ' : ' OR ');
}

class Parser {
  private index = 0;
  private depth = 0;

  constructor(
    private readonly series: SeriesName,
    private readonly tokens: readonly Token[],
  ) {}

  parse(): Where {
    if (this.peek().kind === 'end') throw new UsageError('--where: the condition is empty');
    const where = this.list('or', false);
    const rest = this.peek();
    if (rest.kind !== 'end') throw malformed(rest.at, `expected AND, OR or the end, found ${shown(rest)}`);
    return where;
  }

  /** By De Morgan, NOT swaps AND and OR and replaces every comparison by its opposite. */
  private list(word: 'or' | 'and', negated: boolean): Where {
    const terms: Where[] = [];
    do terms.push(word === 'or' ? this.list('and', negated) : this.term(negated));
    while (this.takeWord(word));
    return join(negated ? (word === 'or' ? 'and' : 'or') : word, terms);
  }

  private term(negated: boolean): Where {
    if (++this.depth > MAX_DEPTH)
      throw malformed(this.peek().at, `nested more than ${MAX_DEPTH} levels deep`);
    try {
      if (this.takeWord('not')) return this.term(!negated);
      if (this.takePunctuation('(')) {
        const inner = this.list('or', negated);
        this.expect(')');
        return inner;
      }
      return this.comparison(negated);
    } finally {
      this.depth--;
    }
  }

  private comparison(negated: boolean): Where {
    const name = this.next();
    if (name.kind !== 'name') throw malformed(name.at, `expected the name of a column, found ${shown(name)}`);
    if (!name.quoted && name.text.toLowerCase() === 'time')
      throw malformed(name.at, "time can't be compared here; use --since and --until");
    const type = this.typeOf(name);
    const not = this.takeWord('not');
    if (this.takeWord('in')) return this.membership(name.text, type, negated !== not);
    const token = this.next();
    if (not || token.kind !== 'op')
      throw malformed(
        token.at,
        `expected one of = != < <= > >= IN, found ${shown(token)}${token.kind === 'end' ? '; put the whole condition in quotes' : ''}`,
      );
    const op = token.text as CompareOp;
    if (op !== '=' && op !== '!=' && type !== 'number')
      throw malformed(token.at, `${name.text} is a ${type}, which only supports = and !=`);
    const value = this.literal(name.text, type);
    return { kind: 'compare', column: name.text, op: negated ? NEGATED[op] : op, value };
  }

  private membership(column: string, type: string, negated: boolean): Where {
    this.expect('(');
    const terms: Where[] = [];
    do terms.push({ kind: 'compare', column, op: negated ? '!=' : '=', value: this.literal(column, type) });
    while (this.takePunctuation(','));
    this.expect(')');
    return join(negated ? 'and' : 'or', terms);
  }

  private literal(column: string, type: string): Literal {
    const token = this.next();
    const word = token.kind === 'name' && !token.quoted ? token.text.toLowerCase() : '';
    if (type === 'string' && token.kind === 'string') return token.text;
    if (type === 'flag' && (word === 'true' || word === 'false')) return word === 'true';
    if (type === 'number' && token.kind === 'number') {
      const value = Number(token.text);
      // Columns stay within ±2^53. A number that no double represents exactly would be compared as another
      // number.
      if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value === 0 ? 0 : value;
      throw malformed(token.at, `${token.text} is beyond ±2^53, the limit of every column`);
    }
    const sample = token.kind === 'name' ? `'${token.text}'` : "'text'";
    const wanted =
      { string: `a string, as ${sample}`, flag: 'true or false', number: 'a number' }[type] ?? '';
    throw malformed(token.at, `${column} is compared with ${wanted}; found ${shown(token)}`);
  }

  private typeOf(name: Token): 'string' | 'flag' | 'number' {
    try {
      const named = lookUp(this.series, name.text);
      if (named.kind === 'tag' || named.column.type === 'string') return 'string';
      return named.column.type === 'bool' ? 'flag' : 'number';
    } catch (error) {
      throw error instanceof UsageError ? malformed(name.at, error.message) : error;
    }
  }

  private peek(): Token {
    return this.tokens[this.index] ?? { kind: 'end', text: '', at: 1 };
  }

  private next(): Token {
    const token = this.peek();
    this.index++;
    return token;
  }

  private takeWord(word: string): boolean {
    const token = this.peek();
    const taken = token.kind === 'name' && !token.quoted && token.text.toLowerCase() === word;
    if (taken) this.index++;
    return taken;
  }

  private takePunctuation(text: string): boolean {
    const token = this.peek();
    const taken = token.kind === 'punctuation' && token.text === text;
    if (taken) this.index++;
    return taken;
  }

  private expect(text: string): void {
    const token = this.peek();
    if (!this.takePunctuation(text)) throw malformed(token.at, `expected ${text}, found ${shown(token)}`);
  }
}

/**
 * A single term stays as it is, and nested lists of the same kind are merged, so that equal conditions have
 * one form.
 */
function join(kind: 'and' | 'or', terms: readonly Where[]): Where {
  const flat = terms.flatMap((term) => (term.kind === kind ? term.terms : [term]));
  return flat.length === 1 && flat[0] !== undefined ? flat[0] : { kind, terms: flat };
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end';
  return token.kind === 'string' ? `the string '${token.text}'` : token.text;
}
