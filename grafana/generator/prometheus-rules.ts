import type { Alert } from '../../src/alerts/alert';
import { RUNBOOKS } from '../../src/alerts/runbook';
import { panelOf } from '../../src/panels/list';
import { PROMQL } from './alert-promql';
import { panelId } from './panels';
import { expressions } from './promql';
import { STORES, dashboardUid } from './provisioned-names';

/** Grafana of docker-compose.yml, as its users reach it. */
const GRAFANA = 'http://localhost:3000/grafana/';

/** An external label of Prometheus, or what stands for it where Prometheus has none. */
function external(label: string, otherwise: string): string {
  return `{{ with $externalLabels.${label} }}{{ . }}{{ else }}${otherwise}{{ end }}`;
}

/** Where Grafana shows a panel on Prometheus; the dashboard of its theme where metrics have nothing of it. */
function placeOf(name: string): string {
  const panel = panelOf(name);
  const isShown = expressions(panel).expressions.length > 0;
  return `d/${dashboardUid(STORES.prometheus, panel.theme)}${isShown ? `?viewPanel=${panelId(name)}` : ''}`;
}

/**
 * The file of rules that Prometheus loads. A fleet sets the external labels `runbooks` and `grafana` to its
 * own URLs.
 */
export function prometheusRules(alerts: readonly Alert[]): object {
  return {
    groups: [
      {
        name: 'btcdmon',
        rules: alerts.map(({ name, forMinutes, severity, summary, meaning, slug, panel }) => ({
          alert: name,
          expr: PROMQL[name],
          ...(forMinutes === 0 ? {} : { for: `${forMinutes}m` }),
          labels: { severity },
          annotations: {
            summary: summary.replace(/\{(\w+)\}/g, '{{ $labels.$1 }}'),
            description: meaning,
            dashboard: `${external('grafana', GRAFANA)}${placeOf(panel)}`,
            runbook_url: `${external('runbooks', RUNBOOKS)}#${slug}`,
          },
        })),
      },
    ],
  };
}
