import { setTimeout as sleep } from 'node:timers/promises';
import { untilSignal } from '../../src/cli/signals';

/** A program whose end takes a second, in many steps. */
async function main(): Promise<void> {
  const held = setInterval(() => undefined, 1_000);
  const signalled = untilSignal(new Promise(() => undefined));
  process.stdout.write('running\n');
  await signalled;
  process.stdout.write('ending\n');
  for (let step = 0; step < 20; step++) await sleep(50);
  clearInterval(held);
}

void main();
