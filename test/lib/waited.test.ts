import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Keeps a processor busy for two seconds, and prints how long that was, and of it the waiting. */
const BUSY = `
const { waitedMs } = require('${path.join(__dirname, '../../src/lib/waited')}');
const [start, waited, used] = [performance.now(), waitedMs(), process.cpuUsage()];
while (performance.now() < start + 2_000);
const { user, system } = process.cpuUsage(used);
const elapsed = performance.now() - start;
console.log(JSON.stringify({ elapsed, waited: waitedMs() - waited, used: (user + system) / 1_000 }));
`;

/** Runs it on the first processor. */
function busy(): ReturnType<typeof spawn> {
  const node = [process.execPath, '-r', 'tsx/cjs', '-e', BUSY];
  return spawn('taskset', ['-c', '0', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
}

it('is the time in which other programs have the processor', async () => {
  const programs = [busy(), busy(), busy()];
  const told = await Promise.all(
    programs.map(async ({ stdout }) => {
      if (stdout === null) throw new Error('there is no output');
      const [line] = (await once(stdout, 'data')) as [Buffer];
      return JSON.parse(String(line)) as { elapsed: number; waited: number; used: number };
    }),
  );
  for (const { elapsed, waited, used } of told) {
    // The other threads of the program have used a little as well.
    expect(Math.abs(elapsed - used - waited)).toBeLessThan(elapsed / 5);
  }
  expect(Math.max(...told.map(({ waited, elapsed }) => waited / elapsed))).toBeGreaterThan(0.2);
}, 60_000);
