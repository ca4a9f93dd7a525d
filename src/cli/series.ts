import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import { describeAll, describeSeries } from '../metrics/describe';
import { COMMON_TAGS, SERIES_NAMES, type SeriesName, isSeries, seriesOf } from '../metrics/schema';
import { isPanel } from '../panels/list';
import type { ListFormat } from '../query/format';
import { withOptions } from './flags';
import { LIST_FORMAT, type Listing, columnsOf, writeListing } from './listing';
import type { OptionTable } from './option';

interface SeriesArguments {
  readonly name: string | undefined;
  readonly format: ListFormat;
}

/** The options of `series` and of `queries`. */
export const LIST_OPTIONS = { format: LIST_FORMAT } as const satisfies OptionTable;

/** `btcdmon-node series [name]`: shows the schema. */
export const seriesCommand: CommandModule<object, SeriesArguments> = {
  command: 'series [name]',
  describe: 'List the series, or show the columns and tags of one of them',
  builder: (yargs) =>
    withOptions(yargs.positional('name', { type: 'string', describe: 'Name of a series' }), LIST_OPTIONS)
      .example('$0 series', 'list every series and what its points mean')
      .example(
        '$0 series tx_outputs --format csv',
        'the columns, types, units and tags of one series',
      ) as unknown as Argv<SeriesArguments>,
  handler: ({ name, format }) => {
    if (name === undefined) return writeListing(allSeries(), format, describeAll);
    if (!isSeries(name))
      throw new UsageError(`no series is named "${name}"${namedQuery(name) || listed(name)}`);
    return writeListing(oneSeries(name), format, () => describeSeries(name));
  },
};

function allSeries(): Listing {
  const rows = SERIES_NAMES.map((name) => {
    const { when, help } = seriesOf(name);
    return [name, when, help];
  });
  return { columns: columnsOf(['series', 'when', 'help']), rows };
}

/** The columns of a series as docs/series.md has them, then its tags. */
function oneSeries(series: SeriesName): Listing {
  const { columns, tags } = seriesOf(series);
  return {
    columns: columnsOf(['column', 'type', 'kind', 'unit', 'help']),
    rows: [
      ...Object.entries(columns).map(([name, { type, kind, unit, help }]) => [name, type, kind, unit, help]),
      ...Object.entries({ ...COMMON_TAGS, ...tags }).map(([name, { help }]) => [name, 'tag', '', '', help]),
    ],
  };
}

function namedQuery(name: string): string {
  const bare = name.replace(/^@/, '');
  return isPanel(bare) ? `; it is a named query: btcdmon-node queries ${bare}` : '';
}

function listed(name: string): string {
  return suggestion(name, SERIES_NAMES) || `; there are ${SERIES_NAMES.join(', ')}`;
}
