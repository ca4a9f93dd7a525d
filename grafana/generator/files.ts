import { stringify } from 'yaml';
import { ALERTS } from './alerts';
import { dashboards } from './dashboards';
import { alertsDocument, missingOnPrometheus } from './documents';
import { rulesFile } from './grafana-rules';
import { STORES } from './provisioned-names';
import { prometheusRules } from './prometheus-rules';
import { dashboardFolder, dashboardProviders, dataSources } from './provisioning';

const NOTE = '# Made by `npm run grafana` of grafana/generator; changes here are overwritten.\n';

/** Every file that is made, by its path in the repository. */
export function files(): ReadonlyMap<string, string> {
  const made = new Map<string, string>();
  for (const store of Object.values(STORES))
    for (const [name, dashboard] of dashboards(store))
      made.set(`${dashboardFolder(store.name)}/${name}.json`, `${JSON.stringify(dashboard, null, 2)}\n`);
  made.set('grafana/provisioning/datasources/btcdmon.yaml', yaml(dataSources()));
  made.set('grafana/provisioning/dashboards/btcdmon.yaml', yaml(dashboardProviders()));
  made.set('grafana/provisioning/alerting/btcdmon.yaml', yaml(rulesFile(ALERTS)));
  made.set('config/prometheus/rules.yml', yaml(prometheusRules(ALERTS)));
  made.set('docs/alerts.md', alertsDocument(ALERTS));
  return made;
}

/** What lies between these two lines of docs/grafana.md. */
const MISSING_MARKS = ['<!-- missing on Prometheus -->', '<!-- end -->'] as const;

/** docs/grafana.md with its made part as it must be; the rest is written by hand. */
export function withMissing(document: string): string {
  const [start, end] = MISSING_MARKS;
  const [before = '', rest = ''] = document.split(start);
  const after = rest.slice(rest.indexOf(end));
  return `${before}${start}\n\n${missingOnPrometheus()}\n\n${after}`;
}

function yaml(value: object): string {
  return NOTE + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
