// Headers of regtest's difficulty, at which they can be mined, and a peer that serves them.
import { createServer } from 'node:net';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { CHAIN_PARAMS } = require('../../dist/chain/params.js');
const { writeHash256 } = require('../../dist/wire/hash.js');
const { encodeFrame, FrameReader } = require('../../dist/wire/framing.js');
const { decodeLocator } = require('../../dist/wire/messages/locator.js');
const { NETWORKS } = require('../../dist/wire/networks.js');

export const HEADER_BYTES = 80;

/** A `headers` message holds no more. */
const MESSAGE = 2_000;

/**
 * The first bytes of a `version` payload: version, services NETWORK and WITNESS; 80 bytes in all before the
 * user agent.
 */
const VERSION = Buffer.concat([Buffer.from('801101000900000000000000', 'hex'), Buffer.alloc(68 + 1 + 5)]);

/** Headers of regtest from its first one on, one behind the other. */
export function mine(count) {
  const headers = Buffer.alloc(count * HEADER_BYTES);
  const hash = Buffer.alloc(32);
  const first = CHAIN_PARAMS.regtest.genesis;
  let time = first.readUInt32LE(68);
  writeHash256(first, hash, 0);
  for (let at = 0; at < headers.length; at += HEADER_BYTES) {
    const header = headers.subarray(at, at + HEADER_BYTES);
    header.writeInt32LE(0x20000000, 0);
    hash.copy(header, 4);
    header.writeUInt32LE((time += 400), 68);
    header.writeUInt32LE(0x207fffff, 72);
    for (let nonce = 0; ; nonce++) {
      header.writeUInt32LE(nonce, 76);
      writeHash256(header, hash, 0);
      if (hash[31] < 0x80) break;
    }
  }
  return headers;
}

/** The payload of `headers` with those from `from` on. */
function message(headers, from) {
  const count = Math.min(MESSAGE, headers.length / HEADER_BYTES - from);
  const payload = Buffer.alloc(3 + count * (HEADER_BYTES + 1));
  payload.writeUInt8(0xfd, 0);
  payload.writeUInt16LE(count, 1);
  for (let i = 0; i < count; i++)
    headers.copy(
      payload,
      3 + i * (HEADER_BYTES + 1),
      (from + i) * HEADER_BYTES,
      (from + i + 1) * HEADER_BYTES,
    );
  // A count below 253 has one byte.
  return count < 0xfd ? Buffer.concat([Buffer.of(count), payload.subarray(3)]) : payload;
}

/** Listens on a free port of 127.0.0.1 as a regtest node with these headers and nothing else. */
export function serveHeaders(headers, listening) {
  const { magic } = NETWORKS.regtest;
  /** By hash, the place of the header behind it. */
  const next = new Map();
  const hash = Buffer.alloc(32);
  for (let i = 0; i * HEADER_BYTES < headers.length; i++) {
    writeHash256(headers.subarray(i * HEADER_BYTES, (i + 1) * HEADER_BYTES), hash, 0);
    next.set(hash.toString('latin1'), i + 1);
  }
  const server = createServer((socket) => {
    const send = (command, payload = Buffer.alloc(0)) => socket.write(encodeFrame(magic, command, payload));
    const answers = {
      version: () => send('version', VERSION),
      verack: () => send('verack'),
      getheaders: (payload) => {
        const known = decodeLocator(payload).locator.find((each) => next.has(each));
        send('headers', message(headers, next.get(known) ?? 0));
      },
    };
    const reader = new FrameReader(magic, {
      arrived: () => undefined,
      message: (command, payload) => answers[command]?.(payload),
      violation: (reason) => socket.destroy(new Error(reason)),
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1', () => listening(server.address().port));
}
