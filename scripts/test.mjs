// Runs the tests: all of them, then one by one those that need the machine for themselves
// (`*.alone.test.ts`). Arguments are jest's, and then there is one run alone.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const ALONE = '\\.alone\\.test\\.ts$';
const given = process.argv.slice(2);
const runs =
  given.length > 0
    ? [given]
    : [
        ['--testPathIgnorePatterns', ALONE],
        ['--runInBand', ALONE],
      ];
for (const args of runs) {
  const { status } = spawnSync(process.execPath, [jest, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
