import { config, createLogger, format, type Logger, transports } from 'winston';
import { LogOutput } from './log-output';
import { StatusLine } from './status-line';

/** The levels of `--log-level`, the most important first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type { Logger as Log };

/**
 * The program's log on stderr; stdout is for answers and points. On a terminal each line is text for people,
 * elsewhere it is a JSON object.
 */
export function createLog(level: LogLevel, status = new StatusLine(logOutput())): Logger {
  return createLogger({
    level,
    levels: config.npm.levels,
    format: status.isLive
      ? format.combine(format.timestamp({ format: 'HH:mm:ss' }), format.printf(humanLine))
      : format.combine(format.timestamp(), format.json()),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- logform and winston declare it twice
    transports: [new transports.Stream({ stream: status.lines })],
  });
}

let output: LogOutput | undefined;

/** Standard error for the log: one for the whole program. */
export function logOutput(): LogOutput {
  output ??= new LogOutput(process.stderr, (lost) => {
    const message = `${lost} lines of this log could not be written`;
    const now = new Date().toISOString();
    if (process.stderr.isTTY) return `${now.slice(11, 19)} warn  ${message}\n`;
    return `${JSON.stringify({ level: 'warn', message, timestamp: now })}\n`;
  });
  return output;
}

interface LogEntry {
  readonly level: string;
  readonly message: unknown;
  readonly timestamp?: unknown;
}

function humanLine({ level, message, timestamp, ...details }: LogEntry): string {
  const rest = Object.entries(details)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === 'string' ? escapeControls(value) : JSON.stringify(value)}`,
    )
    .join('');
  return `${String(timestamp)} ${level.padEnd(5)} ${escapeControls(String(message))}${rest}`;
}

/**
 * Text with its control characters escaped: it may contain a peer's bytes, and a terminal would obey them.
 */
function escapeControls(text: string): string {
  return text.replace(/[\p{C}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
