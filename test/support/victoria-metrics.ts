import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';
import { until } from './until';

/** A real VictoriaMetrics on loopback, empty. */
export interface VictoriaMetrics {
  readonly port: number;
  /** The port on which it takes line protocol over TCP. */
  readonly linePort: number;
  /** The number of samples of each metric whose name matches a regular expression. */
  samples(pattern: string): Promise<ReadonlyMap<string, number>>;
  /** Kills the server and removes its folder. */
  stop(): Promise<void>;
}

/** Declares that a test file needs VictoriaMetrics. */
export const victoriaMetrics = requirement(
  'victoria-metrics',
  () => findProgram('victoria-metrics') ?? findProgram('victoria-metrics-prod'),
  'install VictoriaMetrics (Debian: apt-get install victoria-metrics)',
);

/** Starts one in a temporary folder. */
export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const { path: program } = victoriaMetrics;
  if (program === null) throw new Error('victoria-metrics was not found');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-victoria-'));
  const port = await freePort();
  const linePort = await freePort();
  const options = [
    `-influxListenAddr=127.0.0.1:${linePort}`,
    `-storageDataPath=${folder}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-memory.allowedBytes=256MB',
  ];
  const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-2_000)));
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const stop = async (): Promise<void> => {
    process.off('exit', killOnExit);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(
      'VictoriaMetrics to answer',
      async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
      {
        giveUp: () => (child.exitCode === null ? undefined : log),
      },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, linePort, stop, samples: (pattern) => readSamples(port, pattern) };
}

async function readSamples(port: number, pattern: string): Promise<ReadonlyMap<string, number>> {
  const query = new URLSearchParams({ 'match[]': `{__name__=~"${pattern}"}`, start: '0' });
  // Without this the last samples would be visible only later.
  await fetch(`http://127.0.0.1:${port}/internal/force_flush`);
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/export?${query.toString()}`);
  const counts = new Map<string, number>();
  for (const line of (await response.text()).split('\n').filter((text) => text !== '')) {
    const { metric, values } = JSON.parse(line) as {
      readonly metric: { readonly __name__: string };
      readonly values: readonly unknown[];
    };
    counts.set(metric.__name__, (counts.get(metric.__name__) ?? 0) + values.length);
  }
  return counts;
}
