// Strangers that flood, in a process of their own: `PORT KIND COUNT`. Each of them dials from an address of
// its own and sends as much as it can. When it is disconnected, it dials again from a new address. KIND is
// `ping`, `unread` (pings whose pongs are never read), `inv` (50,000 items that nobody knows) or `tx`
// (unrequested, with 20,000 outputs each). On SIGTERM the process prints how often strangers were
// disconnected.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { encodeFrame } from '#dist/wire/framing';
import { NETWORKS } from '#dist/wire/networks';
import { versionPayload } from '../../test/support/fake-peer';

const { magic } = NETWORKS.regtest;
const OUTPUTS = 20_000;
const ITEMS = 50_000;

function tx(): Buffer {
  const head = Buffer.from(`0200000001${'00'.repeat(36)}00ffffffff`, 'hex');
  randomBytes(32).copy(head, 5);
  const size = Buffer.from([0xfd, OUTPUTS & 0xff, OUTPUTS >> 8]);
  const outputs = Buffer.alloc(9 * OUTPUTS);
  return Buffer.concat([head, size, outputs, Buffer.alloc(4)]);
}

function inv(): Buffer {
  const payload = randomBytes(3 + 36 * ITEMS);
  payload[0] = 0xfd;
  payload.writeUInt16LE(ITEMS, 1);
  for (let i = 0; i < ITEMS; i++) payload.writeUInt32LE(5, 3 + 36 * i);
  return payload;
}

const pings = Buffer.concat(Array.from({ length: 2_000 }, () => encodeFrame(magic, 'ping', randomBytes(8))));
const MAKE = {
  ping: () => pings,
  unread: () => pings,
  inv: () => encodeFrame(magic, 'inv', inv()),
  tx: () => encodeFrame(magic, 'tx', tx()),
};

/** What the strangers send. */
export type FloodKind = keyof typeof MAKE;

/** The result that is printed at the end. */
export interface FloodEnd {
  readonly dialled: number;
  readonly ends: number;
}

let dialled = 0;
let ends = 0;

function dial(port: number, kind: FloodKind): void {
  dialled++;
  const localAddress = `127.${99 + (kind.length % 7)}.${dialled >> 8}.${dialled & 0xff}`;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let isOver = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isOver = true;
    ends++;
    setTimeout(dial, 250, port, kind);
  });
  if (kind !== 'unread') socket.resume();
  const pump = (): void => {
    while (!isOver && socket.write(MAKE[kind]()));
  };
  socket.on('connect', () => {
    socket.write(encodeFrame(magic, 'version', versionPayload()));
    socket.write(encodeFrame(magic, 'verack', Buffer.alloc(0)));
    setTimeout(pump, 500);
  });
  socket.on('drain', () => setImmediate(pump));
}

const [port, kind, count] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) dial(Number(port), kind as FloodKind);
process.on('SIGTERM', () => {
  const end: FloodEnd = { dialled, ends };
  console.log(JSON.stringify(end));
  process.exit(0);
});
