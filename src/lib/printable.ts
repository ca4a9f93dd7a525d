/** Text from outside as one line of printable ASCII, cut at `most` characters, for messages. */
export function printable(text: string, most = 200): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most)}...`;
}
