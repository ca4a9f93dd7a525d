import path from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type * as App from '../app/crawl-app';
import { UsageError } from '../lib/errors';
import { createLog, logOutput } from '../lib/log';
import { StatusLine } from '../lib/status-line';
import type { CrawlArguments } from './arguments';
import { CRAWL_LIST_OPTIONS, CRAWL_OPTIONS, type ShowAction, SHOW_ACTIONS } from './crawl-options';
import { crawlSettings } from './crawl-settings';
import type * as Snapshots from './crawl-snapshots';
import { dataDirectory, defaultStore } from './data-directory';
import { withOptions } from './flags';
import { keepHeapSmall } from './heap';
import type { Settings } from './settings';
import { untilSignal } from './signals';

/**
 * `btcdmon-node crawl` visits every node that can be reached. `crawl list`, `crawl diff` and `crawl export`
 * show what was found. Flags override `settings`.
 */
export const crawlCommand = (settings: Settings): CommandModule<object, CrawlArguments> => ({
  command: 'crawl [action] [snapshot] [other]',
  describe: 'Visit every node of the network that can be reached, and write a point for each',
  builder: (yargs) =>
    withOptions(
      withOptions(
        yargs
          .positional('action', {
            type: 'string',
            describe:
              'list: the snapshots; diff: what changed between two; export: one as JSON, in the form of bitnodes',
          })
          .positional('snapshot', { type: 'string', describe: 'Name of a snapshot, or the path of its file' })
          .positional('other', { type: 'string', describe: 'With diff: the later snapshot' }),
        CRAWL_OPTIONS,
        settings,
      ),
      CRAWL_LIST_OPTIONS,
    )
      .example('$0 crawl --contact admin@example.org', 'one crawl of mainnet, into the embedded store')
      .example('$0 crawl --every 1h --exclude quiet.txt --asmap ip_asn.dat', 'one an hour, without those')
      .example('$0 crawl diff', 'what changed between the last two snapshots')
      .example(
        '$0 crawl export > nodes.json',
        'the last snapshot as JSON',
      ) as unknown as Argv<CrawlArguments>,
  handler: async (args) => {
    const { action, network, other, snapshot } = args;
    if (action !== undefined) {
      const { asmap, dataDir, format } = args;
      const names = [snapshot, other].filter((name) => name !== undefined);
      // Other commands don't load the crawler and its snapshots.
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { showSnapshots } = require('./crawl-snapshots') as typeof Snapshots;
      await showSnapshots(readAction(action), names, { network, dataDir, format, asmap });
      return;
    }
    keepHeapSmall();
    const { spoolBytes: maxBytes, ...config } = await crawlSettings(args, process.env);
    const dataDir = await dataDirectory(args.dataDir);
    const exports = args.export ?? [defaultStore(dataDir)];
    const status = new StatusLine(logOutput());
    const log = createLog(args.logLevel, status);
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { startCrawlApp } = require('../app/crawl-app') as typeof App;
    const spools = { directory: path.join(dataDir, 'spool'), maxBytes };
    const app = await startCrawlApp({ ...config, exports, dataDir, spools }, { log, status });
    try {
      await untilSignal(app.ended, () => app.killed());
    } finally {
      await app.stop();
    }
  },
});

function readAction(text: string): ShowAction {
  const action = SHOW_ACTIONS.find((name) => name === text);
  if (action !== undefined) return action;
  throw new UsageError(`crawl ${text}: give ${SHOW_ACTIONS.join(', ')}, or nothing to crawl`);
}
