import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';
import { until } from './until';

const CONFIG = path.join(__dirname, '..', '..', 'config');
const CACHE = path.join(
  process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'),
  'btcdmon-node',
  'bin',
);

/** Declares that a test file needs Telegraf. */
export const telegraf = requirement(
  'telegraf',
  () => findProgram('telegraf', [CACHE]),
  'scripts/ci-install.sh builds it, with the plugins that the sample configurations name',
);

/** A real Telegraf with the sample configuration, between ports of loopback. */
export interface Telegraf {
  /** The port on which it takes lines, over TCP and UDP. */
  readonly port: number;
  readonly log: () => string;
  /** Has it deliver its points, and ends it. */
  stop(): Promise<void>;
}

/** Starts Telegraf with config/telegraf.conf. Its points go to the InfluxDB at `influx`. */
export async function startTelegraf(influx: string): Promise<Telegraf> {
  const { path: program } = telegraf;
  if (program === null) throw new Error('telegraf was not found');
  const port = await freePort();
  const child = spawn(program, ['--config', path.join(CONFIG, 'telegraf.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { BTCDMON_LISTEN: `127.0.0.1:${port}`, BTCDMON_INFLUX: influx },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const stop = async (): Promise<void> => {
    process.off('exit', killOnExit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  await until(
    'Telegraf to listen',
    () => log.includes('Listening on udp') && log.includes('Listening on tcp'),
    {
      giveUp: () => (child.exitCode === null ? undefined : log),
    },
  );
  return { port, log: () => log, stop };
}
