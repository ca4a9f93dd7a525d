import { metricsOf } from '../../src/export/prometheus/names';
import type { SCHEMA, SeriesName } from '../../src/metrics/schema';

/**
 * What the exporter calls the metric of a column; null names the number of points, `'last_point'` the time of the last.
 * @throws Error where it has none, which a test finds
 */
export function metricName<S extends SeriesName>(
  series: S,
  column: (keyof (typeof SCHEMA)[S]['columns'] & string) | null | 'last_point',
): string {
  const metric = metricsOf(series).find((it) =>
    column === 'last_point' ? it.does === 'stamp' : it.column === column && it.does !== 'stamp',
  );
  if (metric === undefined) throw new Error(`Prometheus is told nothing of ${series}.${String(column)}`);
  return metric.name;
}
