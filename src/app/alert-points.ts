import type { AlertFeed } from '../alerts/report';
import type { Emit } from '../metrics/emitter';

/** Writes a point of `alerts` whenever an alert fires or is cleared. */
export function writeAlerts(alerts: AlertFeed | null, emit: Emit): void {
  alerts?.subscribe((changes) => {
    for (const { kind, active, atMs } of changes) {
      const { alert, labels, firingMs, reason } = active;
      const label = (name: string): string | undefined => (labels[name] === '' ? undefined : labels[name]);
      emit(
        'alerts',
        {
          is_firing: kind === 'fired',
          about: label('node'),
          about_network: label('network'),
          exporter: label('exporter'),
          reason,
          duration: kind === 'fired' ? undefined : (atMs - (firingMs ?? atMs)) / 1_000,
        },
        { alert: alert.slug, severity: alert.severity },
      );
    }
  });
}
