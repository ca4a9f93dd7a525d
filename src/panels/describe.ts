import { formatWhere } from '../query/where';
import { PANELS } from './list';
import { type PanelLine, type Panel, THEMES, type ThemeName } from './panel';
import { condition } from './queries';

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
export function describePanel({ name, title, help, unit, shortestBucketS, lines }: Panel): string {
  const buckets =
    shortestBucketS === null
      ? 'one row per group, over the whole range'
      : `buckets of ${shortestBucketS} s or more`;
  return `@${name}: ${title}\n${help}\n\nUnit: ${unit}; ${buckets}.\n\n${lines.map(describeLine).join('')}`;
}

function describeLine({ label, series, agg, by, where, scale }: PanelLine): string {
  const wanted = condition(series, where);
  const words = [
    `${series} --agg ${agg.fn}${agg.column === null ? '' : ` ${agg.column}`}`,
    ...(by.length === 0 ? [] : [`--by ${by.join(',')}`]),
    ...(wanted === null ? [] : [`--where "${formatWhere(wanted)}"`]),
    ...(scale === 1 ? [] : [`times ${scale}`]),
  ];
  return `  ${label === '' ? '' : `${label}: `}${words.join(' ')}\n`;
}
