// Memory and processor time of a sidecar that has nothing to do: the built program beside a peer that only
// pings. Usage: node scripts/idle.mjs [--seconds 60] [--connect host:port --network name]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
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
  return processes().reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
};

/** The program and the processes that it started: one for each embedded store. */
const processes = () => [
  child.pid,
  ...readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === child.pid;
    } catch {
      return false;
    }
  }),
];
const sumOf = (file, pattern) =>
  processes().reduce(
    (sum, pid) => sum + Number(pattern.exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? 0) / 1024,
    0,
  );
const rssMiB = () => sumOf('status', /VmRSS:\s+(\d+)/);
/** What several processes share, as the code of Node.js, counts once. */
const pssMiB = () => sumOf('smaps_rollup', /^Pss:\s+(\d+)/m);

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
await wait(5_000);
const warm = { cpu: cpuSeconds(), at: performance.now() };
await wait(Number(values.seconds) * 1_000);
const busy = (cpuSeconds() - warm.cpu) / ((performance.now() - warm.at) / 1_000);
const perHour = busy * 3_600;
console.log(
  `resident ${rssMiB().toFixed(0)} MiB in ${processes().length} processes, ${pssMiB().toFixed(0)} MiB with what they share counted once; processor ${(busy * 100).toFixed(2)} % of a core, ${perHour.toFixed(0)} s an hour`,
);
console.log(
  `start-up and first 5 s: ${warm.cpu.toFixed(2)} s of processor time; ran ${((performance.now() - started) / 1_000).toFixed(0)} s`,
);
child.kill('SIGTERM');
child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
