import { writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Frames } from '../store/process/frames';
import type { FromStore, ToStore } from '../store/process/messages';
import { STORE_TITLE } from '../store/process/title';
import { StoreServer } from './store-server';

/** Where whoever starts this process has the other end of the pipe. */
const PIPE = 3;

/** Of two processes that the system could end for want of memory, it takes this one: it is started again. */
const OOM_SCORE = '500';

/**
 * Ends at once, whatever runs: exit() would wait for threads that are in a statement. Commits are on disk,
 * and all else is undone.
 */
function end(why?: string): never {
  if (why !== undefined) writeSync(2, `${why}\n`);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('not reached');
}

/**
 * The process of a store: started by the program that hears the network or shows the store, and told over a
 * pipe what to write and what to answer. It ends with the pipe. Signals are for the program that started it,
 * which says when it is time.
 */
function main(): void {
  process.title = STORE_TITLE;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('uncaughtException', (error) => {
    end(error.stack ?? error.message);
  });
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE);
  } catch {
    // A system without it.
  }
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true });
  pipe.on('error', () => end());
  pipe.on('close', () => end());
  const server = new StoreServer({ send: (message) => frames.send(message), end });
  const frames = new Frames<FromStore, ToStore>(pipe, (message) => server.received(message));
}

main();
