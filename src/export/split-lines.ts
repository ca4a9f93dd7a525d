const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Where the line behind the first `lines` lines of line protocol begins. A newline within a quoted string
 * ends no line; quotes mean that in the fields alone, not in the tags before the first space.
 */
export function offsetOfLine(bytes: Buffer, lines: number): number {
  let at = 0;
  for (let line = 0; line < lines; line++) at = endOfLine(bytes, at);
  return at;
}

function endOfLine(bytes: Buffer, start: number): number {
  let at = start;
  // A backslash before anything but a space stands for itself here, also before another one.
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

/** The series of the line that begins at an offset: what stands before its tags. */
export function seriesOfLine(bytes: Buffer, start = 0): string {
  return /^[^, ]*/.exec(bytes.toString('latin1', start, start + 64))?.[0] ?? '';
}
