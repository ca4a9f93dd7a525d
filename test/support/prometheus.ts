import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cleanup } from './cleanup';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';

const REMEDY = 'install Prometheus (Debian: apt-get install prometheus)';

/** Declares that a test file needs a Prometheus server. */
export const prometheus = requirement('prometheus', () => findProgram('prometheus'), REMEDY);

/** Declares that a test file needs Prometheus's checker. */
export const promtool = requirement('promtool', () => findProgram('promtool'), REMEDY);

/** A real Prometheus on loopback. */
export interface Prometheus {
  /** Asks for the samples of an expression, now or at a time in Unix seconds. */
  query(expression: string, at?: number): Promise<readonly Sample[]>;
}

/** One sample of an answer. */
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** Time in Unix seconds, and the number as text. */
  readonly value: readonly [number, string];
}

/** The configuration of a Prometheus whose job `btcdmon` scrapes a port of loopback. */
export function scraping(target: number, everyMs: number): string {
  return `global: { scrape_interval: ${everyMs}ms, scrape_timeout: ${everyMs}ms }
scrape_configs: [{ job_name: btcdmon, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]
`;
}

/** Starts a Prometheus with this configuration. Its files are in `folder`. */
export async function startPrometheus(
  program: string,
  { folder, config: text }: { readonly folder: string; readonly config: string },
  cleanup: Cleanup,
): Promise<Prometheus> {
  const port = await freePort();
  const config = path.join(folder, 'prometheus.yml');
  await writeFile(config, text);
  const data = path.join(folder, 'prometheus');
  const server = spawn(
    program,
    [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  cleanup.add(server, async (it) => {
    if (it.exitCode !== null || !it.kill('SIGKILL')) return;
    await once(it, 'exit');
  });
  return {
    query: async (expression, at) => {
      const parameters = new URLSearchParams({
        query: expression,
        ...(at === undefined ? {} : { time: String(at) }),
      });
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query`, {
        method: 'POST',
        body: parameters,
      });
      const answer = (await response.json()) as { error?: string; data?: { result?: readonly Sample[] } };
      if (answer.error !== undefined) throw new Error(`${expression}: ${answer.error}`);
      return answer.data?.result ?? [];
    },
  };
}
