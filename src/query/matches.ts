import type { Value } from './result';
import type { Where } from './where';

/** Whether a row meets a condition. As in a store, a comparison with a value that it lacks is false. */
export function matches(where: Where, valueOf: (column: string) => Value): boolean {
  if (where.kind !== 'compare') {
    const isMet = (term: Where): boolean => matches(term, valueOf);
    return where.kind === 'and' ? where.terms.every(isMet) : where.terms.some(isMet);
  }
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
