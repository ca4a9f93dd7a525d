// The initial download of a btcd from another one: directly, through a tap, and through a tap whose program
// is stopped (SIGSTOP), in turns. The chain is 2 GB of blocks of 990 kB on regtest. Each block is a coinbase
// without any value, so the download costs both btcds as little as it can.
//   BENCH_BLOCKS=2020 BENCH_ROUNDS=2 node -r tsx/cjs bench/tap-download.ts
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '#dist/wire/framing';
import { NETWORKS } from '#dist/wire/networks';
import { Btcd, btcd } from '../test/support/btcd';
import { versionPayload } from '../test/support/fake-peer';
import { cpuSecondsOf } from '../test/support/proc';
import { forkTapped } from './support/fork-tapped';
import { median } from './support/median';
import { mineBlocks } from './support/mined-blocks';

const BLOCKS = Number(process.env['BENCH_BLOCKS'] ?? 2_020);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 2);
const SCRIPT_BYTES = 990_000;
const PATIENCE_MS = 600_000;

const { magic } = NETWORKS.regtest;
const WAYS = ['without', 'read', 'stopped'] as const;
type Way = (typeof WAYS)[number];

/** Waits until `node` has all blocks. */
async function complete(node: Btcd): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const height = await node.rpc<number>('getblockcount');
    if (height === BLOCKS) return;
    if (Date.now() > deadline) throw new Error(`btcd has ${height} of ${BLOCKS} blocks`);
    await sleep(20);
  }
}

/** Sends the chain to a node, which accepts unrequested blocks on regtest. @returns the blocks' bytes */
async function fill(node: Btcd): Promise<number> {
  const socket = connect(node.p2pPort, '127.0.0.1');
  socket.resume();
  await once(socket, 'connect');
  socket.write(encodeFrame(magic, 'version', versionPayload()));
  socket.write(encodeFrame(magic, 'verack', Buffer.alloc(0)));
  let bytes = 0;
  for (const block of mineBlocks({ count: BLOCKS, scriptBytes: SCRIPT_BYTES })) {
    bytes += block.length;
    if (!socket.write(encodeFrame(magic, 'block', block))) await once(socket, 'drain');
  }
  await complete(node);
  socket.destroy();
  return bytes;
}

/** Downloads the chain from `port` into a new btcd. @returns the seconds from its dial to its last block */
async function download(program: string, port: number): Promise<number> {
  const node = await Btcd.start(program, { extraArgs: ['--nocfilters'] });
  try {
    const since = performance.now();
    await node.rpc('addnode', `127.0.0.1:${port}`, 'onetry');
    await complete(node);
    return (performance.now() - since) / 1_000;
  } finally {
    await node.stop();
  }
}

async function main(program: string): Promise<void> {
  const source = await Btcd.start(program, { extraArgs: ['--nocfilters'] });
  try {
    const bytes = await fill(source);
    const seconds: Record<Way, number[]> = { without: [], read: [], stopped: [] };
    const tapCpu: Record<Way, number[]> = { without: [], read: [], stopped: [] };
    const programCpu: Record<Way, number[]> = { without: [], read: [], stopped: [] };
    for (let round = 0; round < ROUNDS; round++)
      for (const way of WAYS) {
        if (way === 'without') {
          seconds[way].push(await download(program, source.p2pPort));
          continue;
        }
        const { child, port, pid } = await forkTapped('regtest', source.p2pPort);
        const startUp = cpuSecondsOf(child.pid);
        if (way === 'stopped') child.kill('SIGSTOP');
        seconds[way].push(await download(program, port));
        tapCpu[way].push(cpuSecondsOf(pid));
        programCpu[way].push(cpuSecondsOf(child.pid) - startUp);
        if (way === 'stopped') child.kill('SIGCONT');
        child.kill();
      }
    const base = median(seconds.without);
    for (const way of WAYS) {
      const taken = median(seconds[way]);
      console.log(
        `tap-download: ${way.padEnd(8)} ${(bytes / 1e9).toFixed(2)} GB in ${taken.toFixed(1)} s, ` +
          `${(bytes / 1e6 / taken).toFixed(0)} MB/s, ${((100 * base) / taken).toFixed(0)} %` +
          (way === 'without'
            ? ''
            : `; processor time of the tap ${median(tapCpu[way]).toFixed(1)} s, ` +
              `of the program ${median(programCpu[way]).toFixed(1)} s`),
      );
    }
  } finally {
    await source.stop();
  }
}

if (btcd.path === null) {
  console.error('tap-download: needs btcd; name it with BTCD_BIN');
  process.exitCode = 1;
} else void main(btcd.path);
