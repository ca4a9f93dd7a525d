import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { dashboards } from '../../grafana/generator/dashboards';
import { PROMQL } from '../../grafana/generator/alert-promql';
import { STORES } from '../../grafana/generator/provisioned-names';
import { expressions } from '../../grafana/generator/promql';
import { NODE_ALERTS } from '../../src/alerts/node-alerts';
import { PrometheusExporter } from '../../src/export/prometheus';
import { columnName } from '../../src/panels/panel-answer';
import { PANELS, panelOf } from '../../src/panels/list';
import type { Panel } from '../../src/panels/panel';
import type { Choice } from '../../src/panels/queries';
import { StoreWriter } from '../../src/store/writer';
import { openSource } from '../../src/query/open-source';
import type { Source } from '../../src/query/source';
import { Cleanup } from '../support/cleanup';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';
import { lineOf } from '../support/make-points';
import { answered, comparable, drawn } from '../support/panel-values';
import { LISTENER, WATCHED, watchedPoints } from '../support/watched-points';

/** Also the alerts, since none fires in the run of panels.test.ts. */
const NODE = [...PANELS.filter(({ theme }) => theme === 'node'), panelOf('alerts')];

/** The start of the hour in which the points are; no bucket is cut off. */
const START_MS = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);
const MINUTES = 40;

const points = watchedPoints({ endMs: START_MS + MINUTES * 60_000, minutes: MINUTES });
const node = { node: WATCHED, watched: WATCHED, monitor: LISTENER };

const choiceOf = (panel: Panel): Choice => ({
  since: BigInt(START_MS) * 1_000_000n,
  until: BigInt(START_MS + 3_600_000) * 1_000_000n,
  bucketNs: panel.shortestBucketS === null ? null : BigInt(panel.shortestBucketS) * 1_000_000_000n,
  node,
});

influxd.describe('the panels of a watched node', () => {
  const cleanup = new Cleanup();
  let server: Influxd;
  let duckdb: Source;
  let influx: Source;

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-node-panels-')), (name) =>
      rm(name, { recursive: true }),
    );
    const file = path.join(folder, 'node.duckdb');
    const writer = new StoreWriter({ path: file });
    await writer.open();
    await writer.write(points);
    await writer.close();
    server = cleanup.add(await startInfluxd(), (it) => it.stop());
    expect(await server.write(points.map((point) => lineOf(point)).join('\n'))).toBe('');
    duckdb = cleanup.add(await openSource(`duckdb:${file}`, {}), (it) => it.close());
    const url = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
    influx = cleanup.add(await openSource(url, {}), (it) => it.close());
  });
  afterAll(() => cleanup.run());

  it.each(NODE.map((panel) => [panel.name, panel] as const))(
    '@%s has the same numbers in the store, in InfluxDB and in its dashboard, on every line',
    async (_, panel) => {
      const choice = choiceOf(panel);
      const stored = await answered(panel, choice, duckdb);
      const names = [...stored.keys()].map((id) => (JSON.parse(id) as string[]).at(-1));
      expect([...new Set(names)].sort()).toEqual(panel.lines.map(columnName).sort());
      expect(Object.fromEntries(await answered(panel, choice, influx))).toEqual(Object.fromEntries(stored));
      const shown = await drawn(panel, choice, server, node);
      expect(comparable(panel, shown)).toEqual(comparable(panel, stored));
    },
  );

  it('never add the listener to the node that it watches', async () => {
    const panel = panelOf('bandwidth');
    const rates = async (of: string): Promise<readonly number[]> => {
      const choice = { ...choiceOf(panel), bucketNs: 3_600_000_000_000n, node: { ...node, node: of } };
      return [...(await answered(panel, choice, duckdb)).values()].map((rate) => Math.round(rate * 3_600));
    };
    const seconds = MINUTES * 60;
    expect(await rates(LISTENER)).toEqual([seconds * 1_000, seconds * 10]);
    expect(await rates(WATCHED)).toEqual([seconds * 7_000, seconds * 70]);
  });

  it('are offered in Grafana one node at a time, the watched one first', async () => {
    for (const [name, first] of [
      ['traffic', WATCHED],
      ['node', WATCHED],
      ['health', LISTENER],
    ] as const) {
      const list = dashboards(STORES.influxdb).get(name)?.templating.list ?? [];
      const variable = list.find(({ name: it }) => ['node', 'watched', 'monitor'].includes(it));
      expect(variable).toMatchObject({ multi: false, includeAll: false });
      const { results } = await server.query(typeof variable?.query === 'string' ? variable.query : '');
      const values = (results[0]?.series ?? []).flatMap(({ values: found = [] }) =>
        found.map(([, value]) => value),
      );
      expect([name, values[0]]).toEqual([name, first]);
    }
  });
});

it('has every metric that a rule or a dashboard of Prometheus uses, and none for each peer', async () => {
  const exporter = new PrometheusExporter({ host: '127.0.0.1', port: 0 });
  await exporter.open();
  try {
    await exporter.write(points);
    const text = await (await fetch(`http://127.0.0.1:${exporter.port}/metrics`)).text();
    const samples = new Set(
      text
        .split('\n')
        .filter((row) => row.startsWith('btcdmon_'))
        .map((row) => row.replace(/[{ ].*/, '')),
    );
    const named = (source: string): string[] => source.match(/\bbtcdmon_\w+/g) ?? [];
    const used = [
      ...NODE_ALERTS.flatMap(({ name }) => named(PROMQL[name])),
      ...NODE.flatMap((panel) => expressions(panel).expressions.flatMap(({ text: it }) => named(it))),
    ];
    expect(used.length).toBeGreaterThan(NODE_ALERTS.length + 20);
    expect([...new Set(used)].filter((name) => !samples.has(name))).toEqual([]);
    expect(text).not.toContain('198.51.100.');
    expect(text).not.toContain('node_peers');
    expect(text).toContain(`btcdmon_node_status_is_up{node="${WATCHED}",network="regtest"} 1`);
  } finally {
    await exporter.close();
  }
});
