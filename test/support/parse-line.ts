/** The content of a line of line protocol. `type` tells integers from floats. */
export interface ParsedLine {
  readonly series: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
  readonly time: bigint;
}

/**
 * Reads a line by the rules of InfluxDB 1.x's parser, character by character. It was written without looking
 * at the serializer.
 * @throws Error where InfluxDB would refuse the line
 */
export function parseLine(line: string): ParsedLine {
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at}: ${line}`);
  };
  /**
   * Reads up to a character of `ends` without a backslash before it. Resolves escaped commas, spaces and
   * equals signs.
   */
  const word = (ends: string): string => {
    let text = '';
    for (; at < line.length; at++) {
      const char = line.charAt(at);
      if (char === '\\' && ', ='.includes(line.charAt(at + 1)) && at + 1 < line.length) {
        text += line.charAt(++at);
      } else if (char === '\n') {
        fail('newline');
      } else if (ends.includes(char)) {
        return text;
      } else {
        text += char;
      }
    }
    return text;
  };
  const quoted = (): string => {
    let text = '';
    for (at++; line.charAt(at) !== '"'; at++) {
      if (at >= line.length) fail('open quote');
      if (line.charAt(at) === '\\' && '"\\'.includes(line.charAt(at + 1))) at++;
      text += line.charAt(at);
    }
    at++;
    return text;
  };
  const field = (): { type: string; value: unknown } => {
    if (line.charAt(at) === '"') return { type: 'string', value: quoted() };
    const text = word(', ');
    if (/^([tT]|true|True|TRUE)$/.test(text)) return { type: 'bool', value: true };
    if (/^([fF]|false|False|FALSE)$/.test(text)) return { type: 'bool', value: false };
    if (/^-?\d+i$/.test(text)) return { type: 'int', value: Number(text.slice(0, -1)) };
    if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) return { type: 'float', value: Number(text) };
    return fail(`value ${text}`);
  };

  const tags: Record<string, string> = {};
  const fields: Record<string, { type: string; value: unknown }> = {};
  const series = word(', ');
  while (line.charAt(at) === ',') {
    at++;
    const name = word('=');
    at++;
    tags[name] = word(', ');
    if (tags[name] === '') fail('empty tag');
  }
  do {
    at++;
    const name = word('=');
    if (name === '') fail('no field');
    at++;
    fields[name] = field();
  } while (line.charAt(at) === ',');
  if (line.charAt(at) !== ' ') fail('no time');
  return { series, tags, fields, time: BigInt(line.slice(at + 1)) };
}
