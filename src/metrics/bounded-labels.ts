/** What a label is called once there are too many. */
const OTHER = 'other';

const MAX_LENGTH = 64;

/**
 * What strangers say as a label: cut to 64 printable ASCII characters; others become `?`, and so do backslashes at its end, which
 * line protocol cannot carry.
 */
export function printableLabel(text: string): string {
  return text
    .slice(0, MAX_LENGTH)
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/\\+$/, (backslashes) => '?'.repeat(backslashes.length));
}

/**
 * Makes tags of what strangers say: printable labels, and after `limit` distinct ones further ones are `other`, since in
 * InfluxDB every tag value costs memory for ever.
 */
export class BoundedLabels {
  private readonly seen = new Set<string>();

  constructor(private readonly limit: number) {}

  label(text: string): string {
    const label = printableLabel(text);
    if (this.seen.has(label)) return label;
    if (this.seen.size >= this.limit) return OTHER;
    this.seen.add(label);
    return label;
  }
}
