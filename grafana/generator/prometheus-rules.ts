import type { Alert } from './alert';

/** The file of rules that Prometheus loads. */
export function prometheusRules(alerts: readonly Alert[]): object {
  return {
    groups: [
      {
        name: 'btcdmon',
        rules: alerts.map(({ name, promql, forMinutes, severity, summary, meaning, slug }) => ({
          alert: name,
          expr: promql,
          ...(forMinutes === 0 ? {} : { for: `${forMinutes}m` }),
          labels: { severity },
          annotations: {
            summary: summary.replace(/\{(\w+)\}/g, '{{ $labels.$1 }}'),
            description: meaning,
            runbook: `docs/alerts.md#${slug}`,
          },
        })),
      },
    ],
  };
}
