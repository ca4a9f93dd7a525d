import type { CommandModule } from 'yargs';
import { describePanel, describePanels } from '../panels/describe';
import { panelOf } from '../panels/list';

/** `btcdmon-node queries [name]`: lists the panels of the page and of Grafana, which `query @name` asks. */
export const queriesCommand: CommandModule<object, { name: string | undefined }> = {
  command: 'queries [name]',
  describe: 'List the named queries (the panels of the page and of Grafana), or describe one of them',
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', describe: 'Name of a query, with or without @' })
      .example('$0 queries', 'list every named query')
      .example('$0 queries @block-fees', 'describe one query and the lines of its panel'),
  handler: ({ name }) => {
    process.stdout.write(name === undefined ? describePanels() : describePanel(panelOf(name)));
  },
};
