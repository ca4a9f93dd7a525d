import type { FactFields } from './facts';

/** Counts up to this one are remembered. */
const MAX_COUNT = 1_000;

/**
 * The bytes of facts, as JSON. Most facts have no field or a small count, the same one each time by the name
 * of their event, and are made once.
 */
export class FactBodies {
  private readonly known = new Map<string, Buffer[]>();

  of(event: string, fields: FactFields): Buffer {
    let count: unknown = 0;
    let size = 0;
    for (const name in fields) {
      count = fields[name];
      size += 1;
    }
    if (size > 1 || typeof count !== 'number' || !(count >= 0 && count < MAX_COUNT && count % 1 === 0))
      return bodyOf(event, fields);
    let bodies = this.known.get(event);
    if (bodies === undefined) this.known.set(event, (bodies = []));
    // One more for the fact without a field.
    return (bodies[count + size] ??= bodyOf(event, fields));
  }
}

function bodyOf(event: string, fields: FactFields): Buffer {
  return Buffer.from(JSON.stringify({ event, ...fields }));
}
