import { HttpError } from './http-error';

/**
 * Takes the parameters that a path knows, each once.
 * @throws HttpError 400 naming one that it does not know
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
    values[name] = value;
  }
  return values as Partial<Record<N, string>>;
}
