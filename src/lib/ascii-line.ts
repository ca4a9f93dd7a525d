/** Foreign text for a message: one line of printable ASCII, cut after `most` characters. */
export function asciiLine(text: string, most = 200): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most)}...`;
}
