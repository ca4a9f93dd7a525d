// The initial download of a btcd from another one: directly, through a tap, and through a tap whose program
// is stopped (SIGSTOP), in turns. The chain is 2 GB of blocks of 990 kB on regtest. Each block is a coinbase
// without any value, so the download costs both btcds as little as it can.
//   BENCH_BLOCKS=2020 BENCH_ROUNDS=2 node -r tsx/cjs bench/tap-download.ts
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHAIN_PARAMS } from '#dist/chain/params';
import { compactSize } from '#dist/wire/compact-size';
import { encodeFrame } from '#dist/wire/framing';
import { writeHash256 } from '#dist/wire/hash';
import { HEADER_BYTES } from '#dist/wire/header';
import { NETWORKS } from '#dist/wire/networks';
import { Btcd, btcd } from '../test/support/btcd';
import { versionPayload } from '../test/support/fake-peer';
import { cpuSecondsOf } from '../test/support/proc';
import { forkTapped } from './support/fork-tapped';
import { median } from './support/median';

const BLOCKS = Number(process.env['BENCH_BLOCKS'] ?? 2_020);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 2);
const SCRIPT_BYTES = 990_000;
/** Seconds between the times of two blocks. */
const SPACING = 2;
const PATIENCE_MS = 600_000;

const { magic } = NETWORKS.regtest;
const WAYS = ['without', 'read', 'stopped'] as const;
type Way = (typeof WAYS)[number];

/** The signature script of a coinbase: the height in its shortest form (BIP34), at least two bytes. */
function heightScript(height: number): Buffer {
  if (height <= 16) return Buffer.of(0x50 + height, 0);
  // The highest bit of the last byte is the sign.
  const length = Math.floor(Math.log2(height) / 8 + 1 / 8) + 1;
  const script = Buffer.alloc(1 + length, length);
  script.writeUIntLE(height, 1, length);
  return script;
}

/** The coinbase of a block, with one output that nobody can spend. */
function coinbase(height: number): Buffer {
  const script = Buffer.alloc(SCRIPT_BYTES, 0);
  // OP_RETURN, and one push of all the rest (OP_PUSHDATA4).
  script.writeUInt8(0x6a, 0);
  script.writeUInt8(0x4e, 1);
  script.writeUInt32LE(SCRIPT_BYTES - 6, 2);
  const signature = heightScript(height);
  return Buffer.concat([
    Buffer.of(1, 0, 0, 0, 1),
    Buffer.alloc(32),
    Buffer.alloc(4, 0xff),
    Buffer.of(signature.length),
    signature,
    Buffer.alloc(4, 0xff),
    Buffer.of(1),
    Buffer.alloc(8),
    compactSize(SCRIPT_BYTES),
    script,
    Buffer.alloc(4),
  ]);
}

/** Mines the blocks behind regtest's genesis block. The last one has the present time. */
function* mined(): Generator<Buffer> {
  const hash = Buffer.alloc(32);
  writeHash256(CHAIN_PARAMS.regtest.genesis, hash, 0);
  const start = Math.floor(Date.now() / 1_000) - BLOCKS * SPACING;
  for (let height = 1; height <= BLOCKS; height++) {
    const transaction = coinbase(height);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeInt32LE(0x20000000, 0);
    hash.copy(header, 4);
    writeHash256(transaction, header, 36);
    header.writeUInt32LE(start + height * SPACING, 68);
    header.writeUInt32LE(0x207fffff, 72);
    for (let nonce = 0; ; nonce++) {
      header.writeUInt32LE(nonce, 76);
      writeHash256(header, hash, 0);
      if ((hash[31] ?? 0) < 0x80) break;
    }
    yield Buffer.concat([header, Buffer.of(1), transaction]);
  }
}

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
  for (const block of mined()) {
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
