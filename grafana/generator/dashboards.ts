import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type GridPos,
  type Panel as GrafanaPanel,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { PANELS, panelOf } from '../../src/panels/list';
import { type Panel, THEMES, type ThemeName } from '../../src/panels/panel';
import { annotations } from './annotations';
import { type Placing, drawn, newest } from './panels';
import { OVERVIEW, type Store, dashboardUid } from './provisioned-names';
import { chosenSource } from './targets';

/** Columns of Grafana's grid. */
const GRID = 24;
const HEIGHT = 8;
const NUMBER_HEIGHT = 4;

/** Panels of the overview: first as numbers, then drawn. */
const NUMBERS = ['chain-height', 'mempool-count', 'peers', 'bandwidth', 'points-lost', 'loop-lag'];
const DRAWN = [
  'blocks-per-hour',
  'mempool-size',
  'fee-rate',
  'transactions',
  'block-propagation',
  'bandwidth',
  'messages-received',
  'peers',
  'violations',
  'points-emitted',
];

/** The dashboards of a store by name: the overview and one for each theme. */
export function dashboards(store: Store): ReadonlyMap<string, Dashboard> {
  const themes = Object.keys(THEMES) as ThemeName[];
  return new Map([
    [OVERVIEW, overview(store)],
    ...themes.map((theme): [string, Dashboard] => [theme, ofTheme(store, theme)]),
  ]);
}

function overview(store: Store): Dashboard {
  const width = GRID / NUMBERS.length;
  const numbers = NUMBERS.map((name, index) =>
    newest(store, panelOf(name), {
      at: { x: index * width, y: 0, w: width, h: NUMBER_HEIGHT },
      linked: true,
    }),
  );
  return built(store, OVERVIEW, 'Overview', 'What the monitor hears, at a glance.', [
    ...numbers.filter((panel) => panel !== null),
    ...placed(store, DRAWN.map(panelOf), NUMBER_HEIGHT, true),
  ]);
}

function ofTheme(store: Store, theme: ThemeName): Dashboard {
  const panels = PANELS.filter((panel) => panel.theme === theme);
  return built(
    store,
    theme,
    THEMES[theme],
    `Every panel about this: ${THEMES[theme]}.`,
    placed(store, panels, 0, false),
  );
}

/**
 * Arranges panels two to a row; those with many lines or groups take a whole row. A panel that the store
 * can't answer leaves no gap.
 */
function placed(
  store: Store,
  panels: readonly Panel[],
  top: number,
  linked: boolean,
): readonly Builder<GrafanaPanel>[] {
  const found: Builder<GrafanaPanel>[] = [];
  let [x, y] = [0, top];
  for (const panel of panels) {
    const w = isWide(panel) ? GRID : GRID / 2;
    if (x + w > GRID) [x, y] = [0, y + HEIGHT];
    const at: GridPos = { x, y, w, h: HEIGHT };
    const placing: Placing = { at, linked };
    const builder = drawn(store, panel, placing);
    if (builder === null) continue;
    found.push(builder);
    x += w;
  }
  return found;
}

function isWide({ lines }: Panel): boolean {
  return lines.length > 10;
}

function built(
  store: Store,
  name: string,
  title: string,
  description: string,
  panels: readonly Builder<GrafanaPanel>[],
): Dashboard {
  const source = chosenSource(store);
  const builder = new DashboardBuilder(`btcdmon: ${title}`)
    .uid(dashboardUid(store, name))
    .description(description)
    .tags(['btcdmon', tagOf(store)])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-24h', to: 'now' })
    .editable()
    .annotations([...annotations(store)])
    .link(
      new DashboardLinkBuilder('btcdmon')
        .type(DashboardLinkType.Dashboards)
        .tags([tagOf(store)])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource')
        .label('Store')
        .type(source.type ?? '')
        .current({ text: `btcdmon ${store.name}`, value: store.source.uid ?? '' }),
    )
    .withVariable(choice(store, 'node', 'Node'))
    .withVariable(choice(store, 'network', 'Network'));
  for (const panel of panels) builder.withPanel(panel);
  const dashboard = builder.build();
  // By default the SDK puts these into a menu. Without `placement` they are shown on the dashboard itself.
  for (const item of [...(dashboard.links ?? []), ...(dashboard.annotations.list ?? [])])
    delete item.placement;
  return dashboard;
}

/** Tag by which the dashboards of a store link to each other. */
function tagOf({ name }: Store): string {
  return `btcdmon-${name}`;
}

/**
 * A variable with several values or all. It includes points without the tag, because a collector is on no
 * network.
 */
function choice(store: Store, tag: 'node' | 'network', label: string): QueryVariableBuilder {
  const within = tag === 'network' ? ' WHERE "node" =~ /^$node$/' : '';
  const query =
    store.name === 'influxdb'
      ? `SHOW TAG VALUES FROM "btcdmon" WITH KEY = "${tag}"${within}`
      : `label_values(btcdmon_started_seconds${tag === 'network' ? '{node=~"$node"}' : ''}, ${tag})`;
  return new QueryVariableBuilder(tag)
    .label(label)
    .datasource(chosenSource(store))
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });
}
