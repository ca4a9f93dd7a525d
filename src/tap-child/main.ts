import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Frames } from '../lib/frames';
import { CONTROL_PIPE, COPY_PIPE, type FromTap, TAP_TITLE, type ToTap } from '../tap/control';
import { TapServer } from './tap-server';

/** Bytes of messages that may wait for a program that doesn't read. Further ones are dropped. */
const MAX_WAITING = 65_536;

/**
 * The process of a tap. It passes the bytes of all connections between the watched node and its peers, and
 * copies them to the program that started it. It continues while that program is stopped or busy. When that
 * program ends, the pipes end, and this process ends with all of its connections; the node then loses its
 * peers and finds others. It ignores signals: its parent gets them, and tells it when to end.
 */
function main(): void {
  process.title = TAP_TITLE;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const end = (): never => process.exit(0);
  process.on('uncaughtException', (error) => {
    writeSync(2, `${error.stack ?? error.message}\n`);
    process.exit(1);
  });
  const control = new Socket({ fd: CONTROL_PIPE, readable: true, writable: true });
  const copies = new Socket({ fd: COPY_PIPE, readable: true, writable: true });
  for (const pipe of [control, copies]) pipe.on('error', end).on('close', end);
  // Nothing comes here except the end of the pipe.
  copies.resume();
  const server = new TapServer({
    send: (message) => {
      if (control.writableLength > MAX_WAITING) return false;
      frames.send(message);
      return true;
    },
    copies,
    end,
  });
  const frames = new Frames<FromTap, ToTap>(control, (message) => server.received(message));
}

main();
