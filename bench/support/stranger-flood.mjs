// Strangers that flood, in a process of their own: `PORT KIND COUNT`. Each of them dials from an address of
// its own, sends as much as it can, and dials again from a new address when it is ended. KIND: `ping`,
// `unread` (pings whose answers are never read), `inv` (50,000 items that nobody knows), `tx` (unasked,
// 20,000 outputs each). Prints how often one was ended, when it is told to stop.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const require = createRequire(import.meta.url);
const root = process.env.BTCDMON_ROOT ?? new URL('../../', import.meta.url).pathname;
const { encodeFrame } = require(`${root}/dist/wire/framing.js`);
const { NETWORKS } = require(`${root}/dist/wire/networks.js`);

const [port, kind, count] = process.argv.slice(2);
const { magic } = NETWORKS.regtest;

const VERSION = Buffer.alloc(87);
VERSION.writeInt32LE(70_016, 0);
VERSION[80] = 1;
VERSION[81] = 0x2f;

const OUTPUTS = 20_000;
const tx = () => {
  const head = Buffer.from(`0200000001${'00'.repeat(36)}00ffffffff`, 'hex');
  randomBytes(32).copy(head, 5);
  const size = Buffer.from([0xfd, OUTPUTS & 0xff, OUTPUTS >> 8]);
  const outputs = Buffer.alloc(9 * OUTPUTS);
  return Buffer.concat([head, size, outputs, Buffer.alloc(4)]);
};

const inv = () => {
  const payload = randomBytes(3 + 36 * 50_000);
  payload[0] = 0xfd;
  payload.writeUInt16LE(50_000, 1);
  for (let i = 0; i < 50_000; i++) payload.writeUInt32LE(5, 3 + 36 * i);
  return payload;
};

const pings = Buffer.concat(Array.from({ length: 2_000 }, () => encodeFrame(magic, 'ping', randomBytes(8))));
const MAKE = {
  ping: () => pings,
  unread: () => pings,
  inv: () => encodeFrame(magic, 'inv', inv()),
  tx: () => encodeFrame(magic, 'tx', tx()),
};

let dialled = 0;
let ends = 0;

function dial() {
  dialled++;
  const localAddress = `127.${99 + (kind.length % 7)}.${dialled >> 8}.${dialled & 0xff}`;
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
  let isOver = false;
  const over = () => {
    if (isOver) return;
    isOver = true;
    ends++;
    setTimeout(dial, 250);
  };
  socket.on('error', () => undefined);
  socket.on('close', over);
  if (kind !== 'unread') socket.resume();
  const pump = () => {
    while (!isOver && socket.write(MAKE[kind]()));
  };
  socket.on('connect', () => {
    socket.write(encodeFrame(magic, 'version', VERSION));
    socket.write(encodeFrame(magic, 'verack', Buffer.alloc(0)));
    setTimeout(pump, 500);
  });
  socket.on('drain', () => setImmediate(pump));
}

for (let i = 0; i < Number(count); i++) dial();
process.on('SIGTERM', () => {
  console.log(JSON.stringify({ dialled, ends }));
  process.exit(0);
});
