import { type AddressInfo, createServer } from 'node:net';

import { CHAIN_PARAMS } from '#dist/chain/params';
import { encodeFrame, FrameReader } from '#dist/wire/framing';
import { type Hash, readHash, writeHash256 } from '#dist/wire/hash';
import { HEADER_BYTES } from '#dist/wire/header';
import { MAX_HEADERS } from '#dist/wire/messages/headers';
import { decodeLocator } from '#dist/wire/messages/locator';
import { NETWORKS } from '#dist/wire/networks';
import { versionPayload } from '../../test/support/fake-peer';

/** Mines a chain of headers behind regtest's genesis block. Its difficulty makes that fast. */
export function mine(count: number): Buffer {
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
      if ((hash[31] ?? 0) < 0x80) break;
    }
  }
  return headers;
}

/** The payload of a `headers` message with the headers from index `from` on. */
function message(headers: Buffer, from: number): Buffer {
  const count = Math.min(MAX_HEADERS, headers.length / HEADER_BYTES - from);
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
export function serveHeaders(headers: Buffer, listening: (port: number) => void): void {
  const { magic } = NETWORKS.regtest;
  /** The index of the next header, by hash. */
  const next = new Map<Hash, number>();
  const hash = Buffer.alloc(32);
  for (let i = 0; i * HEADER_BYTES < headers.length; i++) {
    writeHash256(headers.subarray(i * HEADER_BYTES, (i + 1) * HEADER_BYTES), hash, 0);
    next.set(readHash(hash, 0), i + 1);
  }
  const server = createServer((socket) => {
    const send = (command: string, payload: Buffer = Buffer.alloc(0)): boolean =>
      socket.write(encodeFrame(magic, command, payload));
    const receive = (command: string, payload: Buffer): void => {
      if (command === 'version') send('version', versionPayload());
      if (command === 'verack') send('verack');
      if (command !== 'getheaders') return;
      const known = decodeLocator(payload).locator.find((each) => next.has(each));
      send('headers', message(headers, (known === undefined ? undefined : next.get(known)) ?? 0));
    };
    const reader = new FrameReader(magic, {
      arrived: () => undefined,
      message: receive,
      violation: (reason) => socket.destroy(new Error(reason)),
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
}
