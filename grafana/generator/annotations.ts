import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import type { SCHEMA, SeriesName } from '../../src/metrics/schema';
import type { Scope } from '../../src/panels/panel';
import { chosen } from './influxql';
import { metricName } from './metric-name';
import type { Store } from './provisioned-names';
import { chosenSource, influxTarget } from './targets';

/** More marks would hide the panel under them; the newest are kept. */
const MOST_MARKS = 500;

/** Blocks and reorganisations of the node of a scope, as marks in every panel of a dashboard. */
export function annotations(store: Store, scope: Scope): readonly Builder<AnnotationQuery>[] {
  return [
    annotation(
      store,
      'Blocks',
      'rgba(120, 140, 160, 0.5)',
      marks(store, scope, 'blocks', 'best_height', 'sha'),
    ),
    annotation(store, 'Reorganisations', 'red', marks(store, scope, 'reorgs', 'depth', 'new_tip')),
  ];
}

function annotation(
  store: Store,
  name: string,
  color: string,
  target: Builder<Dataquery>,
): AnnotationQueryBuilder {
  const builder = new AnnotationQueryBuilder()
    .name(name)
    // They are dense at long ranges, and are switched on above the panels.
    .enable(false)
    .iconColor(color)
    .datasource(chosenSource(store))
    .target(target);
  return store.language === 'influxql'
    ? builder
    : builder.titleFormat(name).textFormat('{{node}}').step('60s');
}

function marks<S extends SeriesName>(
  store: Store,
  scope: Scope,
  series: S,
  title: keyof (typeof SCHEMA)[S]['columns'] & string,
  text: keyof (typeof SCHEMA)[S]['columns'] & string,
): Builder<Dataquery> {
  const source = chosenSource(store);
  if (store.language === 'promql') {
    const points = metricName(series, null);
    return new DataqueryBuilder()
      .refId('Marks')
      .datasource(source)
      .expr(`sum by (node) (increase(${points}{node="$${scope}", network=~"$network"}[1m])) > 0`)
      .interval('1m')
      .range();
  }
  // The last four names are those of Grafana's annotation editor.
  return influxTarget({
    refId: 'Marks',
    datasource: source,
    query: `SELECT "${title}", "${text}" FROM "${series}" WHERE $timeFilter AND ${chosen(scope)} ORDER BY time DESC LIMIT ${MOST_MARKS}`,
    rawQuery: true,
    resultFormat: 'table',
    fromAnnotations: true,
    textEditor: true,
    titleColumn: title,
    textColumn: text,
  });
}
