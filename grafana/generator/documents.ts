import { PANELS } from '../../src/panels/list';
import { THEMES } from '../../src/panels/panel';
import type { Alert } from './alert';
import { expressions } from './promql';

/** docs/alerts.md: what each alert means and what to do. */
export function alertsDocument(alerts: readonly Alert[]): string {
  const rows = alerts.map(
    ({ title, slug, severity, forMinutes }) =>
      `| [${title}](#${slug}) | ${severity} | ${forMinutes === 0 ? 'at once' : `after ${forMinutes} min`} |`,
  );
  return [
    '# Alerts',
    'Made by `npm run grafana` of `grafana/generator/alerts.ts`. Each alert is there twice: as a rule of Grafana on InfluxDB ([grafana/provisioning/alerting](../grafana/provisioning/alerting/btcdmon.yaml)) and as a rule of Prometheus ([config/prometheus/rules.yml](../config/prometheus/rules.yml)). Nobody is told of them until you say whom: a contact point in Grafana, an Alertmanager for Prometheus.',
    'Numbers are for mainnet. Every alert is for each node of its own. Those of Grafana are evaluated every 30 seconds. A query that fails makes Grafana’s own alert `DatasourceError`; one that finds nothing is no fault, but for the first alert here.',
    ['| alert | severity | fires |', '| --- | --- | --- |', ...rows].join('\n'),
    ...alerts.map(section),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function section({ title, slug, name, meaning, steps, influx, promql, panel }: Alert): string {
  const queries = Object.entries(influx.queries).map(
    ([letter, { text, fromS, toS }]) => `-- ${letter}: ${spanOf(fromS, toS)}\n${text}`,
  );
  return [
    `<a id="${slug}"></a>`,
    `## ${title}`,
    meaning,
    `Panel: \`${panel}\`, also \`btcdmon-node query @${panel}\`. What to do:`,
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    `InfluxQL, of the newest value of each: \`${influx.condition}\``,
    ['```sql', ...queries, '```'].join('\n'),
    `Prometheus, \`${name}\`:`,
    ['```promql', promql, '```'].join('\n'),
  ].join('\n\n');
}

function spanOf(fromS: number, toS: number): string {
  return toS === 0 ? `the last ${fromS / 60} minutes` : `from ${fromS / 60} to ${toS / 60} minutes ago`;
}

/** What the dashboards on Prometheus lack, for docs/grafana.md. */
export function missingOnPrometheus(): string {
  const rows = PANELS.flatMap((panel) => {
    const { missing, expressions: found } = expressions(panel);
    if (missing.length === 0) return [];
    return [
      `- ${THEMES[panel.theme]}, “${panel.title}”: ${found.length === 0 ? 'all of it' : missing.join(', ')}`,
    ];
  });
  return rows.join('\n');
}
