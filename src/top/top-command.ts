import type { ReadStream, WriteStream } from 'node:tty';
import { checkSystemTime } from '../lib/point-times';
import { type ListFormat, formatResult } from '../query/format';
import { type Value, inOneBatch } from '../query/result';
import { alertsOf } from './alerts';
import type { TopData } from './data';
import { Feed, type FeedOptions } from './feed';
import { frame } from './frame';
import { Viewer } from './viewer';

/** Arguments of the command `top`. */
export interface TopOptions extends FeedOptions {
  readonly everyMs: number;
  /** Draws only one frame. */
  readonly once: boolean;
  /** What a frame is printed as; a table is the text of the screen. */
  readonly format: ListFormat;
}

/** Streams and signals of the command. */
export interface TopIo {
  readonly stdout: WriteStream;
  readonly stdin: ReadStream;
  /** Resolves when the user ends the program by a signal. */
  readonly untilSignal: () => Promise<void>;
}

/** Width if there is no terminal: enough for any address. */
const PIPE_WIDTH = 120;

/**
 * Shows a node or a store until the user quits; only once, as plain text, if stdout is no terminal.
 * @throws UsageError, FailureError if there is nothing to show
 */
export async function runTop(options: TopOptions, { stdout, stdin, untilSignal }: TopIo): Promise<void> {
  checkSystemTime();
  const feed = new Feed(options);
  const { everyMs, once, format, env } = options;
  try {
    const data = await feed.next();
    const canDraw = stdout.isTTY && env['TERM'] !== 'dumb';
    if (once || format !== 'table' || !canDraw) {
      const width = stdout.isTTY ? stdout.columns : PIPE_WIDTH;
      stdout.write(format === 'table' ? asText(data, everyMs, width) : await asFigures(data, format));
      return;
    }
    const viewer = new Viewer({ everyMs, colours: (env['NO_COLOR'] ?? '') === '' }, { feed, stdout, stdin });
    await viewer.run(data, untilSignal());
  } finally {
    feed.close();
  }
}

function asText(data: TopData, everyMs: number, width: number): string {
  const view = { sort: 'direction', scroll: 0, paused: false, help: false } as const;
  const { lines } = frame(
    { data, view, nowMs: Date.now(), everyMs, trouble: null },
    { width: width > 0 ? width : PIPE_WIDTH, height: null },
  );
  return lines.map(({ text }) => `${text.trimEnd()}\n`).join('');
}

/** The data of a frame as JSON; as CSV a line for each figure, with its path in the JSON. */
async function asFigures(data: TopData, format: Exclude<ListFormat, 'table'>): Promise<string> {
  const all = { ...data, alerts: alertsOf({ data, nowMs: Date.now(), trouble: null }) };
  if (format !== 'csv') return `${JSON.stringify(all, null, format === 'json' ? 2 : undefined)}\n`;
  const columns = (['figure', 'value'] as const).map((name) => ({ name, type: 'string' as const }));
  let text = '';
  const rows = inOneBatch([...leavesOf(all, '')]);
  for await (const piece of formatResult({ columns, rows }, format)) text += piece;
  return text;
}

/** Each value within an object, with its path: `peers.0.address`. */
function* leavesOf(value: unknown, path: string): Generator<readonly [string, Value]> {
  if (typeof value === 'object' && value !== null)
    for (const [name, part] of Object.entries(value))
      yield* leavesOf(part, path === '' ? name : `${path}.${name}`);
  else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    yield [path, value];
  else yield [path, null];
}
