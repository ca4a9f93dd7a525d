import type { Value } from './result';
import type { Where } from './where';

/** Whether a row meets a condition. As in a store, a comparison with a value that it lacks is false. */
export function matches(where: Where, valueOf: (column: string) => Value): boolean {
  if (where.kind === 'and') return where.terms.every((term) => matches(term, valueOf));
  if (where.kind === 'or') return where.terms.some((term) => matches(term, valueOf));
  const { op, value: wanted } = where;
  const value = valueOf(where.column);
  if (value === null) return false;
  switch (op) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
  }
}
