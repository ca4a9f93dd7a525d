import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { backUp } from '../query/backup';
import { formatNs } from '../query/time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import type { OptionTable } from './option';
import { STORE } from './store-option';

interface BackupArguments {
  readonly dataDir: string;
  readonly file: string | undefined;
  readonly store: string | undefined;
}

/** The options of `backup`. */
export const BACKUP_OPTIONS = {
  store: { ...STORE, describe: 'Store to copy: duckdb:PATH, also while a node writes it' },
} as const satisfies OptionTable;

/** `btcdmon-node backup FILE`: a copy of a store that is in use. */
export const backupCommand: CommandModule<object, BackupArguments> = {
  command: 'backup [file]',
  describe: 'Copy the embedded store, also while the node runs',
  builder: (yargs) =>
    withOptions(
      yargs.positional('file', { type: 'string', describe: 'File for the copy, which must not exist yet' }),
      BACKUP_OPTIONS,
    )
      .example('$0 backup /backup/btcdmon-$(date +%F).duckdb', 'copy the store of --data-dir')
      .example(
        '$0 backup copy.duckdb --store duckdb:day.duckdb',
        'copy another one',
      ) as unknown as Argv<BackupArguments>,
  handler: async ({ dataDir, file, store = defaultStore(dataDir) }) => {
    const source = /^duckdb:(.+)$/is.exec(store)?.[1];
    if (source === undefined)
      throw new UsageError(
        `--store ${store.split(':', 1).join()}:…: backup copies embedded stores, duckdb:PATH; ` +
          'a folder of Parquet files can be copied as it is, and InfluxDB has influxd backup',
      );
    if (file === undefined || file === '')
      throw new UsageError('backup: names no file; give one that does not exist yet, such as copy.duckdb');
    const { bytes, newest } = await backUp(expandHome(source), file);
    const until = newest === null ? 'no account of a node' : `everything until ${formatNs(newest)}`;
    process.stdout.write(`${file}: ${bytes} bytes, ${until}\n`);
  },
};
