import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboards } from '../../grafana/generator/dashboards';
import { statements } from '../../grafana/generator/influxql';
import { dataSources } from '../../grafana/generator/provisioning';
import { expressions } from '../../grafana/generator/promql';
import { STORES } from '../../grafana/generator/provisioned-names';
import { PANELS, panelOf } from '../../src/panels/list';

/** What these tests read of a panel in JSON. */
interface PanelJson {
  readonly type: string;
  readonly title: string;
  readonly timeFrom?: string;
  readonly maxDataPoints?: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string;
      readonly min?: number;
      readonly custom?: {
        readonly drawStyle?: string;
        readonly lineInterpolation?: string;
        readonly stacking?: { readonly mode: string };
        readonly scaleDistribution?: { readonly type: string };
      };
    };
    readonly overrides: readonly { readonly matcher: { readonly options: unknown } }[];
  };
}

const all = Object.values(STORES).flatMap((store) =>
  [...dashboards(store)].map(([name, dashboard]): [string, Dashboard] => [
    `${store.name}, ${name}`,
    JSON.parse(JSON.stringify(dashboard)) as Dashboard,
  ]),
);
const panelsOf = ({ panels }: Dashboard): readonly PanelJson[] => panels as unknown as readonly PanelJson[];

/** A panel as InfluxDB's dashboards draw it. */
function drawnPanel(name: string): PanelJson {
  const { title } = panelOf(name);
  const found = all
    .flatMap(([, dashboard]) => panelsOf(dashboard))
    .find((panel) => panel.title === title && panel.type !== 'stat');
  if (found === undefined) throw new Error(`${name} is on no dashboard`);
  return found;
}

describe('each dashboard', () => {
  it.each(all)('%s: its rows are full, so its grid has no holes', (_, dashboard) => {
    const rows = new Map<number, number>();
    for (const { gridPos } of panelsOf(dashboard))
      rows.set(gridPos.y, (rows.get(gridPos.y) ?? 0) + gridPos.w);
    expect(new Set(rows.values())).toEqual(new Set([24]));
  });

  it.each(all)('%s: the marks of blocks are off until they are wanted', (_, dashboard) => {
    expect(dashboard.annotations.list?.map(({ enable }) => enable)).toEqual([false, false]);
  });

  it.each(all)('%s: the other dashboards are in a menu', (_, dashboard) => {
    expect(dashboard.links?.map(({ asDropdown }) => asDropdown)).toEqual([true]);
  });

  it.each(all)('%s: it is not asked more often than each minute', (_, dashboard) => {
    expect(dashboard.refresh).toBe('1m');
  });

  it.each(all)('%s: series of zeros are not drawn', (_, dashboard) => {
    for (const { type, fieldConfig } of panelsOf(dashboard))
      if (type === 'timeseries')
        expect(fieldConfig.overrides.map(({ matcher }) => matcher.options)).toContainEqual({
          reducer: 'allIsZero',
          op: 'gte',
          value: 0,
        });
  });

  it.each(all)('%s: the titles of numbers fit', (_, dashboard) => {
    for (const { type, title } of panelsOf(dashboard))
      if (type === 'stat') expect(title.length).toBeLessThanOrEqual(20);
  });
});

describe('the drawing of a panel', () => {
  it('stacks bars that add up', () => {
    for (const name of ['block-status', 'violations', 'dust-watch'])
      expect(drawnPanel(name).fieldConfig.defaults.custom).toMatchObject({
        drawStyle: 'bars',
        stacking: { mode: 'normal' },
      });
  });

  it('draws steps where bars would cover each other', () => {
    for (const name of ['compact-blocks', 'compact-bytes', 'reorgs'])
      expect(drawnPanel(name).fieldConfig.defaults.custom).toMatchObject({
        drawStyle: 'line',
        lineInterpolation: 'stepAfter',
        stacking: { mode: 'none' },
      });
  });

  it('draws a height as steps', () => {
    expect(drawnPanel('chain-height').fieldConfig.defaults.custom).toMatchObject({
      drawStyle: 'line',
      lineInterpolation: 'stepAfter',
    });
  });

  it('has wide bars at every range', () => {
    for (const { name, plot } of PANELS)
      if (plot === 'bars') expect(drawnPanel(name).maxDataPoints).toBeLessThanOrEqual(120);
  });

  it('gives empty buckets of bars a zero, so that a bar is as wide as its bucket', () => {
    for (const name of ['blocks-per-hour', 'violations'])
      for (const { text } of statements(panelOf(name))) expect(text).toContain('fill(0)');
    // A gap between events is no zero.
    for (const { text } of statements(panelOf('block-size'))) expect(text).toContain('fill(none)');
  });

  it('shows a day of hourly panels, and a week of daily ones', () => {
    const ranges = new Map([
      [3_600, '24h'],
      [86_400, '7d'],
    ]);
    for (const { name, shortestBucketS } of PANELS)
      expect(drawnPanel(name).timeFrom).toBe(ranges.get(shortestBucketS ?? 0));
  });

  it('shortens amounts, and shows their powers of ten', () => {
    const { unit, custom, min } = drawnPanel('output-values').fieldConfig.defaults;
    expect(unit).toBe('count:sat');
    expect(custom?.scaleDistribution?.type).toBe('log');
    // A logarithmic axis has no 0.
    expect(min).toBeUndefined();
  });

  it('shows what came before the first announcement of a block', () => {
    expect(drawnPanel('block-propagation').fieldConfig.defaults.min).toBeUndefined();
  });
});

it('counts whole things in Prometheus', () => {
  for (const { text } of expressions(panelOf('blocks-per-hour')).expressions)
    expect(text).toMatch(/^round\(sum \(?increase\(/);
  for (const { text } of expressions(panelOf('block-status')).expressions) expect(text).toMatch(/^round\(/);
});

it('provisions data sources for Grafana 9 and later that are nobody’s default', () => {
  const { datasources } = dataSources() as {
    datasources: readonly { isDefault?: boolean; jsonData: { dbName?: string }; database?: string }[];
  };
  for (const { isDefault, database, jsonData } of datasources) {
    expect(isDefault).toBeUndefined();
    expect(database).toBe(jsonData.dbName);
  }
});
