// Measures how long the program takes to fetch 900,000 headers over TCP from a peer on this machine into its
// data directory, and how long it takes with nothing left to fetch. The peer is a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEADER_BYTES } from '#dist/wire/header';
import { BIN } from '../test/support/program';
import { mine, serveHeaders } from './support/headers';

const COUNT = 900_000;
const PATIENCE_MS = 600_000;
const PEER = '--serve';

if (process.argv.includes(PEER)) serveHeaders(mine(COUNT), (port) => console.log(port));
else void measure();

async function measure(): Promise<void> {
  const peer = spawn(process.execPath, [...process.execArgv, __filename, PEER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-headers-'));
  try {
    const [port] = (await once(createInterface({ input: peer.stdout }), 'line')) as [string];
    const first = await run(folder, port);
    const kept = statSync(path.join(folder, 'data', 'headers-regtest.dat')).size / HEADER_BYTES - 1;
    if (kept !== COUNT) throw new Error(`${kept} of ${COUNT} headers are stored`);
    const second = await run(folder, port);
    const rate = (COUNT / first / 1000).toFixed(0);
    console.log(
      `headers-peer: from the start of the program to the last of ${COUNT} headers over TCP ${first.toFixed(1)} s ` +
        `(${rate} k/s); with all headers stored ${second.toFixed(1)} s`,
    );
  } finally {
    peer.kill();
    rmSync(folder, { recursive: true });
  }
}

/** Runs the program until it has all headers, and stops it. Returns the seconds until the last header. */
async function run(folder: string, port: string): Promise<number> {
  const args = [
    '-n',
    'regtest',
    '-c',
    `127.0.0.1:${port}`,
    '--data-dir',
    path.join(folder, 'data'),
    '-e',
    'stdout:',
    '--transport',
    'v1',
  ];
  const start = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let seconds: number | undefined;
  let log = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
    if (seconds === undefined && log.includes(`"height":${COUNT},`))
      seconds = (performance.now() - start) / 1000;
  });
  const deadline = Date.now() + PATIENCE_MS;
  while (seconds === undefined) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`not all headers arrived:\n${log}`);
    await sleep(10);
  }
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
  return seconds;
}
