// Runs every benchmark of this folder, one after the other. Each prints ratios against something measured in
// its own run.
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

const folder = new URL('.', import.meta.url).pathname;
for (const name of readdirSync(folder).filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [`${folder}${name}`], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
