const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Offset of the beginning of line number `lines` (counted from 0) of line protocol. A newline in a quoted
 * string does not end a line. Quotes have this meaning only in the fields, not in the tags before the first
 * space.
 */
export function offsetOfLine(bytes: Buffer, lines: number): number {
  let at = 0;
  for (let line = 0; line < lines; line++) at = endOfLine(bytes, at);
  return at;
}

function endOfLine(bytes: Buffer, start: number): number {
  let at = start;
  // Here a backslash escapes only a space. Before any other character, even another backslash, it is literal.
  for (; at < bytes.length && bytes[at] !== SPACE; at++)
    if (bytes[at] === BACKSLASH && bytes[at + 1] === SPACE) at++;
  let isQuoted = false;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === BACKSLASH && isQuoted) at++;
    else if (byte === NEWLINE && !isQuoted) return at + 1;
  }
  return bytes.length;
}

/** The series of the line that begins at an offset. */
export function seriesOfLine(bytes: Buffer, start = 0): string {
  return /^[^, ]*/.exec(bytes.toString('latin1', start, start + 64))?.[0] ?? '';
}
