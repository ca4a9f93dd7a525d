import { untilSignal } from '../../src/cli/signals';
import { createLog } from '../../src/lib/log';

/** A program whose end never comes: it must be killed. */
async function main(): Promise<void> {
  const log = createLog('info');
  setInterval(() => undefined, 1_000);
  const signalled = untilSignal(new Promise(() => undefined), () => log.error('killed'));
  process.stdout.write('running\n');
  await signalled;
}

void main();
