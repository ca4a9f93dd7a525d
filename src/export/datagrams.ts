/** Lines that go out as one. */
export interface Datagram {
  /** Newlines separate the lines; none ends the last one. */
  text: string;
  /** Its length in UTF-8. */
  bytes: number;
}

/** Adds a line to the last datagram, or to a new one where that would be longer than `maxBytes`. */
export function addLine(datagrams: Datagram[], line: string, maxBytes: number): void {
  const last = datagrams.at(-1);
  const bytes = Buffer.byteLength(line);
  if (last === undefined || last.bytes + 1 + bytes > maxBytes) {
    datagrams.push({ text: line, bytes });
    return;
  }
  last.text += `\n${line}`;
  last.bytes += 1 + bytes;
}
