// What strangers that flood cost the others, on one listener with peers of several processes: how long an
// honest peer waits for its pong beside 8 that flood pings and 4 that flood inv, beside what it waits for
// alone; what 60 take that never read; and what is left of the transactions of a peer that we have dialled
// when three others flood with transactions. BTCDMON_ROOT is the checkout that is measured; default this one.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const ROOT = process.env.BTCDMON_ROOT ?? fileURLToPath(new URL('../', import.meta.url));
const { encodeFrame, FrameReader } = require(`${ROOT}/dist/wire/framing.js`);
const { decodeInventory, encodeInventory } = require(`${ROOT}/dist/wire/messages/inventory.js`);
const { NETWORKS } = require(`${ROOT}/dist/wire/networks.js`);
const { parseTransaction } = require(`${ROOT}/dist/wire/transaction.js`);
const FLOOD = fileURLToPath(new URL('support/stranger-flood.mjs', import.meta.url));

const { magic } = NETWORKS.regtest;
const PING_MS = 50;
const SECONDS = Number(process.env.SECONDS ?? 15);
const VERSION = Buffer.alloc(87);
VERSION.writeInt32LE(70_016, 0);
VERSION.writeBigUInt64LE(9n, 4);
VERSION[80] = 1;
VERSION[81] = 0x2f;
VERSION[86] = 1;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** One end of a connection that shakes hands and hands messages on. */
function speak(socket, onMessage) {
  const send = (command, payload = Buffer.alloc(0)) => socket.write(encodeFrame(magic, command, payload));
  const reader = new FrameReader(magic, {
    arrived: () => undefined,
    message: (command, payload) => {
      if (command === 'ping') send('pong', payload);
      onMessage(send, command, payload);
    },
    violation: (reason) => {
      throw new Error(reason);
    },
  });
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => reader.push(chunk));
  return send;
}

/** A transaction of one input and two outputs. */
function makeTransaction() {
  const head = Buffer.from(`0200000001${'00'.repeat(36)}00ffffffff02`, 'hex');
  randomBytes(32).copy(head, 5);
  const raw = Buffer.concat([head, Buffer.alloc(18), Buffer.alloc(4)]);
  return { raw, hash: Buffer.from(parseTransaction(raw).wtxid, 'hex').reverse().toString('latin1') };
}

/** A peer that is dialled, and announces 20 transactions in a second. */
async function keptPeer() {
  const made = new Map();
  let announce;
  const server = createServer((socket) => {
    speak(socket, (send, command, payload) => {
      if (command === 'version') {
        send('version', VERSION);
        send('wtxidrelay');
      }
      if (command === 'verack') {
        send('verack');
        announce = () => {
          const { raw, hash } = makeTransaction();
          made.set(hash, raw);
          send('inv', encodeInventory([{ type: 5, hash }]));
        };
      }
      if (command === 'getdata')
        for (const { hash } of decodeInventory(payload)) if (made.has(hash)) send('tx', made.get(hash));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, made, announce: () => announce?.(), stop: () => server.close() };
}

/** The listener, with a kept peer and its points in a file. */
async function listener(folder) {
  const kept = await keptPeer();
  const port = await freePort();
  const out = path.join(folder, `points-${port}`);
  const args = ['--network', 'regtest', '--connect', `127.0.0.1:${kept.port}`, '--listen', String(port)];
  const child = spawn(
    process.execPath,
    [`${ROOT}/bin/btcdmon-node`, ...args, '--export', 'stdout:', '--interval', '1s', '--max-inbound', '125'],
    {
      stdio: ['ignore', openSync(out, 'w'), 'ignore'],
      env: { PATH: process.env.PATH, HOME: folder, BTCDMON_HTTP: 'off' },
    },
  );
  const rss = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_000;
  await sleep(2_500);
  return {
    ...{ port, kept, rss, points: () => readFileSync(out, 'utf8') },
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      kept.stop();
    },
  };
}

function flood(port, kind, count) {
  const child = spawn(process.execPath, [FLOOD, String(port), kind, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: process.env,
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  return async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
    return JSON.parse(text || '{}');
  };
}

/** Round trips in milliseconds of an honest peer that dials in. */
async function pinger(port) {
  const sent = new Map();
  const times = [];
  let nonce = 0;
  const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  await once(socket, 'connect');
  const send = speak(socket, (_, command, payload) => {
    if (command === 'version') send('verack');
    if (command !== 'pong') return;
    const at = sent.get(payload.readUInt32LE(0));
    if (at !== undefined) times.push(performance.now() - at);
    sent.delete(payload.readUInt32LE(0));
  });
  send('version', VERSION);
  await sleep(500);
  return {
    run: async (seconds) => {
      times.length = 0;
      const until = performance.now() + 1_000 * seconds;
      while (performance.now() < until) {
        const payload = Buffer.alloc(8);
        payload.writeUInt32LE(++nonce, 0);
        sent.set(nonce, performance.now());
        send('ping', payload);
        await sleep(PING_MS);
      }
      await sleep(500);
      for (const at of sent.values()) times.push(performance.now() - at);
      sent.clear();
      const sorted = [...times].sort((a, b) => a - b);
      const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
      return { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
    },
    stop: () => socket.destroy(),
  };
}

const fixed = (ms) => ms.toFixed(1);
const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-strangers-'));
try {
  {
    const it = await listener(folder);
    const honest = await pinger(it.port);
    const alone = await honest.run(5);
    for (const kinds of [
      [['ping', 8]],
      [
        ['ping', 8],
        ['inv', 4],
      ],
    ]) {
      const floods = kinds.map(([kind, count]) => flood(it.port, kind, count));
      await sleep(1_500);
      const beside = await honest.run(SECONDS);
      const ends = await Promise.all(floods.map((stop) => stop()));
      console.log(
        `strangers: pong beside ${kinds.map(([kind, count]) => `${count} that flood ${kind}`).join(' and ')}: ` +
          `p50 ${fixed(beside.p50)}, p99 ${fixed(beside.p99)}, max ${fixed(beside.max)} ms of ${beside.count} ` +
          `(alone p99 ${fixed(alone.p99)}); ended ${ends.map(({ ends: times }) => times).join(', ')}`,
      );
      await sleep(2_000);
    }
    honest.stop();
    await it.stop();
  }
  {
    const it = await listener(folder);
    const before = it.rss();
    let peak = before;
    const stop = flood(it.port, 'unread', 60);
    for (let i = 0; i < SECONDS * 10; i++) {
      await sleep(100);
      peak = Math.max(peak, it.rss());
    }
    const { ends } = await stop();
    console.log(
      `strangers: 60 that never read: ${fixed(peak)} MB at most, ${fixed(before)} before; ended ${ends} times`,
    );
    await it.stop();
  }
  {
    const it = await listener(folder);
    const stop = flood(it.port, 'tx', 3);
    await sleep(1_500);
    for (let i = 0; i < SECONDS * 20; i++) {
      it.kept.announce();
      await sleep(50);
    }
    const { ends } = await stop();
    await sleep(3_000);
    const announced = it.kept.made.size;
    await it.stop();
    const text = it.points();
    const kept = [...it.kept.made.keys()].filter((hash) => {
      const txid = parseTransaction(it.kept.made.get(hash)).txid;
      return text.includes(txid);
    }).length;
    const dropped = [...text.matchAll(/dropped=(\d+)i/g)].at(-1)?.[1];
    const shed = [...text.matchAll(/series=tx_outputs .*?shed=(\d+)i/g)].at(-1)?.[1];
    console.log(
      `strangers: beside 3 that flood transactions, ${kept} of ${announced} of a dialled peer are there; ` +
        `dropped ${dropped}, outputs shed ${shed}; ended ${ends} times`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
