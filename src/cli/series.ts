import type { CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { SERIES_NAMES, isSeries } from '../metrics/schema';
import { describeAll, describeSeries } from '../metrics/describe';
import { suggestion } from '../lib/nearest';
import { isPanel } from '../panels/list';

/** `btcdmon-node series [name]`: what the schema says. */
export const seriesCommand: CommandModule<object, { name: string | undefined }> = {
  command: 'series [name]',
  describe: 'List the series, or show the columns and tags of one of them',
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', describe: 'Name of a series' })
      .example('$0 series', 'list every series and what its points mean')
      .example('$0 series tx_outputs', 'show the columns, types, units and tags of one series'),
  handler: ({ name }) => {
    if (name === undefined) {
      process.stdout.write(describeAll());
      return;
    }
    if (!isSeries(name))
      throw new UsageError(`no series is named "${name}"${namedQuery(name) || listed(name)}`);
    process.stdout.write(describeSeries(name));
  },
};

function namedQuery(name: string): string {
  const bare = name.replace(/^@/, '');
  return isPanel(bare) ? `; it is a named query: btcdmon-node queries ${bare}` : '';
}

function listed(name: string): string {
  return suggestion(name, SERIES_NAMES) || `; there are ${SERIES_NAMES.join(', ')}`;
}
