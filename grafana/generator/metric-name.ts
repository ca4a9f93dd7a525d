import { metricsOf } from '../../src/export/prometheus/names';
import type { SCHEMA, SeriesName } from '../../src/metrics/schema';

/**
 * Name of the exporter's metric for a column. Null names the number of points, `'last_point'` the time of the
 * last one.
 * @throws Error if there is no such metric, which a test detects
 */
export function metricName<S extends SeriesName>(
  series: S,
  column: (keyof (typeof SCHEMA)[S]['columns'] & string) | null | 'last_point',
): string {
  const metric = metricsOf(series).find((it) =>
    column === 'last_point' ? it.does === 'stamp' : it.column === column && it.does !== 'stamp',
  );
  if (metric === undefined)
    throw new Error(`the Prometheus exporter has no metric for ${series}.${String(column)}`);
  return metric.name;
}
