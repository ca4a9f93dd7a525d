import type { Argv, CommandModule } from 'yargs';
import { parseDuration } from '../lib/duration';
import { UsageError } from '../lib/errors';
import { readAccess } from '../influx/access';
import { INFLUX_FORM, parseInfluxUrl } from '../influx/influx-url';
import { WRITABLE, isWritable } from '../influx/new-password';
import { DEFAULT_RAW_DAYS } from '../influx/raw-days';
import type * as Setup from '../influx/setup';
import { udpBlock } from '../influx/udp-block';
import { readSecretFile } from '../lib/secret';
import { withOptions } from './flags';
import type { OptionTable } from './option';

/** Variable with the password of the user who may read. */
const READER_VARIABLE = 'BTCDMON_INFLUX_READER_PASSWORD';
/** Variable with the password of the user who may write. */
const WRITER_VARIABLE = 'BTCDMON_INFLUX_WRITER_PASSWORD';

/** Variable with the password of the administrator who is made. */
const ADMIN_VARIABLE = 'BTCDMON_INFLUX_ADMIN_PASSWORD';

/** The options of `setup influx` as yargs parses them. */
export interface SetupArguments {
  readonly store?: string | undefined;
  readonly rawDays?: string | undefined;
  readonly reader: string;
  readonly readerPasswordFile?: string | undefined;
  readonly writer?: string | undefined;
  readonly writerPasswordFile?: string | undefined;
  readonly withAdmin?: string | undefined;
  readonly adminPasswordFile?: string | undefined;
  readonly fill?: string | undefined;
}

/** The options of `setup influx`. */
export const SETUP_OPTIONS = {
  store: {
    type: 'string',
    requiresArg: true,
    alias: 'url',
    describe: `Database to set up: ${INFLUX_FORM}; the user is an administrator, with the password in BTCDMON_INFLUX_PASSWORD`,
  },
  'raw-days': {
    read: days,
    type: 'string',
    requiresArg: true,
    defaultDescription: `${DEFAULT_RAW_DAYS} for a new database; an existing one is not changed`,
    describe: 'Days for which points are kept; older points are deleted, their rollups stay',
  },
  reader: {
    read: (text: string) => userName(text, '--reader'),
    type: 'string',
    requiresArg: true,
    default: 'grafana',
    describe: 'Name of a user who may only read the database',
  },
  'reader-password-file': {
    type: 'string',
    requiresArg: true,
    describe: `File with that user's password; else ${READER_VARIABLE}, else a new password is made and shown`,
  },
  writer: {
    read: (text: string) => userName(text, '--writer'),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'no such user is made',
    describe: 'Name of a user who may only write into the database, for --export',
  },
  'writer-password-file': {
    type: 'string',
    requiresArg: true,
    describe: `File with that user's password; else ${WRITER_VARIABLE}, else a new password is made and shown`,
  },
  'with-admin': {
    read: (text: string) => userName(text, '--with-admin'),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'no such user is made',
    describe: 'Name of an administrator to make, so that authentication can be switched on later',
  },
  'admin-password-file': {
    type: 'string',
    requiresArg: true,
    describe: `File with that user's password; else ${ADMIN_VARIABLE}, else a new password is made and shown`,
  },
  fill: {
    read: fillSince,
    type: 'string',
    requiresArg: true,
    describe: 'Also compute the rollups of existing points of this last time, such as 7d',
  },
} as const satisfies OptionTable;

/** `btcdmon-node setup influx`: prepares an InfluxDB 1.x for points. */
export const setupCommand: CommandModule = {
  command: 'setup',
  describe: 'Prepare a database for points; see setup influx --help',
  builder: (yargs) =>
    yargs
      .command(influxCommand as unknown as CommandModule)
      .demandCommand(1, 'setup: name what to set up: influx'),
  handler: () => undefined,
};

const influxCommand: CommandModule<object, SetupArguments> = {
  command: 'influx',
  describe:
    'Make the database, retention policies, rollups by minute and hour, and a user who may read, in InfluxDB 1.x',
  builder: (yargs) =>
    withOptions(yargs, SETUP_OPTIONS)
      .example(
        '$0 setup influx --store influx+http://127.0.0.1/btcdmon',
        'set up an InfluxDB without authentication',
      )
      .example(
        '$0 setup influx --store influx+http://127.0.0.1/btcdmon --with-admin root --writer monitor',
        'the same, ready for authentication',
      )
      .example(
        '$0 setup influx --store influx+http://admin@db.lan/btcdmon --raw-days 90',
        'keep points for 90 days',
      ) as Argv<SetupArguments>,
  handler: (args) => runSetup(args, { env: process.env, write: (text) => process.stdout.write(text) }),
};

/**
 * Runs `setup influx`.
 * @throws UsageError or FailureError
 */
export async function runSetup(
  args: SetupArguments,
  { env, write }: { readonly env: NodeJS.ProcessEnv; readonly write: (text: string) => void },
): Promise<void> {
  const { store: url, rawDays, reader, readerPasswordFile, writer, writerPasswordFile, fill } = args;
  const { withAdmin, adminPasswordFile } = args;
  if (url === undefined) throw new UsageError(`setup influx: give --store ${INFLUX_FORM}`);
  if (!/^influx\+https?:/i.test(url))
    throw new UsageError(`--store ${url.split(':', 1).join()}:…: use ${INFLUX_FORM}`);
  if (writer === undefined && writerPasswordFile !== undefined)
    throw new UsageError('--writer-password-file: name the user with --writer');
  if (withAdmin === undefined && adminPasswordFile !== undefined)
    throw new UsageError('--admin-password-file: name the user with --with-admin');
  if (withAdmin !== undefined && [reader, writer].includes(withAdmin))
    throw new UsageError(
      `--with-admin ${withAdmin}: is the user who may only ${withAdmin === reader ? 'read' : 'write'}; choose another name`,
    );
  if (writer === reader)
    throw new UsageError(`--writer ${reader}: is the user who may only read; choose another name`);
  const place = parseInfluxUrl(url, '--store');
  const options = {
    place,
    rawDays: days(rawDays),
    reader: userName(reader, '--reader'),
    readerPassword: await passwordOf(readerPasswordFile, '--reader-password-file', READER_VARIABLE, env),
    writer: writer === undefined ? undefined : userName(writer, '--writer'),
    writerPassword: await passwordOf(writerPasswordFile, '--writer-password-file', WRITER_VARIABLE, env),
    admin: withAdmin === undefined ? undefined : userName(withAdmin, '--with-admin'),
    adminPassword: await passwordOf(adminPasswordFile, '--admin-password-file', ADMIN_VARIABLE, env),
    fillSince: fillSince(fill),
    access: await readAccess(place, env),
  };
  // Other commands need the help of this one alone.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { setUpInflux } = require('../influx/setup') as typeof Setup;
  await setUpInflux(options, (line) => write(`${line}\n`));
  write(`\nFor points over UDP, influxdb.conf needs:\n\n${udpBlock(place.database)}`);
}

function days(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 36_500) return value;
  throw new UsageError(`--raw-days ${text}: give a whole number of days from 1 to 36500`);
}

function userName(name: string, option: string): string {
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new UsageError(`${option} ${JSON.stringify(name)}: give a name of letters, digits and _ . -`);
}

async function passwordOf(
  file: string | undefined,
  option: string,
  variable: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const what = file === undefined ? variable : `${option} ${file}`;
  const password = file === undefined ? env[variable] : await readSecretFile(file, what);
  if (password === undefined || password === '') return undefined;
  if (!isWritable(password)) throw new UsageError(`${what}: ${WRITABLE}`);
  return password;
}

function fillSince(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === null || ms <= 0) throw new UsageError(`--fill ${text}: give a duration such as 12h or 7d`);
  return Date.now() - ms;
}
