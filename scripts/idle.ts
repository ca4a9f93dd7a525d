// Measures the memory and the processor time of an idle sidecar: the built program with a peer that only
// pings, or without a peer (the default). Usage:
//   node -r tsx/cjs scripts/idle.ts [--seconds 60] [--connect host:port --network name]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuSecondsOf, familyOf, memoryOf, proportionalBytesOf } from '../test/support/proc';
import { BIN } from '../test/support/program';
import { positiveNumber } from './support/options';

const MIB = 1_024 * 1_024;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    connect: { type: 'string', default: '127.0.0.1:1' },
    network: { type: 'string', default: 'regtest' },
  },
});
const seconds = positiveNumber('idle', 'seconds', values.seconds);

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-idle-'));
  const args = ['-n', values.network, '-c', values.connect, '--data-dir', folder, '--log-level', 'error'];
  const started = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], { stdio: 'inherit' });
  /** Sums a value over the program and the processes that it started, one for each embedded store. */
  const sum = (valueOf: (pid: number) => number): number =>
    familyOf(child.pid).reduce((total, pid) => total + valueOf(pid), 0);
  await sleep(5_000);
  const warm = { cpu: sum(cpuSecondsOf), at: performance.now() };
  await sleep(seconds * 1_000);
  const busy = (sum(cpuSecondsOf) - warm.cpu) / ((performance.now() - warm.at) / 1_000);
  const resident = sum((pid) => memoryOf(pid).resident) / MIB;
  console.log(
    `resident ${resident.toFixed(0)} MiB in ${familyOf(child.pid).length} processes, ` +
      `${(sum(proportionalBytesOf) / MIB).toFixed(0)} MiB with shared memory counted once; ` +
      `processor ${(busy * 100).toFixed(2)} % of a core, ${(busy * 3_600).toFixed(0)} s an hour`,
  );
  console.log(
    `start-up and first 5 s: ${warm.cpu.toFixed(2)} s of processor time; ran ${((performance.now() - started) / 1_000).toFixed(0)} s`,
  );
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  rmSync(folder, { recursive: true, force: true });
}

void main();
