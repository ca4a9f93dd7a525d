import type { ReadStream, WriteStream } from 'node:tty';
import { checkTime } from '../lib/point-times';
import { alertsOf } from './alerts';
import type { TopData } from './data';
import { Feed, type FeedOptions } from './feed';
import { frame } from './frame';
import { Viewer } from './viewer';

/** What `top` was called with. */
export interface TopOptions extends FeedOptions {
  readonly everyMs: number;
  /** One frame, and no more. */
  readonly once: boolean;
  readonly json: boolean;
}

/** Where it shows what it finds. */
export interface TopIo {
  readonly stdout: WriteStream;
  readonly stdin: ReadStream;
  /** Resolves when the user wants an end, by a signal. */
  readonly untilSignal: () => Promise<void>;
}

/** Wide enough for any address, where there is no terminal whose width would matter. */
const PIPE_WIDTH = 120;

/**
 * Shows a node or a store until the reader has seen enough; once, as plain text, where there is no terminal to draw on.
 * @throws UsageError, FailureError where there is nothing to show
 */
export async function runTop(options: TopOptions, { stdout, stdin, untilSignal }: TopIo): Promise<void> {
  checkTime();
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
