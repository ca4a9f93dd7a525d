import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { makeNewFile } from '../lib/new-file';
import { formatResult, type ListFormat } from '../query/format';
import { parsePersonTime } from '../query/person-time';
import { writeAll } from '../query/query-command';
import type { Row } from '../query/result';
import { formatNs } from '../query/time';
import { cleanText, describeFrame } from '../record/describe-frame';
import {
  DIRECTIONS,
  type FrameFilter,
  type FrameTroubles,
  type ListedFrame,
  listFrames,
} from '../record/frame-list';
import { pcapngHead } from '../record/pcapng';
import { redact } from '../record/redact';
import { diagramHead, diagramLine } from '../record/sequence-diagram';
import { TcpStory } from '../record/tcp-story';
import { withOptions } from './flags';
import { columnsOf, LIST_FORMAT } from './listing';
import type { OptionTable } from './option';
import { now, TIME_FORMS } from './query';

interface FramesArguments {
  readonly directory: string | undefined;
  readonly peer: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly direction: FrameFilter['direction'];
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
    describe: 'Write what is wanted into a new capture file, which Wireshark opens',
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
    const { directory: named, follow, pcapng, redact: out, format } = args;
    if (named === undefined || named === '')
      throw new UsageError('frames: names no folder; give the one that --record has filled');
    const directory = expandHome(named);
    if (out !== undefined) {
      refuseBeside('--redact', out, args);
      const { files, addresses, left } = await redact(directory, expandHome(out), TROUBLES);
      const without = left === 0 ? '' : `; ${left} records that are not what they should be were left out`;
      process.stdout.write(`${out}: ${files} files, ${addresses} addresses replaced${without}\n`);
      return;
    }
    const frames = listFrames(directory, filterOf(args), TROUBLES);
    if (pcapng !== undefined) await writePcapng(frames, pcapng);
    else if (follow !== undefined) await writeAll(process.stdout, diagram(frames, follow));
    else await writeAll(process.stdout, listing(frames, format));
  },
};

const TROUBLES: FrameTroubles = {
  damaged: (file, { offset, bytes, isEnd }) =>
    void process.stderr.write(
      isEnd
        ? `${file}: ends in the middle of a block, at byte ${offset}; what is before was read\n`
        : `${file}: ${bytes} bytes from byte ${offset} on are damaged and were skipped\n`,
    ),
  wrong: (file, records) =>
    void process.stderr.write(`${file}: ${records} records are not what they should be\n`),
};

function filterOf({ peer, command, direction, from, to, follow }: FramesArguments): FrameFilter {
  if (peer !== undefined && follow !== undefined)
    throw new UsageError(`--follow ${follow}: is one connection already; leave --peer out`);
  const time = now();
  const at = (name: string, text: string | undefined): bigint | undefined =>
    text === undefined ? undefined : parsePersonTime(name, text, time);
  const words = command?.flatMap((text) => text.split(',')).map((word) => word.trim());
  return {
    ...{ peer: follow ?? peer, direction, commands: words === undefined ? undefined : new Set(words) },
    ...{ sinceNs: at('--from', from), untilNs: at('--to', to) },
  };
}

function refuseBeside(option: string, value: string, args: FramesArguments): void {
  const others = ['peer', 'command', 'direction', 'from', 'to', 'follow', 'pcapng'] as const;
  const other = others.find((name) => args[name] !== undefined);
  if (other !== undefined)
    throw new UsageError(`${option} ${value}: copies the whole recording; leave --${other} out`);
}

const COLUMNS = columnsOf(['time', 'run', 'connection', 'peer', 'direction', 'command', 'bytes', 'what'], {
  time: 'time',
  connection: 'int',
  bytes: 'int',
});

/** The list as a program or a person reads it, piece by piece. */
async function* listing(frames: AsyncIterable<ListedFrame>, format: ListFormat): AsyncGenerator<string> {
  if (format !== 'table') {
    yield* formatResult({ columns: COLUMNS, rows: rowsOf(frames) }, format);
    return;
  }
  for await (const frame of frames) {
    const { timeNs, peer, address, direction, bytes } = frame;
    const who = `${peer} ${address === null ? '' : cleanText(address)}`;
    const size = direction === 'event' ? '' : String(bytes);
    const words = [formatNs(timeNs).padEnd(30), who.padEnd(28), direction.padEnd(5)];
    words.push(cleanText(frame.command).padEnd(12), size.padStart(8), describeFrame(frame));
    yield `${words.join(' ').trimEnd()}\n`;
  }
}

async function* rowsOf(frames: AsyncIterable<ListedFrame>): AsyncGenerator<readonly Row[]> {
  for await (const frame of frames) {
    const { timeNs, run, peer, address, direction, command, bytes } = frame;
    yield [[timeNs, run, peer, address, direction, cleanText(command), bytes, describeFrame(frame)]];
  }
}

async function* diagram(frames: AsyncIterable<ListedFrame>, follow: string): AsyncGenerator<string> {
  let run = '';
  for await (const frame of frames) {
    if (frame.run !== run) yield `${run === '' ? '' : '\n'}${diagramHead(frame)}`;
    run = frame.run;
    yield diagramLine(frame);
  }
  if (run === '') process.stderr.write(`no connection has the number ${follow} in what is wanted\n`);
}

async function writePcapng(frames: AsyncIterable<ListedFrame>, file: string): Promise<void> {
  let packets = 0;
  const blocks = async function* (): AsyncGenerator<Buffer> {
    yield pcapngHead();
    const story = new TcpStory();
    for await (const frame of frames)
      for (const block of story.packets(frame)) {
        packets += 1;
        yield block;
      }
  };
  await makeNewFile(file, `--pcapng ${file}`, async (temporary) => {
    const stream = createWriteStream(temporary, { flags: 'wx', mode: 0o600 });
    await once(stream, 'open');
    await writeAll(stream, blocks());
    stream.end();
    await finished(stream);
  });
  process.stdout.write(`${file}: ${packets} packets\n`);
}
