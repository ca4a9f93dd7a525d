// Memory and processor time of a sidecar that has nothing to do: the built program beside a peer that only pings.
// Usage: node scripts/idle.mjs [--seconds 60] [--connect host:port --network name]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    connect: { type: 'string', default: '127.0.0.1:1' },
    network: { type: 'string', default: 'regtest' },
  },
});
const program = new URL('../bin/btcdmon-node', import.meta.url).pathname;
const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-idle-'));
const args = ['-n', values.network, '-c', values.connect, '--data-dir', folder, '--log-level', 'error'];
const started = performance.now();
const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });

/** Processor time in seconds, of /proc/PID/stat; a tick is 10 ms on every Linux that Node runs on. */
const cpuSeconds = () => {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const rssMiB = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
await wait(5_000);
const warm = { cpu: cpuSeconds(), at: performance.now() };
await wait(Number(values.seconds) * 1_000);
const busy = (cpuSeconds() - warm.cpu) / ((performance.now() - warm.at) / 1_000);
const perHour = busy * 3_600;
console.log(
  `resident ${rssMiB().toFixed(0)} MiB; processor ${(busy * 100).toFixed(2)} % of a core, ${perHour.toFixed(0)} s an hour`,
);
console.log(
  `start-up and first 5 s: ${warm.cpu.toFixed(2)} s of processor time; ran ${((performance.now() - started) / 1_000).toFixed(0)} s`,
);
child.kill('SIGTERM');
child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
