/** Values of the queries of an alert, by letter. */
export type Values = Readonly<Record<string, number>>;

/** Whether a condition is true for some values. */
export type Condition = (values: Values) => boolean;

type Term = (values: Values) => number;

const TOKEN = /\s*(?:\$([A-Z])|(\d+(?:\.\d+)?)|(&&|[<>=]=|[<>*/+-]))/y;

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
};

const ADD: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
};

const MULTIPLY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/**
 * Reads the condition of an alert, the part of Grafana's expressions that alerts use: comparisons of sums
 * and products, joined by `&&`, such as `$B >= 4 && $A < $B / 2`.
 * @throws Error for anything else
 */
export function parseCondition(text: string): Condition {
  const tokens = tokensOf(text);
  let at = 0;
  const takeIf = <T>(table: Readonly<Record<string, T>>): T | undefined => {
    const found = Object.hasOwn(table, tokens[at] ?? '') ? table[tokens[at] ?? ''] : undefined;
    if (found !== undefined) at++;
    return found;
  };
  const fail = (): never => {
    throw new Error(`the condition ${text} can't be read at its part ${at + 1}`);
  };
  const value = (): Term => {
    const token = tokens[at++] ?? '';
    if (token.startsWith('$')) return (values) => values[token.slice(1)] ?? NaN;
    const number = Number(token || NaN);
    return Number.isNaN(number) ? fail() : () => number;
  };
  const chain = (operators: typeof ADD, part: () => Term): Term => {
    let left = part();
    for (let apply = takeIf(operators); apply !== undefined; apply = takeIf(operators)) {
      const [before, operator, after] = [left, apply, part()];
      left = (values) => operator(before(values), after(values));
    }
    return left;
  };
  const sum = (): Term => chain(ADD, () => chain(MULTIPLY, value));
  const comparison = (): Condition => {
    const left = sum();
    const compare = takeIf(COMPARE) ?? fail();
    const right = sum();
    return (values) => compare(left(values), right(values));
  };
  const all = [comparison()];
  while (tokens[at] === '&&') {
    at++;
    all.push(comparison());
  }
  if (at < tokens.length) fail();
  return (values) => all.every((holds) => holds(values));
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (found === null) throw new Error(`the condition ${text} can't be read`);
    tokens.push(found[0].trim());
  }
  return tokens;
}
