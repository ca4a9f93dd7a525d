import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Panel } from '../../src/panels/panel';
import { statements } from './influxql';
import { expressions } from './promql';
import type { Store } from './provisioned-names';
import { rolledStatements } from './rolled';

/** A query of Grafana's InfluxDB data source in InfluxQL; the SDK has no type for it. */
export interface InfluxDataquery extends Dataquery {
  refId: string;
  datasource: DataSourceRef;
  query: string;
  rawQuery: true;
  resultFormat: 'time_series' | 'table';
  alias?: string;
}

/** The data source that the dashboard's variable selects. */
export function chosenSource({ source }: Store): DataSourceRef {
  return { type: source.type ?? '', uid: '${datasource}' };
}

/** The queries of a panel for a store; none if the store can answer nothing of it. */
export function targets(store: Store, panel: Panel): readonly Builder<Dataquery>[] {
  const source = chosenSource(store);
  const isTable = panel.plot === 'table';
  if (store.language === 'influxql') {
    const asked = store.name === 'rollups' ? rolledStatements(panel).statements : statements(panel);
    return asked.map(({ text, alias }, index) =>
      influxTarget({
        refId: refId(index),
        datasource: source,
        query: text,
        rawQuery: true,
        resultFormat: isTable ? 'table' : 'time_series',
        ...(isTable ? {} : { alias }),
      }),
    );
  }
  return expressions(panel).expressions.map(({ text, legend }, index) => {
    const builder = new DataqueryBuilder().refId(refId(index)).datasource(source).expr(text);
    return isTable
      ? builder.instant().format(PromQueryFormat.Table)
      : builder.range().format(PromQueryFormat.TimeSeries).legendFormat(legend);
  });
}

/** A query in the form of the SDK's builders. The method only marks the type; it is not in the JSON. */
export function influxTarget<Q extends Omit<InfluxDataquery, '_implementsDataqueryVariant'>>(
  query: Q,
): Builder<Q & Dataquery> {
  return { build: () => ({ ...query, _implementsDataqueryVariant: () => undefined }) };
}

/** A, B, … Z, AA, …: Grafana's names of queries. */
function refId(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : refId(Math.floor(index / 26) - 1) + letter;
}
