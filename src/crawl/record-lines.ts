import { textChecksum } from '../wire/text-checksum';

const SUM_DIGITS = 8;

/** What is in a file of records. */
export interface Records {
  /** The values of the whole lines, in order. */
  readonly values: readonly unknown[];
  /** Damaged lines, without a last line that a kill cut off. */
  readonly damaged: number;
  /** Bytes up to the end of the last line that has its line break. */
  readonly wholeBytes: number;
}

/**
 * Writes a value as a line of a file: a checksum and JSON in ASCII, so that a stranger's text can't break the
 * line.
 */
export function recordLine(value: object): string {
  const json = JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${textChecksum(json)} ${json}\n`;
}

/** The records of a file. A damaged line costs that record alone. */
export function parseRecords(text: string): Records {
  const values: unknown[] = [];
  let damaged = 0;
  let begin = 0;
  for (let end = text.indexOf('\n'); end >= 0; begin = end + 1, end = text.indexOf('\n', begin)) {
    const json = text.slice(begin + SUM_DIGITS + 1, end);
    const isWhole = text.slice(begin, begin + SUM_DIGITS) === textChecksum(json);
    const value = isWhole ? parsed(json) : undefined;
    if (value === undefined) damaged += 1;
    else values.push(value);
  }
  return { values, damaged, wholeBytes: begin };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
