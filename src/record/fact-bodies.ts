import type { FactFields } from './facts';

/** Counts up to this one are remembered. */
const MAX_COUNT = 1_000;

/**
 * The bytes of facts, as JSON. Most facts have no field, or a flag or a small count, the same one each time
 * by the name of their event, and are made once.
 */
export class FactBodies {
  private readonly known = new Map<string, Buffer[]>();

  of(event: string, fields: FactFields): Buffer {
    let value: unknown;
    let size = 0;
    for (const name in fields) {
      value = fields[name];
      size += 1;
    }
    const place = size > 1 ? -1 : placeOf(value);
    if (place < 0) return bodyOf(event, fields);
    let bodies = this.known.get(event);
    if (bodies === undefined) this.known.set(event, (bodies = []));
    return (bodies[place] ??= bodyOf(event, fields));
  }
}

/** Where a fact with this field is remembered; -1 if it is not. */
function placeOf(value: unknown): number {
  if (typeof value === 'number') return value >= 0 && value < MAX_COUNT && value % 1 === 0 ? value + 3 : -1;
  if (typeof value === 'boolean') return value ? 2 : 1;
  return value === undefined ? 0 : -1;
}

function bodyOf(event: string, fields: FactFields): Buffer {
  return Buffer.from(JSON.stringify({ event, ...fields }));
}
