import { type SeriesName, tagNames } from '../metrics/schema';
import { fieldOf } from './columns';
import type { Where } from './where';

/** A condition that rollups can answer: of tags, and of a flag, whose points each bucket has counted. */
export interface RolledWhere {
  readonly tags: Where | null;
  readonly flag: { readonly column: string; readonly isSet: boolean } | null;
}

/** Divides a condition into what it says of tags and of one flag; null where it says anything else. */
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

/** The tags and columns that can have one value alone. */
export function fixedColumns(where: Where | null): readonly string[] {
  return where === null
    ? []
    : termsOf(where).flatMap((term) => (term.kind === 'compare' && term.op === '=' ? [term.column] : []));
}

/** What must all hold. */
function termsOf(where: Where): readonly Where[] {
  return where.kind === 'and' ? where.terms.flatMap(termsOf) : [where];
}
