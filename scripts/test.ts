// Runs the tests with jest: first those that may run side by side, then one by one those that need the
// machine for themselves (`*.alone.test.ts`). With arguments there is one run, and jest gets the arguments.
import { spawnSync } from 'node:child_process';

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
  const { status } = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
