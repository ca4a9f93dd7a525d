import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { parsePersonTime } from '../query/person-time';
import type { ListFormat } from '../query/format';
import { type Direction, DIRECTIONS } from '../record/direction';
import { withOptions } from './flags';
import { LIST_FORMAT } from './listing';
import type { OptionTable } from './option';
import { now, TIME_FORMS } from './query';
import type * as ShowFrames from './show-frames';

/** Arguments of the command `frames`. */
export interface FramesArguments {
  readonly directory: string | undefined;
  readonly peer: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly direction: Direction | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly follow: string | undefined;
  readonly pcapng: string | undefined;
  readonly redact: string | undefined;
  readonly format: ListFormat;
}

/** Reads the number of a connection. */
function readFollow(text: string): string {
  if (/^[1-9]\d{0,9}$/.test(text)) return text;
  throw new UsageError(`--follow ${text}: give the number of a connection, as the list has it`);
}

/** The options of `frames`. */
export const FRAMES_OPTIONS = {
  peer: {
    type: 'string',
    requiresArg: true,
    describe: 'Messages of one connection (its number) or of one address, with or without its port',
  },
  command: {
    type: 'string',
    requiresArg: true,
    array: true,
    describe: 'Messages of these commands, and events of these names, such as inv,tx (repeatable)',
  },
  direction: {
    choices: DIRECTIONS,
    requiresArg: true,
    describe: 'Messages that came or that we sent, or the events of connections',
  },
  from: {
    read: (text: string) => parsePersonTime('--from', text, now()),
    type: 'string',
    requiresArg: true,
    describe: `Begin: ${TIME_FORMS}`,
  },
  to: {
    read: (text: string) => parsePersonTime('--to', text, now()),
    type: 'string',
    requiresArg: true,
    describe: 'End, in the same forms',
  },
  follow: {
    read: readFollow,
    type: 'string',
    requiresArg: true,
    describe: 'Draw one connection as a sequence diagram; its number is in the list',
  },
  pcapng: {
    isPath: true,
    type: 'string',
    requiresArg: true,
    describe: 'Write the chosen messages into a new capture file for Wireshark',
  },
  redact: {
    isPath: true,
    type: 'string',
    requiresArg: true,
    describe: 'Copy the whole recording into a new folder without the addresses of nodes',
  },
  format: LIST_FORMAT,
} as const satisfies OptionTable;

/** `btcdmon-node frames DIR`: the messages of a recording. */
export const framesCommand: CommandModule<object, FramesArguments> = {
  command: 'frames [directory]',
  describe: 'List the messages of a recording, draw one connection, or write them for Wireshark',
  builder: (yargs) =>
    withOptions(
      yargs.positional('directory', { type: 'string', describe: 'Folder that --record has filled' }),
      FRAMES_OPTIONS,
    )
      .example('$0 frames recording --command inv,tx --direction in', 'what was announced and relayed to us')
      .example('$0 frames recording --follow 1', 'the first connection as a sequence diagram')
      .example(
        '$0 frames recording --redact for-the-report',
        'a copy without addresses',
      ) as unknown as Argv<FramesArguments>,
  handler: async (args) => {
    const { directory: named } = args;
    if (named === undefined || named === '')
      throw new UsageError('frames: names no folder; give the one that --record has filled');
    // Other commands don't load what reads recordings.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { showFrames } = require('./show-frames') as typeof ShowFrames;
    await showFrames(expandHome(named), args);
  },
};
