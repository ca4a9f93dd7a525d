// Measures how fast the whole listener takes blocks from a peer, by the encrypted transport (BIP324) and by
// the plain one, in turns: megabytes in a second of its processor time, from the first block to the last. The
// peer is a process of its own. Once the blocks are of one transaction, which costs little to parse, so that
// what is left is the transport, the hash of the bytes and the socket; once they are of 4,000 transactions,
// each of which is parsed, checked and becomes points.
//   BENCH_BLOCKS=300 node -r tsx/cjs bench/encrypted-blocks.ts
// With BENCH_VALIDATE=full every block is also validated and kept on disk by `--validate full`, whose thread
// counts as well; then the blocks are of one transaction only, because the others spend what is not there.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TransportName } from '#dist/p2p/transport/transport';
import { type Hash, hash256 } from '#dist/wire/hash';
import { HEADER_BYTES } from '#dist/wire/header';
import { decodeInventory, encodeInventory, INV_BLOCK } from '#dist/wire/messages/inventory';
import { versionPayload } from '../test/support/fake-peer';
import { startListeningApp } from './support/listening-app';
import { median } from './support/median';
import { mineBlocks } from './support/mined-blocks';
import { finish, partOf } from './support/own-process';
import { type SendMessage, speakTransport } from './support/transport-peer';

const BLOCKS = Number(process.env['BENCH_BLOCKS'] ?? 300);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const IS_FULL = process.env['BENCH_VALIDATE'] === 'full';
/** How many blocks are announced and not requested yet. */
const AHEAD = 8;

const TRANSACTIONS = 4_000;
const SCRIPT_BYTES = 990_000;

/** What the blocks are of. */
const KINDS = ['one transaction', '4,000 transactions'] as const;
const TRANSPORTS: readonly TransportName[] = ['v1', 'v2'];

/** What a download cost. */
interface Download {
  readonly bytes: number;
  readonly processorMs: number;
}

/** A payment of one input and two outputs without witness, 226 bytes, that differs from all others. */
function payment(height: number, n: number): Buffer {
  const bytes = Buffer.alloc(226);
  let at = bytes.writeInt32LE(2, 0);
  at = bytes.writeUInt8(1, at);
  bytes.writeUInt32LE(height, at);
  bytes.writeUInt32LE(n + 1, at + 4);
  at = bytes.writeUInt8(107, at + 36);
  // A signature and a key.
  bytes.writeUInt8(72, at);
  bytes.writeUInt8(33, at + 73);
  at = bytes.writeUInt8(2, at + 107 + 4);
  for (let output = 0; output < 2; output++) {
    at = bytes.writeBigUInt64LE(100_000n, at);
    Buffer.from('1976a914', 'hex').copy(bytes, at);
    Buffer.from('88ac', 'hex').copy(bytes, at + 24);
    at += 26;
  }
  return bytes;
}

function blocksOf(kind: string): Generator<Buffer> {
  return kind === KINDS[0]
    ? mineBlocks({ count: BLOCKS, scriptBytes: SCRIPT_BYTES })
    : mineBlocks({
        count: BLOCKS,
        scriptBytes: 6,
        transactions: (height) => Array.from({ length: TRANSACTIONS }, (_, n) => payment(height, n)),
      });
}

/** Announces blocks to whoever connects, and sends what is requested. */
async function servePeer(transport: TransportName, kind: string): Promise<void> {
  const blocks = blocksOf(kind);
  const ready = new Map<Hash, Buffer>();
  const announce = (send: SendMessage): void => {
    const items = [];
    for (let count = AHEAD - ready.size; count > 0; count--) {
      const next = blocks.next();
      if (next.done === true) break;
      const block = next.value;
      const hash = hash256(block.subarray(0, HEADER_BYTES));
      ready.set(hash, block);
      items.push({ type: INV_BLOCK, hash });
    }
    if (items.length > 0) send('inv', encodeInventory(items));
  };
  const server = createServer((socket) =>
    speakTransport(socket, {
      transport,
      isInitiator: false,
      onMessage: (send, command, payload) => {
        if (command === 'version') send('version', versionPayload());
        if (command === 'getheaders') send('headers', Buffer.of(0));
        if (command === 'verack') {
          send('verack');
          announce(send);
        }
        if (command !== 'getdata') return;
        for (const { hash } of decodeInventory(payload)) {
          const block = ready.get(hash);
          ready.delete(hash);
          if (block !== undefined) send('block', block);
        }
        announce(send);
      },
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('disconnect', () => process.exit());
  finish({ port: (server.address() as AddressInfo).port });
}

/** Runs the listener beside a peer until it has all blocks. */
async function download(transport: TransportName, kind: string): Promise<void> {
  const peer = fork(__filename, [`peer/${transport}/${kind}`], { execArgv: process.execArgv });
  const [{ port }] = (await once(peer, 'message')) as [{ port: number }];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-blocks-'));
  const app = await startListeningApp({
    ...{ transport, connect: port },
    ...(IS_FULL ? { chainDir: folder } : {}),
  });
  let bytes = 0;
  let count = 0;
  let start: NodeJS.CpuUsage | undefined;
  await new Promise<void>((resolve) =>
    app.bus.on('processedBlock', ({ block, status }) => {
      if (status === 'rejected') throw new Error('a block was rejected');
      start ??= process.cpuUsage();
      // The first block only starts the clock.
      if (count > 0) bytes += block.size;
      count += 1;
      if (count === BLOCKS) resolve();
    }),
  );
  const { user, system } = process.cpuUsage(start);
  const result: Download = { bytes, processorMs: (user + system) / 1_000 };
  peer.disconnect();
  await app.stop();
  rmSync(folder, { recursive: true });
  finish(result);
  process.exit();
}

async function measure(transport: TransportName, kind: string): Promise<Download> {
  const child = fork(__filename, [`listener/${transport}/${kind}`], {
    execArgv: process.execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [result] = (await once(child, 'message')) as [Download];
  return result;
}

async function main(): Promise<void> {
  for (const kind of IS_FULL ? KINDS.slice(0, 1) : KINDS) {
    const runs: Record<string, Download[]> = { v1: [], v2: [] };
    for (let round = 0; round < ROUNDS; round++)
      for (const transport of TRANSPORTS) runs[transport]?.push(await measure(transport, kind));
    const speed = (transport: TransportName): number =>
      median((runs[transport] ?? []).map(({ bytes, processorMs }) => bytes / processorMs / 1_000));
    const [plain, encrypted] = [speed('v1'), speed('v2')];
    console.log(
      `encrypted-blocks: ${IS_FULL ? '--validate full: ' : ''}blocks of ${kind}: ${encrypted.toFixed(0)} MB in a second of processor time by v2, ` +
        `${plain.toFixed(0)} by v1: ${(encrypted / plain).toFixed(2)} times`,
    );
  }
}

const [role, transport, kind = ''] = partOf()?.split('/') ?? [];
if (role === 'peer') void servePeer(transport as TransportName, kind);
else if (role === 'listener') void download(transport as TransportName, kind);
else void main();
