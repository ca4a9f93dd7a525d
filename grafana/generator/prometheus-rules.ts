import type { Alert } from '../../src/alerts/alert';
import { PROMQL } from './alert-promql';

/** The file of rules that Prometheus loads. */
export function prometheusRules(alerts: readonly Alert[]): object {
  return {
    groups: [
      {
        name: 'btcdmon',
        rules: alerts.map(({ name, forMinutes, severity, summary, meaning, slug }) => ({
          alert: name,
          expr: PROMQL[name],
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
