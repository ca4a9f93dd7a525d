import type { SeriesName } from '../metrics/schema';
import { columnsOf, termsOf } from '../query/rolled-where';
import { type Where, formatWhere, parseWhere } from '../query/where';

/** A condition, divided into the choice of a node and a network, and the rest. */
export interface ChosenNode {
  readonly node?: string | undefined;
  readonly network?: string | undefined;
  readonly where?: string | undefined;
  /** Whether the rest names the node, such as `node != 'a'`: then the user combines nodes on purpose. */
  readonly isOwn: boolean;
}

/**
 * Takes `node = 'NAME'` and `network = 'NAME'` out of a condition whose terms must all be true.
 * @throws UsageError
 */
export function chosenNode(series: SeriesName, text: string | undefined): ChosenNode {
  if (text === undefined) return { isOwn: false };
  const chosen: { node?: string; network?: string } = {};
  const rest: Where[] = [];
  for (const term of termsOf(parseWhere(series, text))) {
    const tag = term.kind === 'compare' && term.op === '=' ? term.column : '';
    if ((tag === 'node' || tag === 'network') && chosen[tag] === undefined && term.kind === 'compare')
      chosen[tag] = String(term.value);
    else rest.push(term);
  }
  const [first, ...others] = rest;
  return {
    ...chosen,
    ...(first === undefined
      ? {}
      : { where: formatWhere(others.length === 0 ? first : { kind: 'and', terms: rest }) }),
    isOwn: rest.some((term) => columnsOf(term).includes('node')),
  };
}
