import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSecondsOf, memoryOf } from '../../test/support/proc';
import { BIN } from '../../test/support/program';

/** A running `btcdmon-node collect`. */
export interface Collector {
  /** Path of the socket that it listens on. */
  readonly socket: string;
  /** Seconds of processor time so far. */
  readonly cpu: () => number;
  /** Resident memory in MB. */
  readonly rss: () => number;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a collector with an embedded store of its own. The paths of its socket and of its store are in
 * `folder` and begin with `name`.
 */
export async function startCollector(folder: string, name: string): Promise<Collector> {
  const socket = path.join(folder, name);
  const args = ['collect', '-l', `unix:${socket}`, '--data-dir', path.join(folder, `${name}-data`)];
  args.push('--interval', '1h', '--log-level', 'error');
  const child = spawn(process.execPath, [BIN, ...args], { stdio: 'inherit' });
  while (!existsSync(socket)) {
    if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}`);
    await sleep(50);
  }
  return {
    socket,
    cpu: () => cpuSecondsOf(child.pid),
    rss: () => memoryOf(child.pid).resident / 1e6,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
