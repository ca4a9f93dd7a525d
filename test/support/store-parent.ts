import { StoreProcess } from '../../src/store/process/store-process';

/**
 * `FILE PROGRAM`: opens a store in a process of its own, prints that process's id, and runs until it is
 * killed.
 */
async function main(): Promise<void> {
  const store = new StoreProcess(
    { path: process.argv[2] ?? '', program: process.argv[3] ?? '' },
    { warn: (message) => process.stdout.write(`warning ${message}\n`) },
  );
  await store.open();
  process.stdout.write(`${store.pid ?? 0}\n`);
  setInterval(() => undefined, 60_000);
}

void main();
