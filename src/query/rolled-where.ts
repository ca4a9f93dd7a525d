import { type SeriesName, tagNames } from '../metrics/schema';
import { fieldOf } from './columns';
import type { Where } from './where';

/**
 * A condition that rollups can answer: on tags, and on one flag. Each bucket has the number of points with
 * that flag.
 */
export interface RolledWhere {
  readonly tags: Where | null;
  readonly flag: { readonly column: string; readonly isSet: boolean } | null;
}

/** Divides a condition into its part on tags and its part on one flag; null if it contains anything else. */
export function rolledWhere(series: SeriesName, where: Where | null): RolledWhere | null {
  const tags = tagNames(series);
  const ofTags: Where[] = [];
  let flag: RolledWhere['flag'] = null;
  for (const term of where === null ? [] : termsOf(where)) {
    if (columnsOf(term).every((name) => tags.includes(name))) ofTags.push(term);
    else if (flag === null && term.kind === 'compare' && fieldOf(series, term.column)?.type === 'bool')
      flag = { column: term.column, isSet: (term.op === '=') === term.value };
    else return null;
  }
  return { tags: ofTags.length > 1 ? { kind: 'and', terms: ofTags } : (ofTags[0] ?? null), flag };
}

/** The tags and columns that a condition names. */
export function columnsOf(where: Where): readonly string[] {
  return where.kind === 'compare' ? [where.column] : where.terms.flatMap(columnsOf);
}

/** The tags and columns that a condition restricts to a single value. */
export function fixedColumns(where: Where | null): readonly string[] {
  return where === null
    ? []
    : termsOf(where).flatMap((term) => (term.kind === 'compare' && term.op === '=' ? [term.column] : []));
}

/** The terms that must all be true. */
export function termsOf(where: Where): readonly Where[] {
  return where.kind === 'and' ? where.terms.flatMap(termsOf) : [where];
}
