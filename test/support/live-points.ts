import type { LineSink } from './line-sink';
import { type ParsedLine, parseLine } from './parse-line';

/** The points that a running program has sent to a sink (`--export line+tcp://…`), as they come. */
export interface LivePoints {
  /** The points of a series of a node so far, in their order. */
  of(node: string, series: string): readonly ParsedLine[];
  /** The newest value of a column; undefined where there is none yet. */
  last(node: string, series: string, column: string): unknown;
  /** The sum of a column. */
  sum(node: string, series: string, column: string): number;
}

/** Reads them from a sink. */
export function livePoints(sink: LineSink): LivePoints {
  const points = new Map<string, ParsedLine[]>();
  let taken = 0;
  const of = (node: string, series: string): readonly ParsedLine[] => {
    const lines = sink.lines();
    for (const line of lines.slice(taken)) {
      const point = parseLine(line);
      const key = `${point.tags['node'] ?? ''} ${point.series}`;
      const list = points.get(key);
      if (list === undefined) points.set(key, [point]);
      else list.push(point);
    }
    taken = lines.length;
    return points.get(`${node} ${series}`) ?? [];
  };
  return {
    of,
    last: (node, series, column) =>
      plain(of(node, series).findLast(({ fields }) => column in fields)?.fields[column]),
    sum: (node, series, column) =>
      of(node, series).reduce((sum, { fields }) => sum + Number(fields[column]?.value ?? 0), 0),
  };
}

/** Integers are numbers, as in the embedded store. */
function plain(field: ParsedLine['fields'][string] | undefined): unknown {
  return typeof field?.value === 'bigint' ? Number(field.value) : field?.value;
}
