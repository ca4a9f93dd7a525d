import { writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Frames } from '../lib/frames';
import type { FromStore, ToStore } from '../store/process/messages';
import { STORE_TITLE } from '../store/process/title';
import { StoreServer } from './store-server';

/** File descriptor of the pipe to the parent process. */
const PIPE = 3;

/** Where memory runs out the system ends this process rather than its parent: this one is started again. */
const OOM_SCORE = '500';

/**
 * Ends this process at once, whatever runs: exit() would wait for threads that run a statement. Commits are
 * on disk; everything else is undone.
 */
function end(why?: string): never {
  if (why !== undefined) writeSync(2, `${why}\n`);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('not reached');
}

/**
 * The process of a store. The program that hears the network or shows the store starts it, and tells it over
 * a pipe what to write and what to answer. It ends with the pipe. It ignores signals: they are for its
 * parent, which tells it when to end.
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
    // This system has no such file.
  }
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true });
  pipe.on('error', () => end());
  pipe.on('close', () => end());
  const server = new StoreServer({ send: (message) => frames.send(message), end });
  const frames = new Frames<FromStore, ToStore>(pipe, (message) => server.received(message));
  frames.send({ kind: 'loaded' });
}

main();
