// The tap: throughput and delay of a connection through it, beside one without it, while the program reads
// the copy and while it is stopped (SIGSTOP). Traffic, program and tap are processes of their own.
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '#dist/wire/framing';
import { NETWORKS } from '#dist/wire/networks';
import { cpuSecondsOf, memoryOf } from '../test/support/proc';
import { forkTapped } from './support/fork-tapped';
import { median } from './support/median';
import { makeTransaction } from './support/transactions';

const ROUNDS = 3;
const GIGABYTES = Number(process.env['BENCH_GB'] ?? 1);
const MESSAGES_A_SECOND = 2_000;
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 5);

const { magic } = NETWORKS.mainnet;
const BLOCK = encodeFrame(magic, 'block', Buffer.alloc(999_976, 7));
/** A transaction as mainnet's, of 362 bytes. */
const TX = makeTransaction([]).bytes;

const WAYS = ['without', 'read', 'stopped'] as const;
type Way = (typeof WAYS)[number];

/** Both ends of a connection to `server` by `port`. */
async function connected(server: ReturnType<typeof createServer>, port: number): Promise<[Socket, Socket]> {
  const near = connect(port, '127.0.0.1').setNoDelay(true);
  const [far] = (await once(server, 'connection')) as [Socket];
  // The reader of the copy wants a version first.
  const version = encodeFrame(magic, 'version', Buffer.alloc(86));
  near.write(version);
  for (let left = version.length; left > 0;) left -= ((await once(far, 'data')) as [Buffer])[0].length;
  return [near, far];
}

/** Megabytes a second. */
async function throughput([near, far]: readonly [Socket, Socket]): Promise<number> {
  const blocks = GIGABYTES * 1_000;
  const since = performance.now();
  let left = blocks * BLOCK.length;
  const all = new Promise<void>((resolve) => {
    far.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left === 0) resolve();
    });
  });
  for (let i = 0; i < blocks; i++) if (!near.write(BLOCK)) await once(near, 'drain');
  await all;
  far.removeAllListeners('data');
  return (blocks * BLOCK.length) / 1_000 / (performance.now() - since);
}

/** Delays in milliseconds, in their order of size. */
async function delays([near, far]: readonly [Socket, Socket]): Promise<readonly number[]> {
  const { length } = encodeFrame(magic, 'tx', TX);
  const sentAt: number[] = [];
  const found: number[] = [];
  let bytes = 0;
  far.on('data', (chunk: Buffer) => {
    const now = performance.now();
    bytes += chunk.length;
    while (found.length < Math.floor(bytes / length)) found.push(now - (sentAt[found.length] ?? now));
  });
  const total = MESSAGES_A_SECOND * SECONDS;
  const since = performance.now();
  while (sentAt.length < total) {
    const due = Math.min(total, ((performance.now() - since) * MESSAGES_A_SECOND) / 1_000);
    while (sentAt.length < due) {
      sentAt.push(performance.now());
      // Each differs by its lock time.
      TX.writeUInt32LE(sentAt.length, TX.length - 4);
      near.write(encodeFrame(magic, 'tx', TX));
    }
    // Without a pause this loop would take a processor of its own. On a machine of two, the tap would then
    // share the other one with the program.
    await sleep(1);
  }
  while (found.length < total) await sleep(5);
  far.removeAllListeners('data');
  return found.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.floor((sorted.length - 1) * part)] ?? 0;

async function main(): Promise<void> {
  const server = createServer((socket) => socket.setNoDelay(true)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { child, ...tap } = await forkTapped('mainnet', port);

  const speeds: Record<Way, number[]> = { without: [], read: [], stopped: [] };
  const p50: Record<Way, number[]> = { without: [], read: [], stopped: [] };
  const p99: Record<Way, number[]> = { without: [], read: [], stopped: [] };
  const cpu: Record<Way, number[]> = { without: [], read: [], stopped: [] };
  let memory = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of WAYS) {
      if (way === 'stopped') child.kill('SIGSTOP');
      const ends = await connected(server, way === 'without' ? port : tap.port);
      const sorted = await delays(ends);
      p50[way].push(at(sorted, 0.5));
      p99[way].push(at(sorted, 0.99));
      const before = cpuSecondsOf(tap.pid);
      speeds[way].push(await throughput(ends));
      cpu[way].push((cpuSecondsOf(tap.pid) - before) / GIGABYTES);
      memory = Math.max(memory, memoryOf(tap.pid).anonymous);
      if (way === 'stopped') child.kill('SIGCONT');
      for (const socket of ends) socket.destroy();
      await sleep(500);
    }
  }
  const base = median(speeds.without);
  for (const way of WAYS) {
    console.log(
      `${way.padEnd(8)} ${median(speeds[way]).toFixed(0).padStart(6)} MB/s, ` +
        `${((100 * median(speeds[way])) / base).toFixed(0)} %; delay p50 ${median(p50[way]).toFixed(3)} ms, ` +
        `p99 ${median(p99[way]).toFixed(3)} ms, added ${(median(p99[way]) - median(p99.without)).toFixed(3)} ms; ` +
        `the tap's processor time ${median(cpu[way]).toFixed(2)} s/GB`,
    );
  }
  console.log(`memory of the tap's process: ${(memory / 1e6).toFixed(0)} MB at most`);
  child.kill('SIGKILL');
  server.close();
}

void main();
