// Runs every benchmark of this folder, one after the other. Each prints ratios to something that it measures
// in the same run.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const OWN = path.basename(__filename);

for (const name of readdirSync(__dirname).filter((file) => file.endsWith('.ts') && file !== OWN)) {
  console.log(`\n== ${name}`);
  const args = [...process.execArgv, path.join(__dirname, name)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
