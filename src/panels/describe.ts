import { formatWhere } from '../query/where';
import { PANELS } from './list';
import { type PanelLine, type Panel, type Scope, THEMES, type ThemeName, scopeOf } from './panel';
import { condition } from './queries';

/** The node whose points a line shows, if it is not the chosen one. */
const WHOSE: Readonly<Record<Scope, string>> = {
  node: '',
  watched: ' of the watched node',
  monitor: ' of the process that writes',
};

/** Every panel by its theme: name and title. */
export function describePanels(): string {
  const width = Math.max(...PANELS.map(({ name }) => name.length));
  return (Object.keys(THEMES) as ThemeName[])
    .map((theme) => {
      const lines = PANELS.filter((panel) => panel.theme === theme).map(
        ({ name, title }) => `  @${name.padEnd(width)}  ${title}\n`,
      );
      return `${THEMES[theme]}\n${lines.join('')}`;
    })
    .join('\n');
}

/** What a panel shows, and the query of each line in the form that the command `query` takes. */
export function describePanel(panel: Panel): string {
  const { name, title, help, unit, shortestBucketS, lines } = panel;
  const buckets =
    shortestBucketS === null
      ? 'one row per group, over the whole range'
      : `buckets of ${shortestBucketS} s or more`;
  return `@${name}: ${title}\n${help}\n\nUnit: ${unit}; ${buckets}.\n\n${lines.map((line) => describeLine(panel, line)).join('')}`;
}

function describeLine(panel: Panel, line: PanelLine): string {
  const { label, series, agg, by, where, scale } = line;
  const wanted = condition(series, where);
  const words = [
    `${series} --agg ${agg.fn}${agg.column === null ? '' : ` ${agg.column}`}`,
    ...(by.length === 0 ? [] : [`--by ${by.join(',')}`]),
    ...(wanted === null ? [] : [`--where "${formatWhere(wanted)}"`]),
    ...(scale === 1 ? [] : [`times ${scale}`]),
  ];
  return `  ${label === '' ? '' : `${label}: `}${words.join(' ')}${WHOSE[scopeOf(panel, line)]}\n`;
}
