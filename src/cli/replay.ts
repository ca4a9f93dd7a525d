import path from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type * as ReplayApp from '../app/replay-app';
import type { ReplayReport } from '../app/replay-app';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { createLog, type LogLevel } from '../lib/log';
import type { ListFormat } from '../query/format';
import { openSource } from '../query/open-source';
import type { Source } from '../query/source';
import { formatNs } from '../query/time';
import { withOptions } from './flags';
import { columnsOf, LIST_FORMAT, writeListing } from './listing';
import type { OptionTable } from './option';
import { EXPORT, SPOOL_SIZE } from './shared-options';
import { untilSignal } from './signals';

interface ReplayArguments {
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly directory: string | undefined;
  readonly speed: string;
  readonly export: readonly string[] | undefined;
  readonly compare: string | undefined;
  readonly spoolSize: string;
  readonly format: ListFormat;
}

const MOST_SPEED = 1_000_000;

/** Reads the speed relative to the recording. */
function readSpeed(text: string): number {
  if (text === 'max') return Infinity;
  const speed = /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (speed > 0 && speed <= MOST_SPEED) return speed;
  throw new UsageError(`--speed ${text}: give a number such as 1, 10 or 0.5, or max`);
}

/** The options of `replay`. */
export const REPLAY_OPTIONS = {
  speed: {
    read: readSpeed,
    type: 'string',
    requiresArg: true,
    default: 'max',
    describe: 'Speed relative to the recording, such as 10; or max',
  },
  export: { ...EXPORT, defaultDescription: 'none: the points are counted' },
  compare: {
    type: 'string',
    requiresArg: true,
    describe: 'Store with the points of the run, such as duckdb:PATH: end at the first point that differs',
  },
  'spool-size': SPOOL_SIZE,
  format: LIST_FORMAT,
} as const satisfies OptionTable;

/** `btcdmon-node replay DIR`: the points of a recording. */
export const replayCommand: CommandModule<object, ReplayArguments> = {
  command: 'replay [directory]',
  describe: 'Make the points of a recording again, with its own clock; status 1 if they differ',
  builder: (yargs) =>
    withOptions(
      yargs.positional('directory', { type: 'string', describe: 'Folder that --record has filled' }),
      REPLAY_OPTIONS,
    )
      .example('$0 replay recording --export duckdb:again.duckdb', 'the same points into a new store')
      .example(
        '$0 replay recording --compare duckdb:day.duckdb',
        'does this version make the points that the run made?',
      ) as unknown as Argv<ReplayArguments>,
  handler: async ({
    dataDir,
    logLevel,
    directory,
    speed,
    export: exports = [],
    compare,
    spoolSize,
    format,
  }) => {
    if (directory === undefined || directory === '')
      throw new UsageError('replay: names no folder; give the one that --record has filled');
    const maxBytes = SPOOL_SIZE.read(spoolSize) * 1_000_000;
    const log = createLog(logLevel);
    const stopping = new AbortController();
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runReplay } = require('../app/replay-app') as typeof ReplayApp;
    const running = runReplay(
      {
        ...{ directory: expandHome(directory), speed: readSpeed(speed), exports },
        spools: { directory: path.join(dataDir, 'spool'), maxBytes },
        compareWith: compare === undefined ? undefined : () => openCompared(compare),
      },
      { log, signal: stopping.signal },
    );
    await untilSignal(running);
    stopping.abort();
    const report = await running;
    // Points on stdout are for a program.
    const output = exports.some((url) => /^stdout:/i.test(url)) ? process.stderr : process.stdout;
    await writeListing(listingOf(report), format, () => describe(report), output);
    if (report.difference !== null) process.exitCode = 1;
  },
};

/** @throws UsageError that names `--compare` where it names no store */
async function openCompared(url: string): Promise<Source> {
  try {
    return await openSource(url);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^--store/, '--compare'));
  }
}

/** A row for each series that has points. */
function listingOf({ points }: ReplayReport): Parameters<typeof writeListing>[0] {
  const made = [...points].filter(([, count]) => count > 0);
  return { columns: columnsOf(['series', 'points'], { points: 'int' }), rows: made };
}

function describe(report: ReplayReport): string {
  const { summary, elapsedMs, points, same, difference } = report;
  const { counts, recordedMs } = summary;
  const seconds = elapsedMs / 1_000;
  const total = [...points.values()].reduce((sum, count) => sum + count, 0);
  const lines = [
    `${counts.messages} messages (${megabytes(counts.bytes)} MB) of ${(recordedMs / 1_000).toFixed(1)} s, ` +
      `replayed in ${seconds.toFixed(1)} s: ${(recordedMs / elapsedMs).toFixed(0)} times as fast, ` +
      `${(counts.bytes / 1e6 / seconds).toFixed(0)} MB/s`,
    `${total} points`,
  ];
  if (counts.dropped > 0) lines.push(`the recording lacks ${counts.dropped} records that were dropped`);
  if (counts.wrong > 0) lines.push(`${counts.wrong} records are not what they should be`);
  if (summary.damaged > 0) lines.push(`the files are damaged at ${summary.damaged} places`);
  if (difference !== null)
    lines.push(
      `the first difference, after ${same ?? 0} points that are the same: ` +
        `${difference.series} at ${formatNs(difference.timeNs)}: ${difference.what}`,
    );
  else if (same !== null) lines.push(`${same} points are the same as in the store; none differs`);
  return `${lines.join('\n')}\n`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
