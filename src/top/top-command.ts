import type { ReadStream, WriteStream } from 'node:tty';
import { checkSystemTime } from '../lib/point-times';
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
  readonly json: boolean;
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
  const { everyMs, once, json, env } = options;
  try {
    const data = await feed.next();
    const canDraw = stdout.isTTY && env['TERM'] !== 'dumb';
    if (once || json || !canDraw) {
      stdout.write(json ? asJson(data) : asText(data, everyMs, stdout.isTTY ? stdout.columns : PIPE_WIDTH));
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

function asJson(data: TopData): string {
  const alerts = alertsOf({ data, nowMs: Date.now(), trouble: null });
  return `${JSON.stringify({ ...data, alerts }, null, 2)}\n`;
}
