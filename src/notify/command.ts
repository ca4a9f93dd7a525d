import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from '../lib/child-environment';
import type { Message } from './message';
import type { Receiver } from './receiver';

/**
 * Runs a shell command for each message. The command gets the message as JSON on its standard input, and the
 * parts that scripts need in variables. So no part of a message is ever run as a command.
 */
export function command(text: string): Receiver {
  return {
    shown: 'command',
    send: async (message, signal) => {
      signal.throwIfAborted();
      // A group of its own, so that what the shell has started can be ended with it.
      const child = spawn('/bin/sh', ['-c', text], {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { ...childEnvironment(), ...variablesOf(message) },
      });
      const end = (): void => {
        if (child.pid === undefined) return;
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
      };
      signal.addEventListener('abort', end, { once: true });
      // A command may ignore its input.
      child.stdin.on('error', () => undefined);
      child.stdin.end(`${JSON.stringify({ version: 1, ...message })}\n`);
      try {
        const [status, killed] = (await once(child, 'exit')) as [number | null, string | null];
        if (signal.aborted) throw new Error('it did not end in time');
        if (status !== 0) throw new Error(`it ended with status ${String(status ?? killed)}`);
      } finally {
        signal.removeEventListener('abort', end);
      }
    },
  };
}

function variablesOf({ status, severity, title, text, monitor }: Message): NodeJS.ProcessEnv {
  return {
    BTCDMON_ALERT_STATUS: status,
    BTCDMON_ALERT_SEVERITY: severity ?? '',
    BTCDMON_ALERT_TITLE: title,
    BTCDMON_ALERT_TEXT: text,
    BTCDMON_ALERT_MONITOR: monitor,
  };
}
