/** The label of further values once there are too many. */
const OTHER = 'other';

const MAX_LENGTH = 64;

/**
 * Makes a label from a stranger's text: cut to 64 characters of printable ASCII. Other characters become `?`.
 * So do backslashes at the end, which line protocol can't represent.
 */
export function printableLabel(text: string): string {
  return printable(text.slice(0, MAX_LENGTH));
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/\\+$/, (backslashes) => '?'.repeat(backslashes.length));
}

/** The longest signature script that a coinbase may have (consensus), in bytes. */
const MAX_COINBASE_SCRIPT = 100;

/** The texts in a coinbase's script: runs of 4 printable characters or more, with a blank between. */
export function coinbaseText(script: Buffer): string {
  const text = script.toString('latin1', 0, MAX_COINBASE_SCRIPT);
  return printable(text.match(/[\x20-\x7e]{4,}/g)?.join(' ') ?? '');
}

/**
 * Makes tags from strangers' texts: printable labels, and after `limit` distinct ones `other`. In InfluxDB
 * every tag value costs memory for ever.
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
