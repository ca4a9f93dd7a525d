import {
  CustomVariableBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel as GrafanaPanel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { PANELS, panelOf } from '../../src/panels/list';
import {
  type Panel,
  type Scope,
  THEMES,
  THEME_SCOPES,
  type ThemeName,
  scopeOf,
} from '../../src/panels/panel';
import { annotations } from './annotations';
import { choiceOfNetworks, choiceOfNode } from './node-choice';
import { type Placing, drawn, newest } from './panels';
import { OVERVIEW, type Store, dashboardUid } from './provisioned-names';
import { chosenSource, targets } from './targets';

/** Names of the provisioned data sources. */
const SOURCE_NAMES = { influxql: 'btcdmon influxdb', promql: 'btcdmon prometheus' } as const;

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
  const about: About = {
    ...{ name: OVERVIEW, title: 'Overview', description: 'What the monitor hears, at a glance.' },
    scope: 'node',
    shown: [...NUMBERS, ...DRAWN].map(panelOf),
  };
  return built(store, about, [
    ...numbers.filter((panel) => panel !== null),
    ...placed(store, DRAWN.map(panelOf), NUMBER_HEIGHT, true),
  ]);
}

function ofTheme(store: Store, theme: ThemeName): Dashboard {
  const panels = PANELS.filter((panel) => panel.theme === theme);
  const title = THEMES[theme];
  const scope = THEME_SCOPES[theme] ?? 'node';
  const about = {
    name: theme,
    title,
    description: `Every panel about this: ${title}.`,
    scope,
    shown: panels,
  };
  return built(store, about, placed(store, panels, 0, false));
}

/**
 * Arranges panels two to a row; those with many lines or groups take a whole row, and so does one that would
 * be alone in its row. A panel that the store can't answer leaves no gap.
 */
function placed(
  store: Store,
  panels: readonly Panel[],
  top: number,
  linked: boolean,
): readonly Builder<GrafanaPanel>[] {
  const shown = panels.filter((panel) => targets(store, panel).length > 0);
  const found: Builder<GrafanaPanel>[] = [];
  let [x, y] = [0, top];
  for (const [index, panel] of shown.entries()) {
    const next = shown[index + 1];
    const isAlone = x === 0 && (next === undefined || isWide(next));
    const w = isWide(panel) || isAlone ? GRID : GRID / 2;
    const placing: Placing = { at: { x, y, w, h: HEIGHT }, linked };
    const builder = drawn(store, panel, placing);
    if (builder !== null) found.push(builder);
    x = (x + w) % GRID;
    if (x === 0) y += HEIGHT;
  }
  return found;
}

function isWide({ lines }: Panel): boolean {
  return lines.length > 10;
}

interface About {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Whose blocks are marks, and whose networks are offered. */
  readonly scope: Scope;
  readonly shown: readonly Panel[];
}

function built(
  store: Store,
  { name, title, description, scope, shown }: About,
  panels: readonly Builder<GrafanaPanel>[],
): Dashboard {
  const scopes = new Set<Scope>([
    scope,
    ...shown.flatMap((panel) => panel.lines.map((line) => scopeOf(panel, line))),
  ]);
  const source = chosenSource(store);
  const builder = new DashboardBuilder(`btcdmon: ${title}`)
    .uid(dashboardUid(store, name))
    .description(description)
    .tags(['btcdmon', tagOf(store)])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    // A panel over 24 hours of two nodes answers within a second.
    .refresh('1m')
    .time({ from: store.name === 'rollups' ? 'now-30d' : 'now-24h', to: 'now' })
    .editable()
    .annotations([...annotations(store, scope)])
    .link(
      new DashboardLinkBuilder('btcdmon')
        .type(DashboardLinkType.Dashboards)
        .tags([tagOf(store)])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource')
        .label('Store')
        .type(source.type ?? '')
        .current({ text: SOURCE_NAMES[store.language], value: store.source.uid ?? '' }),
    );
  if (store.name === 'rollups')
    builder.withVariable(
      new CustomVariableBuilder('rollup')
        .label('Rollups by')
        .description('Those by minute are kept for a year, those by hour for ever.')
        .values('1h,1m')
        .current({ text: '1h', value: '1h' }),
    );
  for (const each of scopes) builder.withVariable(choiceOfNode(store, each));
  builder.withVariable(choiceOfNetworks(store, scope));
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
