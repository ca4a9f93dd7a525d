import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** A provisioned data source, by the uid that dashboards and alert rules use. */
export const INFLUXDB = { type: 'influxdb', uid: 'btcdmon-influxdb' } as const satisfies DataSourceRef;
export const PROMETHEUS = { type: 'prometheus', uid: 'btcdmon-prometheus' } as const satisfies DataSourceRef;

export type StoreName = 'influxdb' | 'rollups' | 'prometheus';

/** What the dashboards of a store have in common. */
export interface Store {
  readonly name: StoreName;
  readonly source: DataSourceRef;
  readonly language: 'influxql' | 'promql';
  /** Folder in Grafana. */
  readonly folder: string;
  /** Prefix of the uid of each dashboard. Links use it, so it must not change. */
  readonly prefix: string;
}

export const STORES: Readonly<Record<StoreName, Store>> = {
  influxdb: {
    ...{ name: 'influxdb', source: INFLUXDB, language: 'influxql' },
    ...{ folder: 'btcdmon', prefix: 'btcdmon' },
  },
  // The same InfluxDB, for weeks and years: what `setup influx` has it roll up.
  rollups: {
    ...{ name: 'rollups', source: INFLUXDB, language: 'influxql' },
    ...{ folder: 'btcdmon, long ranges', prefix: 'btcdmon-long' },
  },
  prometheus: {
    ...{ name: 'prometheus', source: PROMETHEUS, language: 'promql' },
    folder: 'btcdmon on Prometheus',
    prefix: 'btcdmon-prometheus',
  },
};

/**
 * Folder of the alert rules. It is not a dashboard folder: Grafana creates this one itself, without our uid,
 * and then it would conflict.
 */
export const ALERT_FOLDER = 'btcdmon alerts';

/** The overview dashboard, in addition to one for each theme. */
export const OVERVIEW = 'overview';

/** Uid of a dashboard; `name` is a theme or the overview. */
export function dashboardUid(store: Store, name: string): string {
  return `${store.prefix}-${name}`;
}

/** Where folders of this repository are mounted in the containers. */
export const MOUNTS = {
  'grafana/provisioning': '/etc/grafana/provisioning',
  'grafana/dashboards': '/etc/grafana/dashboards',
} as const;
