// Measures the encrypted transport (BIP324). The key exchange: processor time of one side, beside that of
// OpenSSL for the same two multiplications of points. The cipher: how fast messages of 1 MB and inventories
// of one item are encrypted and decrypted, beside Node's bare chacha20-poly1305 on one buffer of the same
// length, and beside the plain transport on the same messages. They take turns. All times are processor time.
import { createCipheriv, createDecipheriv, createECDH, randomBytes } from 'node:crypto';
import { EphemeralKey } from '#dist/p2p/transport/key-exchange';
import type { Transport, TransportSink } from '#dist/p2p/transport/transport';
import { PlainTransport } from '#dist/p2p/transport/v1';
import { EncryptedTransport } from '#dist/p2p/transport/v2';
import { NETWORKS } from '#dist/wire/networks';
import { median } from './support/median';

const ROUNDS = 25;
/** The first rounds only warm up the JIT compiler. */
const WARM_UP = 5;
const EXCHANGES = 20;

const { magic } = NETWORKS.mainnet;
const EMPTY = Buffer.alloc(0);
const always = (): boolean => true;

/** Processor time of `work` in milliseconds. */
function timeOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** The median times of contestants that take turns, in milliseconds. */
function race<K extends string>(contestants: Readonly<Record<K, () => void>>): Record<K, number> {
  const names = Object.keys(contestants) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round < WARM_UP + ROUNDS; round++)
    for (const name of names) times[name].push(timeOf(contestants[name]));
  return Object.fromEntries(names.map((name) => [name, median(times[name].slice(WARM_UP))])) as Record<
    K,
    number
  >;
}

/** A sink that counts messages, and passes a key exchange to the other side. */
function sinkTo(deliver: (bytes: Buffer) => void): TransportSink & { readonly messages: () => number } {
  let messages = 0;
  return {
    messages: () => messages,
    arrived: () => undefined,
    message: () => (messages += 1),
    overhead: () => undefined,
    write: deliver,
    ready: () => undefined,
    violation: (reason) => {
      throw new Error(reason);
    },
  };
}

/** Two ends of an encrypted connection. */
function encryptedPair(): { readonly from: Transport; readonly to: Transport; read: () => number } {
  const waiting: [() => Transport, Buffer][] = [];
  const monotonicMs = (): number => performance.now();
  const options = { magic, monotonicMs, garbage: EMPTY };
  const sink = sinkTo((bytes) => waiting.push([() => from, bytes]));
  const from: Transport = new EncryptedTransport(
    { ...options, isInitiator: true },
    sinkTo((bytes) => waiting.push([() => to, bytes])),
  );
  const to: Transport = new EncryptedTransport({ ...options, isInitiator: false }, sink);
  from.open();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [side, bytes] = next;
    side().add(bytes);
    side().run(always);
  }
  return { from, to, read: sink.messages };
}

function measureExchange(): void {
  const theirs = EphemeralKey.create().encoded;
  const point = createECDH('secp256k1').generateKeys();
  const { ours, openssl } = race({
    ours: () => {
      for (let i = 0; i < EXCHANGES; i++) EphemeralKey.create().secretsWith(theirs, false, magic);
    },
    openssl: () => {
      for (let i = 0; i < EXCHANGES; i++) {
        const key = createECDH('secp256k1');
        key.generateKeys();
        key.computeSecret(point);
      }
    },
  });
  console.log(
    `encrypted: a key exchange takes ${(ours / EXCHANGES).toFixed(2)} ms of processor time, ` +
      `${(ours / openssl).toFixed(1)} times the two multiplications in it`,
  );
}

/** Measures messages of one length. */
function measureCipher(name: string, command: string, length: number, count: number): void {
  const payload = randomBytes(length);
  const key = randomBytes(32);
  const nonce = Buffer.alloc(12);
  const options = { authTagLength: 16 } as const;
  const sealing = createCipheriv('chacha20-poly1305', key, nonce, options);
  const sealed = sealing.update(payload);
  sealing.final();
  const tag = sealing.getAuthTag();
  const { from, to, read } = encryptedPair();
  const plainSink = sinkTo(() => undefined);
  const plain = new PlainTransport(magic, plainSink);
  let frames: Buffer[] = [];
  let plainFrames: Buffer[] = [];
  const ms = race({
    bareSeal: () => {
      for (let i = 0; i < count; i++) {
        const cipher = createCipheriv('chacha20-poly1305', key, nonce, options);
        cipher.update(payload);
        cipher.final();
        cipher.getAuthTag();
      }
    },
    encode: () => {
      frames = Array.from({ length: count }, () => from.encode(command, payload));
    },
    bareOpen: () => {
      for (let i = 0; i < count; i++) {
        const cipher = createDecipheriv('chacha20-poly1305', key, nonce, options);
        cipher.setAuthTag(tag);
        cipher.update(sealed);
        cipher.final();
      }
    },
    decode: () => {
      for (const frame of frames) {
        to.add(frame);
        to.run(always);
      }
    },
    plainEncode: () => {
      plainFrames = Array.from({ length: count }, () => plain.encode(command, payload));
    },
    plainDecode: () => {
      for (const frame of plainFrames) plain.push(frame);
    },
  });
  if (read() !== (WARM_UP + ROUNDS) * count || plainSink.messages() !== read())
    throw new Error('a message was lost');
  const speed = (time: number): string =>
    length >= 1_000_000
      ? `${((count * length) / time / 1_000).toFixed(0)} MB/s`
      : `${((count / time) * 1_000).toFixed(0)} a second`;
  console.log(
    `encrypted: ${name}: sent ${speed(ms.encode)}, ${(ms.encode / ms.bareSeal).toFixed(2)} times the time of the bare cipher ` +
      `and ${(ms.encode / ms.plainEncode).toFixed(2)} of the plain transport; received ${speed(ms.decode)}, ` +
      `${(ms.decode / ms.bareOpen).toFixed(2)} and ${(ms.decode / ms.plainDecode).toFixed(2)} times`,
  );
}

measureExchange();
measureCipher('messages of 1 MB', 'block', 1_000_000, 20);
measureCipher('inventories of one item', 'inv', 37, 5_000);
