import { INFLUXDB, MOUNTS, PROMETHEUS, STORES, type StoreName } from './provisioned-names';

/**
 * Data sources for the servers of docker-compose.yml. A password is in a file that only the container can
 * read.
 */
export function dataSources(): object {
  return {
    apiVersion: 1,
    prune: true,
    datasources: [
      {
        name: 'btcdmon influxdb',
        ...INFLUXDB,
        access: 'proxy',
        url: 'http://influxdb:8086',
        user: 'grafana',
        editable: false,
        // Grafana 9 reads this one, later versions `dbName`.
        database: 'btcdmon',
        // A query about all commands is too long for the URLs that some servers accept.
        jsonData: { version: 'InfluxQL', dbName: 'btcdmon', httpMode: 'POST' },
        secureJsonData: { password: '$__file{/run/secrets/influx_reader_password}' },
      },
      {
        name: 'btcdmon prometheus',
        ...PROMETHEUS,
        access: 'proxy',
        url: 'http://prometheus:9090',
        editable: false,
        // The scrape interval of config/prometheus/prometheus.yml; $__rate_interval is four times as long.
        jsonData: { httpMethod: 'POST', timeInterval: '15s' },
      },
    ],
  };
}

/** Where Grafana finds dashboards: a folder for each store. */
export function dashboardProviders(): object {
  return {
    apiVersion: 1,
    providers: Object.values(STORES).map(({ name, folder, prefix }) => ({
      name: prefix,
      orgId: 1,
      folder,
      folderUid: prefix,
      type: 'file',
      disableDeletion: true,
      allowUiUpdates: false,
      updateIntervalSeconds: 60,
      options: { path: `${MOUNTS['grafana/dashboards']}/${name}`, foldersFromFilesStructure: false },
    })),
  };
}

/** Folder of the dashboards of a store in this repository. */
export function dashboardFolder(store: StoreName): string {
  return `grafana/dashboards/${store}`;
}
