import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { memoryOf, stateOf } from './proc';
import { residentOnceOf } from './resident';
import { until } from './until';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts a Node.js that holds this many bytes of its own, and returns its id. */
async function started(bytes: number): Promise<number> {
  const script = `const own = Buffer.alloc(${bytes}, 1); console.log(own.length); setInterval(() => own, 1e6)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  // What it has stays the same from here on.
  child.kill('SIGSTOP');
  await until('it to stand still', () => stateOf(child.pid) === 'T');
  return child.pid ?? 0;
}

it('is what the system says of one process', async () => {
  const pid = await started(1e6);
  const { resident } = memoryOf(pid);
  expect(residentOnceOf([pid])).toBeGreaterThan(0.97 * resident);
  expect(residentOnceOf([pid])).toBeLessThan(1.03 * resident);
});

it('counts once what two processes share, and all that is their own', async () => {
  const [small, large] = [await started(1e6), await started(30e6)];
  const both = residentOnceOf([small, large]);
  const shared = residentOnceOf([small]) + residentOnceOf([large]) - both;
  const ofFiles = memoryOf(small).resident - memoryOf(small).anonymous;
  expect(shared).toBeGreaterThan(0.9 * ofFiles);
  expect(shared).toBeLessThanOrEqual(1.03 * ofFiles);
  // A third process with the same files, which halved Pss would show.
  await started(1e6);
  expect(residentOnceOf([small, large])).toBeGreaterThan(0.97 * both);
});
