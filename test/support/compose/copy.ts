import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..', '..');

/** The files that docker-compose.yml mounts or reads. */
const PARTS = ['docker-compose.yml', '.env.example', 'config', 'grafana', 'scripts/compose-secrets.sh'];

/** Copies what Compose needs from this repository, and makes secrets and .env with the project's script. */
export function copyProject(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-compose-'));
  for (const part of PARTS) cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
  makeSecrets(folder);
  return folder;
}

/** Runs the script that makes secrets, and returns its output. */
export function makeSecrets(folder: string, ...args: readonly string[]): string {
  return execFileSync('sh', [path.join(folder, 'scripts', 'compose-secrets.sh'), ...args], {
    encoding: 'utf8',
  });
}
