import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  type Panel as GrafanaPanel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { columnName } from '../../src/panels/panel-answer';
import type { Panel } from '../../src/panels/panel';
import { formOf } from './form';
import {
  DRAWN_THRESHOLDS,
  FLOATING,
  LOGARITHMIC,
  MANY_LINES,
  MOST_BARS,
  NUMBERS,
  SIGNED,
  THRESHOLDS,
  UNITS,
} from './look';
import { type Store, dashboardUid } from './provisioned-names';
import { chosenSource, targets } from './targets';

/** Shortest bucket of a Prometheus panel in seconds: four scrapes, because a rate needs two. */
const LEAST_SCRAPED_S = 60;

const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Ranges of hourly and daily panels, whatever that of the dashboard is: a few bars are too few. */
const HOURLY_RANGE = '24h';
const DAILY_RANGE = '7d';

/**
 * Series that are 0 in the whole range are not drawn: the number of lines is that of what can happen, and
 * most of it did not.
 */
const ZEROS_HIDDEN = {
  matcher: { id: 'byValue', options: { reducer: 'allIsZero', op: 'gte', value: 0 } },
  properties: [{ id: 'custom.hideFrom', value: { viz: true, legend: true, tooltip: true } }],
};

type AnyPanel = TimeSeriesPanel | TablePanel | StatPanel;

/** Position of a panel, and whether it links to the dashboard of its theme. */
export interface Placing {
  readonly at: GridPos;
  readonly linked: boolean;
}

/** A panel drawn over time or as a table. Null if the store can answer nothing of it. */
export function drawn(store: Store, panel: Panel, placing: Placing): Builder<GrafanaPanel> | null {
  return finished(
    panel.plot === 'table' ? table(store, panel) : timeSeries(panel),
    panelId(panel.name),
    store,
    panel,
    placing,
  );
}

/** The newest value of a panel's first line, as a number. */
export function newest(store: Store, panel: Panel, placing: Placing): Builder<GrafanaPanel> | null {
  const lines = panel.lines.slice(0, 1);
  const stat = new StatPanel()
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false));
  if (THRESHOLDS[panel.name] === undefined)
    stat.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor('text'));
  const title = NUMBERS[panel.name] ?? panel.title;
  return finished(stat, panelId(`${panel.name} newest`), store, { ...panel, title, lines }, placing);
}

/**
 * Number of a panel within its dashboard, which links and alert rules use. It is derived from the panel's
 * name, so adding panels does not change it.
 */
export function panelId(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash % 1_000_000) + 1;
}

function finished<B extends AnyPanel>(
  builder: B,
  id: number,
  store: Store,
  panel: Panel,
  { at, linked }: Placing,
): B | null {
  const queries = targets(store, panel);
  if (queries.length === 0) return null;
  builder
    .id(id)
    .title(panel.title)
    .description(panel.help)
    .datasource(chosenSource(store))
    .targets([...queries])
    .unit(UNITS[panel.unit])
    .gridPos(at);
  const { shortestBucketS } = panel;
  if (shortestBucketS !== null) builder.interval(leastBucket(store, shortestBucketS));
  if (shortestBucketS !== null && shortestBucketS >= HOUR_S && store.name !== 'rollups')
    builder.timeFrom(shortestBucketS >= DAY_S ? DAILY_RANGE : HOURLY_RANGE);
  const steps = THRESHOLDS[panel.name];
  if (steps !== undefined)
    builder.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]));
  if (linked) builder.links([themeLink(store, panel)]);
  return builder;
}

/** The shortest bucket that a store can answer, as Grafana writes it. */
function leastBucket({ name }: Store, shortestBucketS: number): string {
  if (name === 'rollups') return shortestBucketS >= HOUR_S ? '1h' : '$rollup';
  return `${name === 'prometheus' ? Math.max(shortestBucketS, LEAST_SCRAPED_S) : shortestBucketS}s`;
}

function timeSeries(panel: Panel): TimeSeriesPanel {
  const { plot, unit, name } = panel;
  const isMany = panel.lines.length >= MANY_LINES;
  const form = formOf(panel);
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(isMany ? LegendDisplayMode.Table : LegendDisplayMode.List)
    .placement(isMany ? LegendPlacement.Right : LegendPlacement.Bottom)
    .calcs(isMany ? ['mean', 'max'] : []);
  if (isMany) legend.sortBy('Mean').sortDesc(true);
  const builder = new TimeSeriesPanel()
    .drawStyle(form.style)
    .lineInterpolation(form.isStepped ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .lineWidth(1)
    .fillOpacity(form.opacity)
    .showPoints(form.style === GraphDrawStyle.Points ? VisibilityMode.Always : VisibilityMode.Auto)
    .pointSize(form.style === GraphDrawStyle.Points ? 6 : 4)
    .stacking(
      new StackingConfigBuilder().mode(form.isStacked ? StackingMode.Normal : StackingMode.None).group('A'),
    )
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .tooltip(
      new VizTooltipOptionsBuilder()
        .mode(TooltipDisplayMode.Multi)
        .sort(SortOrder.Descending)
        .hideZeros(isMany),
    )
    .legend(legend)
    .withOverride(ZEROS_HIDDEN);
  if (plot === 'bars') builder.maxDataPoints(MOST_BARS);
  if (form.spansNulls !== null) builder.spanNulls(form.spansNulls);
  if (LOGARITHMIC.has(name))
    builder.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
  else if (!FLOATING.has(unit) && !SIGNED.has(name)) builder.min(0);
  if (DRAWN_THRESHOLDS.has(name))
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return builder;
}

/**
 * A table without the time column, because it covers the whole range. Prometheus calls the value of a single
 * query `Value`.
 */
function table({ name }: Store, { lines }: Panel): TablePanel {
  const value = lines[0] === undefined ? '' : columnName(lines[0]);
  return new TablePanel()
    .showHeader(true)
    .sortBy([new TableSortByFieldStateBuilder().displayName(value).desc(true)])
    .transformations([
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: {},
          renameByName: name === 'prometheus' ? { Value: value } : {},
        },
      },
    ]);
}

function themeLink(store: Store, { theme }: Panel): DashboardLinkBuilder {
  return new DashboardLinkBuilder('All of this')
    .type(DashboardLinkType.Link)
    .url(`/d/${dashboardUid(store, theme)}?\${__url_time_range}&\${__all_variables}`);
}
