import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { QueryBuilder, type Rule, RuleBuilder } from '@grafana/grafana-foundation-sdk/alerting';
import { TypeMathBuilder, TypeReduceBuilder } from '@grafana/grafana-foundation-sdk/expr';
import type { Alert } from '../../src/alerts/alert';
import { runbookUrl } from '../../src/alerts/runbook';
import { panelOf } from '../../src/panels/list';
import { type InfluxQuery, influxOf } from './alert-influxql';
import { panelId } from './panels';
import { ALERT_FOLDER, INFLUXDB, STORES, dashboardUid } from './provisioned-names';
import { influxTarget } from './targets';

/** The data source that evaluates Grafana's expressions. */
const EXPRESSIONS = { type: '__expr__', uid: '__expr__' } as const;

const GROUP = 'btcdmon';
const CONDITION = 'condition';

/** The queries of an alert set their own buckets, so this only needs to be large enough. */
const SCRATCH = { intervalMs: 1_000, maxDataPoints: 43_200 } as const;

/**
 * The file of alert rules that Grafana loads when it starts. Grafana itself links each alert to the dashboard
 * and panel that its rule names.
 * @param runbooks the URL of the page that has the runbooks
 */
export function rulesFile(alerts: readonly Alert[], runbooks: string): object {
  return {
    apiVersion: 1,
    groups: [
      {
        orgId: 1,
        name: GROUP,
        folder: ALERT_FOLDER,
        interval: '30s',
        rules: alerts.map((alert) => provisioned(alert, runbooks)),
      },
    ],
  };
}

/**
 * A rule in the format of the file. The SDK has the names of the HTTP interface, which differ outside the
 * queries.
 */
function provisioned(alert: Alert, runbooks: string): object {
  const { data, ...rule } = ruleOf(alert, runbooks);
  return {
    uid: rule.uid,
    title: rule.title,
    condition: rule.condition,
    data: data.map(({ refId, relativeTimeRange, datasourceUid, model }) => ({
      refId,
      relativeTimeRange,
      datasourceUid,
      model: JSON.parse(JSON.stringify(model)) as unknown,
    })),
    dashboardUid: dashboardUid(STORES.influxdb, panelOf(alert.panel).theme),
    panelId: panelId(alert.panel),
    noDataState: rule.noDataState,
    execErrState: rule.execErrState,
    for: rule.for,
    annotations: rule.annotations,
    labels: rule.labels,
    isPaused: false,
  };
}

function ruleOf(alert: Alert, runbooks: string): Rule {
  const builder = new RuleBuilder(alert.title)
    .uid(`btcdmon-${alert.slug}`)
    .orgID(1)
    .folderUID(GROUP)
    .ruleGroup(GROUP)
    .condition(CONDITION)
    .forDuration(`${alert.forMinutes}m`)
    .noDataState(alert.noData)
    .execErrState('Error')
    .labels({ severity: alert.severity })
    .annotations({
      summary: templated(alert.summary),
      description: alert.meaning,
      // Grafana shows a link for this name.
      runbook_url: runbookUrl(alert.slug, runbooks),
    });
  for (const [letter, query] of Object.entries(alert.queries)) {
    builder.withQuery(asked(letter, influxOf(query)));
    builder.withQuery(
      computed(
        newestOf(letter),
        new TypeReduceBuilder()
          .refId(newestOf(letter))
          .datasource(EXPRESSIONS)
          .expression(letter)
          .reducer('last')
          .settings({ mode: 'dropNN' }),
      ),
    );
  }
  builder.withQuery(
    computed(
      CONDITION,
      new TypeMathBuilder().refId(CONDITION).datasource(EXPRESSIONS).expression(ofNewest(alert.condition)),
    ),
  );
  return builder.build();
}

function asked(refId: string, { text, fromS, toS }: InfluxQuery): QueryBuilder {
  const target = influxTarget({
    refId,
    datasource: INFLUXDB,
    query: text,
    rawQuery: true,
    resultFormat: 'time_series',
    ...SCRATCH,
  });
  return new QueryBuilder(refId)
    .datasourceUid(INFLUXDB.uid)
    .relativeTimeRange({ from: fromS, to: toS })
    .model(target);
}

function computed(refId: string, model: Builder<Dataquery>): QueryBuilder {
  return new QueryBuilder(refId)
    .datasourceUid(EXPRESSIONS.uid)
    .relativeTimeRange({ from: 0, to: 0 })
    .model(model);
}

/** Name of the newest value of a query. */
function newestOf(letter: string): string {
  return `${letter}_newest`;
}

/** Rewrites a condition on queries to one on their newest values. */
function ofNewest(condition: string): string {
  return condition.replace(/\$([A-Z])\b/g, (_, letter: string) => `\${${newestOf(letter)}}`);
}

/**
 * Labels in the syntax of Grafana's templates, without `$`, which would be an environment variable in these
 * files.
 */
function templated(summary: string): string {
  return summary.replace(/\{(\w+)\}/g, '{{ .Labels.$1 }}');
}
