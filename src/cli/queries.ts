import type { Argv, CommandModule } from 'yargs';
import { describePanel, describePanels } from '../panels/describe';
import { PANELS, panelOf } from '../panels/list';
import { type Panel, scopeOf } from '../panels/panel';
import { condition } from '../panels/queries';
import type { ListFormat } from '../query/format';
import { formatWhere } from '../query/where';
import { withOptions } from './flags';
import { type Listing, columnsOf, writeListing } from './listing';
import { LIST_OPTIONS } from './series';

interface QueriesArguments {
  readonly name: string | undefined;
  readonly format: ListFormat;
}

/** `btcdmon-node queries [name]`: lists the panels of the page and of Grafana, which `query @name` asks. */
export const queriesCommand: CommandModule<object, QueriesArguments> = {
  command: 'queries [name]',
  describe: 'List the named queries (the panels of the page and of Grafana), or describe one of them',
  builder: (yargs) =>
    withOptions(
      yargs.positional('name', { type: 'string', describe: 'Name of a query, with or without @' }),
      LIST_OPTIONS,
    )
      .example('$0 queries', 'list every named query')
      .example(
        '$0 queries @block-fees --format json',
        'describe one query and the lines of its panel',
      ) as unknown as Argv<QueriesArguments>,
  handler: ({ name, format }) => {
    if (name === undefined) return writeListing(allPanels(), format, describePanels);
    const panel = panelOf(name);
    return writeListing(onePanel(panel), format, () => describePanel(panel));
  },
};

function allPanels(): Listing {
  return {
    columns: columnsOf(['name', 'title', 'theme', 'unit', 'bucket_s', 'since', 'help'], { bucket_s: 'int' }),
    rows: PANELS.map(({ name, title, theme, unit, shortestBucketS, since, help }) => [
      ...[`@${name}`, title, theme, unit, shortestBucketS, since, help],
    ]),
  };
}

/** The lines of a panel, as the options of `query` that ask for the same. */
function onePanel(panel: Panel): Listing {
  const names = ['label', 'series', 'agg', 'column', 'by', 'where', 'scale', 'node'];
  return {
    columns: columnsOf(names, { scale: 'float' }),
    rows: panel.lines.map((line) => {
      const { label, series, agg, by, where, scale } = line;
      const wanted = condition(series, where);
      const text = wanted === null ? null : formatWhere(wanted);
      return [label, series, agg.fn, agg.column, by.join(','), text, scale, scopeOf(panel, line)];
    }),
  };
}
