import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cleanup } from './cleanup';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';

/** Declares that a test file needs an Alertmanager. */
export const alertmanager = requirement(
  'prometheus-alertmanager',
  () => findProgram('prometheus-alertmanager'),
  'install Alertmanager (Debian: apt-get install prometheus-alertmanager)',
);

/**
 * Starts a real Alertmanager with this configuration, on loopback alone. Its files are in `folder`.
 */
export async function startAlertmanager(
  program: string,
  { folder, config: text }: { readonly folder: string; readonly config: string },
  cleanup: Cleanup,
): Promise<{ readonly port: number; readonly pid: number | undefined }> {
  const port = await freePort();
  const config = path.join(folder, 'alertmanager.yml');
  await writeFile(config, text);
  const server = spawn(
    program,
    [
      ...[`--config.file=${config}`, `--storage.path=${path.join(folder, 'alertmanager')}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='],
    ],
    { stdio: 'ignore' },
  );
  cleanup.add(server, async (it) => {
    if (it.exitCode !== null || !it.kill('SIGKILL')) return;
    await once(it, 'exit');
  });
  return { port, pid: server.pid };
}
