// 900,000 headers from a peer on this machine: the program as it is installed, over TCP, into its data
// directory, and once more with nothing left to fetch. The peer is a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEADER_BYTES, mine, serveHeaders } from './support/headers.mjs';

const COUNT = 900_000;
const PATIENCE_MS = 600_000;
const PEER = '--serve';

if (process.argv.includes(PEER)) serveHeaders(mine(COUNT), (port) => console.log(port));
else await measure();

async function measure() {
  const peer = spawn(process.execPath, [new URL(import.meta.url).pathname, PEER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-headers-'));
  try {
    const [port] = await once(createInterface({ input: peer.stdout }), 'line');
    const first = await run(folder, port);
    const kept = statSync(path.join(folder, 'data', 'headers-regtest.dat')).size / HEADER_BYTES - 1;
    if (kept !== COUNT) throw new Error(`${kept} headers are kept`);
    const second = await run(folder, port);
    const rate = (COUNT / first / 1000).toFixed(0);
    console.log(
      `headers-peer: ${COUNT} headers over TCP, from the start of the program to the last, in ${first.toFixed(1)} s ` +
        `(${rate} k/s); with all kept, in ${second.toFixed(1)} s`,
    );
  } finally {
    peer.kill();
    rmSync(folder, { recursive: true });
  }
}

/** Runs the program until it has all headers and has stopped. */
async function run(folder, port) {
  const bin = new URL('../bin/btcdmon-node', import.meta.url).pathname;
  const args = [
    '-n',
    'regtest',
    '-c',
    `127.0.0.1:${port}`,
    '--data-dir',
    path.join(folder, 'data'),
    '-e',
    'stdout:',
  ];
  const start = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let seconds;
  let log = '';
  child.stdout.resume();
  child.stderr.on('data', (chunk) => {
    log += chunk;
    if (seconds === undefined && log.includes(`"height":${COUNT},`))
      seconds = (performance.now() - start) / 1000;
  });
  for (const deadline = Date.now() + PATIENCE_MS; seconds === undefined; await sleep(10))
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`not all headers came:\n${log}`);
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
  return seconds;
}
