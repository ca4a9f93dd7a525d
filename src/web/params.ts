import { HttpError } from './http-error';

/** What no value has: control characters, of which DuckDB takes the first for the end, and what stands for bytes that are no UTF-8. */
const NO_TEXT = /[\p{Cc}\p{Cs}\ufffd]/u;

/**
 * Takes the parameters that a path knows, each once.
 * @throws HttpError 400 naming one that it does not know, or whose value has control characters or is no text
 */
export function readParams<N extends string>(
  params: URLSearchParams,
  known: readonly N[],
): Readonly<Partial<Record<N, string>>> {
  const values: Partial<Record<string, string>> = {};
  for (const [name, value] of params) {
    if (!(known as readonly string[]).includes(name))
      throw new HttpError(400, `there is no parameter ${name.slice(0, 50)}; there are ${known.join(', ')}`);
    if (values[name] !== undefined) throw new HttpError(400, `the parameter ${name} is given twice`);
    if (NO_TEXT.test(value))
      throw new HttpError(400, `the parameter ${name} has control characters, or is not UTF-8`);
    values[name] = value;
  }
  return values as Partial<Record<N, string>>;
}
