import type { RecordSettings } from '../app/recording';
import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import { COMMANDS, isCommand } from '../wire/commands';
import type { OptionTable } from './option';

const UNITS = { MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** A recording of 16 files, each of some blocks. */
const LEAST_BYTES = UNITS.MB;
const MOST_BYTES = 1_000 * UNITS.TB;

/** Reads the size of a recording, in bytes. */
function readRecordSize(text: string): number {
  const [, number, unit] = /^(\d{1,7}(?:\.\d{1,6})?)(MB|GB|TB)$/.exec(text) ?? [];
  const bytes = Math.floor(
    Number(number ?? 0) * (unit === undefined ? 0 : UNITS[unit as keyof typeof UNITS]),
  );
  if (bytes >= LEAST_BYTES && bytes <= MOST_BYTES) return bytes;
  throw new UsageError(`--record-size ${text}: give a size from 1MB up with its unit, such as 500MB or 10GB`);
}

/** Reads commands of the protocol, with commas between. */
function readOnly(text: string): readonly string[] {
  return text.split(',').map((word) => {
    const command = word.trim();
    if (isCommand(command)) return command;
    throw new UsageError(
      `--only ${text}: ${command === '' ? 'a name is missing' : `no message has the name ${command}`}; ` +
        `give commands such as inv,tx${suggestion(command, COMMANDS)}`,
    );
  });
}

/** Options of a recording. */
export const RECORD_OPTIONS = {
  record: {
    isPath: true,
    type: 'string',
    requiresArg: true,
    describe: 'Folder for a recording of all messages, both ways; see the commands frames and replay',
  },
  'record-size': {
    read: readRecordSize,
    type: 'string',
    requiresArg: true,
    default: '10GB',
    describe:
      'With --record: largest size of the folder, such as 500MB or 10GB; the oldest files are removed',
  },
  only: {
    read: readOnly,
    type: 'string',
    requiresArg: true,
    array: true,
    defaultDescription: 'all, and what replay needs besides',
    describe: 'With --record: commands of the messages that are recorded, such as inv,tx (repeatable)',
  },
} as const satisfies OptionTable;

/**
 * What is recorded, and where; undefined where nothing is.
 * @throws UsageError naming the option
 */
export function recordSettings(args: {
  readonly record?: string | undefined;
  readonly recordSize: string;
  readonly only?: readonly string[] | undefined;
}): RecordSettings | undefined {
  const { record: directory, recordSize, only } = args;
  if (directory !== undefined)
    return {
      directory,
      maxBytes: readRecordSize(recordSize),
      ...(only === undefined ? {} : { only: [...new Set(only.flatMap(readOnly))] }),
    };
  if (only !== undefined) throw new UsageError(`--only ${only.join(' ')}: has a meaning only with --record`);
  if (recordSize !== RECORD_OPTIONS['record-size'].default)
    throw new UsageError(`--record-size ${recordSize}: has a meaning only with --record`);
  return undefined;
}
