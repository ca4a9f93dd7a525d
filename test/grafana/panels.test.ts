import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ALERTS } from '../../src/alerts/alerts';
import { NODE_ALERTS } from '../../src/alerts/node-alerts';
import { dashboards } from '../../grafana/generator/dashboards';
import { PROMQL } from '../../grafana/generator/alert-promql';
import { OVERVIEW, STORES } from '../../grafana/generator/provisioned-names';
import { expressions } from '../../grafana/generator/promql';
import { rolledStatements } from '../../grafana/generator/rolled';
import { RESOLUTIONS, ROLLUPS, fillStatement } from '../../src/influx/rollups';
import { columnName } from '../../src/panels/panel-answer';
import { PANELS, panelOf } from '../../src/panels/list';
import type { Panel } from '../../src/panels/panel';
import type { Choice } from '../../src/panels/queries';
import { isCounter } from '../../src/query/columns';
import { allRows } from '../../src/query/result';
import { openSource } from '../../src/query/open-source';
import type { Source } from '../../src/query/source';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { expand, frames } from '../support/grafana';
import { influxd, startInfluxd, type Influxd } from '../support/influxd';
import { PANEL_NODE, startPanelRun } from '../support/panel-run';
import { type Values, agreeing, answered, drawn, expandPromql, comparable } from '../support/panel-values';
import { type Prometheus, prometheus, scraping, startPrometheus } from '../support/prometheus';
import { until } from '../support/until';

const HOUR_MS = 3_600_000;
const MINUTE_NS = 60_000_000_000n;

/** After so many seconds Prometheus knows whether a scrape has failed, which may take a second. */
const SETTLED_S = 5;

/** In no other run is the clock set: test/cli/clock.test.ts sets it, and reads what the node reports. */
const CLOCK_STEPS = 'clock-steps';

/** In a short run no alert fires; node-panels.test.ts looks at this one. */
const ALERTS_PANEL = 'alerts';

/** Without those of watched nodes, which node-panels.test.ts looks at. */
const SEEN = PANELS.filter(
  ({ name, theme }) => name !== CLOCK_STEPS && name !== ALERTS_PANEL && theme !== 'node',
);

/** Without those of crawls, whose process Prometheus does not scrape here. */
const SCRAPED = SEEN.filter(({ lines }) => !lines.some(({ series }) => ['crawls', 'nodes'].includes(series)));

/**
 * Compares values of a panel with those of the store. They differ in one thing. For a counter, the store
 * adds up the differences of its points, so that the first bucket has the growth since the first point. A
 * dashboard takes the last value of each bucket, and the differences of these: its first bucket has nothing
 * before it, and so no value. InfluxQL can't say "in the first bucket the growth since its first point", as
 * no function and no condition knows which bucket is the first. Differences of points, which would be equal,
 * take 16 seconds for a day. So the first bucket of a counter must be empty, and everything else be equal.
 */
function expectSame(panel: Panel, shown: Values, stored: Values): void {
  const counted = new Set(
    panel.lines
      .filter(({ series, agg }) => agg.fn === 'rate' && agg.column !== null && isCounter(series, agg.column))
      .map(columnName),
  );
  const first = Math.min(...[...stored.keys()].map(timeIn));
  const isMissing = (key: string): boolean => timeIn(key) === first && counted.has(lineIn(key));
  const besides = (values: Values): Values => new Map([...values].filter(([key]) => !isMissing(key)));
  expect(comparable(panel, agreeing(besides(shown), stored))).toEqual(comparable(panel, besides(stored)));
  // If the first point was alone in its bucket, the store begins with the next one, and both have its growth.
  const early = [...agreeing(shown, stored)].filter(([key, value]) => isMissing(key) && value !== 0);
  expect(early).toEqual(early.filter(([key, value]) => stored.get(key) === value));
}

/** The time of a value of a panel, by its key. */
function timeIn(key: string): number {
  return Number((JSON.parse(key) as readonly unknown[])[0]);
}

/** The line that a value of a panel belongs to. */
function lineIn(key: string): string {
  return String((JSON.parse(key) as readonly unknown[]).at(-1));
}

/** Rolls up a range by minute, as `setup influx` has InfluxDB do it. */
async function rollUp(server: Influxd, range: { readonly since: number; readonly until: number }) {
  const { database } = server;
  const minute = RESOLUTIONS.find(({ name }) => name === '1m');
  if (minute === undefined) throw new Error('there are no rollups by minute');
  await server.query(`CREATE RETENTION POLICY "1m" ON "${database}" DURATION INF REPLICATION 1`);
  for (const rollup of ROLLUPS)
    await server.query(fillStatement(rollup, { database, policy: 'autogen' }, minute, range));
}

influxd.describe('the panels of a run on regtest', () => {
  const cleanup = new Cleanup();
  let server: Influxd;
  let duckdb: Source;
  let influx: Source;
  let metrics: string;
  let scraped: Prometheus | undefined;
  let lastScrape = 0;
  let since = 0n;
  let end = 0n;

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-panels-')), (name) =>
      rm(name, { recursive: true }),
    );
    server = cleanup.add(await startInfluxd(), (it) => it.stop());
    const metricsPort = await freePort();
    if (prometheus.path !== null)
      scraped = await startPrometheus(
        prometheus.path,
        { folder, config: scraping(metricsPort, 1_000) },
        cleanup,
      );
    const influxUrl = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
    since = BigInt(Math.floor(Date.now() / HOUR_MS) * HOUR_MS) * 1_000_000n;
    const exports = [influxUrl, `prometheus://127.0.0.1:${metricsPort}`];
    const run = await startPanelRun(folder, { exports }, cleanup);
    // The last thing that is scraped: it is written half a minute after a block.
    const last = expressions(panelOf('block-propagation')).expressions[0]?.text ?? '';
    // A scrape that takes too long leaves a gap, so all are asked about the moment at which this was there.
    lastScrape = await until(
      'the spread of blocks to be scraped',
      async () => {
        const at = Date.now() / 1_000 - SETTLED_S;
        if (scraped === undefined) return at;
        const [sample] = await scraped.query(expandPromql(last), at);
        return Number.isFinite(Number(sample?.value[1] ?? NaN)) && at;
      },
      { giveUp: run.program.ended, ms: 240_000 },
    );
    metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(await run.program.stop()).toBe(0);
    end = BigInt(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS) * 1_000_000n;
    await rollUp(server, { since: Number(since / 1_000_000n), until: Number(end / 1_000_000n) });
    duckdb = cleanup.add(await openSource(`duckdb:${run.store}`, {}), (it) => it.close());
    influx = cleanup.add(await openSource(influxUrl, {}), (it) => it.close());
  }, 900_000);

  afterAll(() => cleanup.run());

  const choiceOf = (panel: Panel): Choice => ({
    since,
    until: end,
    bucketNs: panel.shortestBucketS === null ? null : BigInt(panel.shortestBucketS) * 1_000_000_000n,
  });

  it.each(SEEN.map((panel) => [panel.name, panel] as const))(
    '@%s has the same numbers in the store, in InfluxDB and in its dashboard',
    async (_, panel) => {
      const choice = choiceOf(panel);
      const stored = await answered(panel, choice, duckdb);
      expect(stored.size).toBeGreaterThan(0);
      const asked = agreeing(await answered(panel, choice, influx), stored);
      expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(stored));
      const shown = await drawn(panel, choice, server);
      expectSame(panel, shown, stored);
    },
  );

  const ROLLED = SEEN.filter((panel) => rolledStatements(panel).statements.length > 0);

  it.each(ROLLED.map((panel) => [panel.name, panel] as const))(
    '@%s has the same numbers in the rollups of InfluxDB, as far as they have them',
    async (_, panel) => {
      const { statements, missing } = rolledStatements(panel);
      const shortestNs = BigInt(panel.shortestBucketS ?? 0) * 1_000_000_000n;
      const bucketNs = shortestNs === 0n ? null : shortestNs < MINUTE_NS ? MINUTE_NS : shortestNs;
      const choice = { ...choiceOf(panel), bucketNs };
      const lines = panel.lines.filter((line) => !missing.includes(columnName(line)));
      const stored = await answered({ ...panel, lines }, choice, duckdb);
      expect(stored.size).toBeGreaterThan(0);
      const shown = await drawn(panel, choice, server, { rollup: '1m' }, statements);
      expectSame(panel, shown, stored);
    },
  );

  it('has panels on rollups for most themes', () => {
    expect(ROLLED.length).toBeGreaterThan(SEEN.length / 2);
  });

  it('has data for every line', async () => {
    const silent: string[] = [];
    for (const panel of SEEN) {
      const ids = [...(await answered(panel, choiceOf(panel), duckdb)).keys()].map(
        (id) => JSON.parse(id) as string[],
      );
      for (const line of panel.lines)
        if (!ids.some((id) => id.at(-1) === columnName(line)))
          silent.push(`${panel.name}: ${columnName(line)}`);
    }
    expect(silent).toEqual([]);
  });

  it('draws only the chosen node', async () => {
    const panel = panelOf('mempool-count');
    const all = await drawn(panel, choiceOf(panel), server);
    expect(await drawn(panel, choiceOf(panel), server, { node: PANEL_NODE })).toEqual(all);
    expect((await drawn(panel, choiceOf(panel), server, { node: 'other' })).size).toBe(0);
    expect((await drawn(panel, choiceOf(panel), server, { network: 'mainnet' })).size).toBe(0);
  });

  it('shows as many marks as there were blocks and reorganisations', async () => {
    const marks = dashboards(STORES.influxdb).get(OVERVIEW)?.annotations.list ?? [];
    for (const [index, series] of (['blocks', 'reorgs'] as const).entries()) {
      const { query } = JSON.parse(JSON.stringify(marks[index]?.target)) as { query: string };
      const range = { fromMs: Number(since / 1_000_000n), toMs: Number(end / 1_000_000n) };
      const [frame] = await frames(server, expand(query, range, 0, {}));
      const [[count]] = (await allRows(await duckdb.raw(`SELECT count(*) FROM ${series}`))) as [[number]];
      expect(frame?.rows.length).toBe(count);
    }
  });

  it('writes every metric that a rule or a dashboard of Prometheus uses', () => {
    const samples = new Set(
      metrics
        .split('\n')
        .filter((row) => row.startsWith('btcdmon_'))
        .map((row) => row.replace(/[{ ].*/, '')),
    );
    const named = (text: string): string[] => text.match(/\bbtcdmon_\w+/g) ?? [];
    const ofListeners = ALERTS.filter((alert) => !NODE_ALERTS.includes(alert));
    const inRules = ofListeners.flatMap(({ name }) => named(PROMQL[name]));
    expect(inRules.length).toBeGreaterThan(ofListeners.length);
    const inPanels = SCRAPED.flatMap((panel) =>
      expressions(panel).expressions.flatMap(({ text }) => named(text)),
    );
    expect([...new Set([...inRules, ...inPanels])].filter((name) => !samples.has(name))).toEqual([]);
  });

  prometheus.describe('a Prometheus that scraped the run', () => {
    it.each(SCRAPED.filter((panel) => expressions(panel).expressions.length > 0).map(({ name }) => name))(
      'answers @%s',
      async (name) => {
        const answers: number[] = [];
        for (const { text } of expressions(panelOf(name)).expressions) {
          for (const { value } of (await scraped?.query(expandPromql(text), lastScrape)) ?? [])
            answers.push(Number(value[1]));
        }
        expect(answers.filter((value) => Number.isFinite(value)).length).toBeGreaterThan(0);
      },
    );
  });
});
