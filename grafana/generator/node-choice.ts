import {
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Scope } from '../../src/panels/panel';
import { metricName } from './metric-name';
import type { Store } from './provisioned-names';
import { chosenSource } from './targets';

/** Metrics of nodes: a watched one, any that has peers, and the process that writes. */
const UP = metricName('node_status', 'is_up');
const TAPPED = metricName('tap', 'inbound');
const CONNECTED = metricName('peers', 'total_connected');
const MEMORY = metricName('btcdmon', 'rss');

/** What a variable for one node offers. Grafana chooses the first value when a dashboard is opened. */
interface Offer {
  readonly label: string;
  readonly influxql: string;
  readonly promql: string;
  /** Takes the names out of what Prometheus returns. */
  readonly regex?: string;
  readonly sort: VariableSort;
}

const OFFERS: Readonly<Record<Scope, Offer>> = {
  // Watched nodes come first: InfluxDB answers in the order of the series' names, Prometheus by the value.
  node: {
    label: 'Node',
    influxql: 'SHOW TAG VALUES FROM "node_status", "peers" WITH KEY = "node"',
    promql: `query_result(sort_desc(max by (node) (last_over_time(${UP}[$__range]) >= bool 0 or last_over_time(${CONNECTED}[$__range]) * 0)))`,
    regex: '/node="([^"]*)"/',
    sort: VariableSort.Disabled,
  },
  watched: {
    label: 'Watched node',
    influxql: 'SHOW TAG VALUES FROM "node_status", "tap" WITH KEY = "node"',
    promql: `label_values({__name__=~"${UP}|${TAPPED}"}, node)`,
    sort: VariableSort.AlphabeticalAsc,
  },
  monitor: {
    label: 'Monitor',
    influxql: `SHOW TAG VALUES FROM "btcdmon" WITH KEY = "node" WHERE "exporter" != ''`,
    promql: `label_values(${MEMORY}, node)`,
    sort: VariableSort.AlphabeticalAsc,
  },
};

/**
 * A variable with one node, never several: the numbers of a listener and of the node that it watches must not
 * be added up.
 */
export function choiceOfNode(store: Store, scope: Scope): QueryVariableBuilder {
  const { label, influxql, promql, regex, sort } = OFFERS[scope];
  const query = store.language === 'influxql' ? influxql : promql;
  const builder = variable(store, scope, label, query).sort(sort).multi(false).includeAll(false);
  return store.language === 'promql' && regex !== undefined ? builder.regex(regex) : builder;
}

/**
 * A variable with several networks or all of a node's. All includes points without the tag, because a
 * collector is on no network.
 */
export function choiceOfNetworks(store: Store, scope: Scope): QueryVariableBuilder {
  const query =
    store.language === 'influxql'
      ? `SHOW TAG VALUES FROM "btcdmon", "node_status", "tap" WITH KEY = "network" WHERE "node" =~ /^\${${scope}:regex}$/`
      : `label_values({__name__=~"${MEMORY}|${UP}|${TAPPED}", node="$${scope}"}, network)`;
  return variable(store, 'network', 'Network', query)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });
}

function variable(store: Store, name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(chosenSource(store))
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged);
}
