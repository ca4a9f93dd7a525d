import { LineCounter, type Node, type Pair, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml';
import { FailureError, messageOf, UsageError } from '../lib/errors';
import { readNamedFileSync } from '../lib/named-file';

/** The largest file in bytes: a thousand peers take a tenth of it. */
const MAX_BYTES = 262_144;

/** What a line of the file looks like. */
const FORM = 'an option a line, such as "network: mainnet"; values with : or # go in quotes';

/** One text of a file, and its line. */
interface FileText {
  readonly text: string;
  readonly line: number;
}

/** The value of one key in a file. */
export interface FileValue {
  readonly key: string;
  /** The line of the key. */
  readonly line: number;
  /** Whether it is written as a list. */
  readonly isList: boolean;
  readonly texts: readonly FileText[];
}

/**
 * Reads the keys of a configuration file, YAML or JSON, in their order. A scalar is taken as it is written:
 * `0123`, `1e3` and `yes` are these letters. A value that is no text (nothing, null, a map, a list in a list)
 * is refused.
 * @throws UsageError that names the file, and the line and key if they are known
 */
export function readConfigFile(file: string): FileValue[] {
  const text = readText(file);
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  try {
    // The `failsafe` schema has only texts, lists and maps. Keys are compared below, as the parser would take
    // time with the square of their number.
    document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, lineCounter: lines });
  } catch (error) {
    throw new UsageError(`--config ${file}: not YAML or JSON: ${firstLine(messageOf(error))}; ${FORM}`);
  }
  const lineOf = (node: unknown): number =>
    lines.linePos((node as Node | null | undefined)?.range?.[0] ?? 0).line;
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new UsageError(
      `${file}:${lines.linePos(problem.pos[0]).line}: not YAML or JSON: ${firstLine(problem.message)}; ${FORM}`,
    );
  const { contents } = document;
  if (contents === null || (isScalar(contents) && isNothing(contents.source, contents.type))) return [];
  if (!isMap(contents))
    throw new UsageError(
      `${file}:${lineOf(contents)}: not an object of option names and values, such as "network: mainnet"`,
    );
  const values: FileValue[] = [];
  const seen = new Map<string, number>();
  for (const pair of contents.items) {
    const value = readPair(pair, file, lineOf);
    const before = seen.get(value.key);
    if (before !== undefined)
      throw new UsageError(
        `${file}:${value.line}: ${value.key}: is in line ${before} already; give it once, several values as a list`,
      );
    seen.set(value.key, value.line);
    values.push(value);
  }
  return values;
}

type LineOf = (node: unknown) => number;

function readPair(pair: Pair, file: string, lineOf: LineOf): FileValue {
  const { key: name, value } = pair;
  const line = lineOf(name);
  if (!isScalar(name) || typeof name.value !== 'string')
    throw new UsageError(`${file}:${line}: a key must be the name of an option, such as network`);
  const key = name.value;
  const shown = JSON.stringify(key).slice(1, -1);
  if (isSeq(value))
    return {
      key,
      line,
      isList: true,
      texts: value.items.map((item) => readScalar(item, shown, file, lineOf, line)),
    };
  return { key, line, isList: false, texts: [readScalar(value, shown, file, lineOf, line)] };
}

function readScalar(node: unknown, key: string, file: string, lineOf: LineOf, keyLine: number): FileText {
  const line = node === null ? keyLine : lineOf(node);
  const wrong = (what: string, right: string): UsageError =>
    new UsageError(`${file}:${line}: ${key}: ${what}; ${right}`);
  if (isMap(node) || isPair(node)) throw wrong('is a map', 'give a text');
  if (isSeq(node)) throw wrong('is a list in a list', 'give texts');
  if (node === null) throw wrong('has no value', 'give one, or remove the line');
  if (!isScalar(node) || typeof node.value !== 'string')
    throw wrong('is an alias (*name)', 'write the value itself');
  if (node.tag !== undefined && node.tag !== 'tag:yaml.org,2002:str')
    throw wrong(`has a type (${node.tag})`, 'write the value alone');
  if (isNothing(node.source, node.type))
    throw wrong(
      node.value === '' ? 'has no value' : `${node.value} is no value`,
      'give one, or remove the line (in quotes it is a text)',
    );
  return { text: node.value, line };
}

/** Whether a scalar is one of the ways to write nothing in YAML and JSON. */
function isNothing(source: string | undefined, type: string | null | undefined): boolean {
  return type === 'PLAIN' && /^(|~|null|Null|NULL)$/.test(source ?? '');
}

/** The message of the parser without its place and the excerpt of the file below. */
function firstLine(text: string): string {
  const message = text.split(/ at line \d+, column \d+(?:$|:?\n)|:?\n\s*\n/, 1)[0] ?? '';
  return message
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/:$/, '');
}

/** Reads the file as UTF-8 text. */
function readText(file: string): string {
  const what = `--config ${file}`;
  let bytes: Buffer;
  try {
    const right = 'a file of options, YAML or JSON';
    ({ bytes } = readNamedFileSync(file, { what, right, maxBytes: MAX_BYTES }));
  } catch (error) {
    throw error instanceof FailureError ? new UsageError(error.message) : error;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${what}: is not UTF-8; write YAML or JSON in UTF-8`);
  }
}
