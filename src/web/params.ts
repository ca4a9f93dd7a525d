import { HttpError } from './http-error';

/**
 * Characters that no value may have: control characters, because DuckDB treats NUL as the end of a text, and
 * replacements of bytes that are not UTF-8.
 */
const NO_TEXT = /[\p{Cc}\p{Cs}\ufffd]/u;

/**
 * Reads the parameters that a path knows, each at most once.
 * @throws HttpError 400 naming an unknown parameter, or one whose value has control characters or is not
 * UTF-8
 */
export function readParams<N extends string>(
  params: URLSearchParams,
  known: readonly N[],
): Readonly<Partial<Record<N, string>>> {
  const values: Partial<Record<string, string>> = {};
  for (const [name, value] of params) {
    if (!(known as readonly string[]).includes(name)) {
      const right = known.length === 0 ? 'this path takes none' : `there are ${known.join(', ')}`;
      throw new HttpError(400, `there is no parameter ${name.slice(0, 50)}; ${right}`);
    }
    if (values[name] !== undefined) throw new HttpError(400, `the parameter ${name} is given twice`);
    if (NO_TEXT.test(value))
      throw new HttpError(400, `the parameter ${name} has control characters, or is not UTF-8`);
    values[name] = value;
  }
  return values as Partial<Record<N, string>>;
}
