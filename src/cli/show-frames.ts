import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { makeNewFile } from '../lib/new-file';
import { formatResult, type ListFormat } from '../query/format';
import { parsePersonTime } from '../query/person-time';
import { writeAll } from '../query/query-command';
import type { Row } from '../query/result';
import { formatNs } from '../query/time';
import { cleanText, describeFrame } from '../record/describe-frame';
import { type FrameFilter, type FrameTroubles, type ListedFrame, listFrames } from '../record/frame-list';
import { pcapngHead } from '../record/pcapng';
import { redact } from '../record/redact';
import { diagramHead, diagramLine } from '../record/sequence-diagram';
import { TcpStory } from '../record/tcp-story';
import type { FramesArguments } from './frames';
import { columnsOf } from './listing';
import { now } from './query';

/**
 * Shows the messages of a recording, writes them for Wireshark, or copies the recording without addresses.
 * @throws UsageError where options contradict each other or name what is there already; FailureError where a
 *   file can't be read or written
 */
export async function showFrames(directory: string, args: Omit<FramesArguments, 'directory'>): Promise<void> {
  const { follow, pcapng, redact: out, format } = args;
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
}

const TROUBLES: FrameTroubles = {
  damaged: (file, { offset, bytes, isEnd }) =>
    void process.stderr.write(
      isEnd
        ? `${file}: ends in the middle of a block, at byte ${offset}; everything before it was read\n`
        : `${file}: ${bytes} bytes from byte ${offset} on are damaged and were skipped\n`,
    ),
  wrong: (file, records) =>
    void process.stderr.write(`${file}: ${records} records are not what they should be\n`),
};

function filterOf({
  peer,
  command,
  direction,
  from,
  to,
  follow,
}: Omit<FramesArguments, 'directory'>): FrameFilter {
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

function refuseBeside(option: string, value: string, args: Omit<FramesArguments, 'directory'>): void {
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
