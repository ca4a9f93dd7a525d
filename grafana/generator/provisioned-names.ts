import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** A data source that the provisioning makes, by the uid that dashboards and alert rules name. */
export const INFLUXDB = { type: 'influxdb', uid: 'btcdmon-influxdb' } as const satisfies DataSourceRef;
export const PROMETHEUS = { type: 'prometheus', uid: 'btcdmon-prometheus' } as const satisfies DataSourceRef;

/** Name of a store that dashboards are made for. */
export type StoreName = 'influxdb' | 'prometheus';

/** What dashboards of a store have in common. */
export interface Store {
  readonly name: StoreName;
  readonly source: DataSourceRef;
  /** Folder in Grafana. */
  readonly folder: string;
  /** What the uid of each dashboard begins with: links go by it, so it stays. */
  readonly prefix: string;
}

export const STORES: Readonly<Record<StoreName, Store>> = {
  influxdb: { name: 'influxdb', source: INFLUXDB, folder: 'btcdmon', prefix: 'btcdmon' },
  prometheus: {
    name: 'prometheus',
    source: PROMETHEUS,
    folder: 'btcdmon on Prometheus',
    prefix: 'btcdmon-prometheus',
  },
};

/**
 * Folder of the alert rules: not one of dashboards, which Grafana makes with a uid of ours, and would find made already without it.
 */
export const ALERT_FOLDER = 'btcdmon alerts';

/** The dashboard of everything, beside one for each theme. */
export const OVERVIEW = 'overview';

/** Uid of a dashboard; `name` is a theme or the overview. */
export function dashboardUid(store: Store, name: string): string {
  return `${store.prefix}-${name}`;
}

/** Where the containers have what this folder of the repository has. */
export const MOUNTS = {
  'grafana/provisioning': '/etc/grafana/provisioning',
  'grafana/dashboards': '/etc/grafana/dashboards',
} as const;
