// One session of a hostile peer for scripts/fuzz-socket.ts: a handshake by either transport, then messages
// with damaged payloads, damaged frames and damaged packets.
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '#dist/wire/framing';
import { NETWORKS } from '#dist/wire/networks';
import { EncryptedPeer } from '../../test/support/encrypted-peer';
import { versionPayload } from '../../test/support/fake-peer';
import type { Corpus } from './corpus';
import { type Random, mutate, pick, randomOf } from './mutate';

/** The most messages of a session. */
const MESSAGES = 60;

/** One frame or packet in this many is damaged itself, behind its payload. */
const DAMAGED_EVERY = 12;

/** One handshake in this many is damaged. */
const NO_HANDSHAKE_EVERY = 8;

/** A session that is still open then is ended by its own side. */
const LONGEST_MS = 2_000;

/** Inputs of the corpus that are no messages. */
const NO_MESSAGES: readonly string[] = ['lines', 'sam', 'control', 'replies', 'other'];

/** What a session sent. */
export interface SessionTally {
  readonly isEncrypted: boolean;
  readonly messages: number;
}

/** Each session comes from a loopback address of its own, so that a ban ends one alone. */
function addressOf(index: number): string {
  return `127.${1 + ((index >> 14) & 63)}.${(index >> 7) & 127}.${1 + (index & 127)}`;
}

/**
 * Plays session `index` of `seed` against a listener on regtest. The same two numbers give the same payloads
 * in the same order; how many of them are sent before the listener hangs up depends on time.
 */
export async function playSession(
  port: number,
  corpus: Corpus,
  { seed, index }: { readonly seed: number; readonly index: number },
): Promise<SessionTally> {
  const random = randomOf(seed, index);
  const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(index) });
  const end = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  await Promise.race([once(socket, 'connect').catch(() => undefined), end]);
  const isEncrypted = random(2) === 0;
  const messages = await (isEncrypted ? playEncrypted : playPlain)(socket, corpus, random);
  // Most sessions wait for the listener to hang up; some end in the middle.
  if (random(4) > 0) await Promise.race([end, sleep(LONGEST_MS, undefined, { ref: false })]);
  socket.destroy();
  await end;
  return { isEncrypted, messages };
}

/** A command and a payload, which is damaged more often than not. */
function anyMessage({ small, blocks }: Corpus, random: Random): readonly [command: string, payload: Buffer] {
  const commands = [...small.keys()].filter((command) => !NO_MESSAGES.includes(command));
  const isBlock = blocks.length > 0 && random(200) === 0;
  const command = isBlock ? 'block' : pick(commands, random);
  const choices = isBlock ? blocks : (small.get(command) ?? []);
  const payload = choices.length === 0 ? Buffer.alloc(0) : pick(choices, random);
  return [command, random(4) === 0 ? payload : mutate(payload, payload, random, isBlock)];
}

/** The messages of a handshake; damaged where chance wants it. */
function handshake(random: Random): readonly (readonly [command: string, payload: Buffer])[] {
  const version = versionPayload({ userAgent: '/mutant:1/', nonce: BigInt(1 + random(2 ** 31)) });
  const isDamaged = random(NO_HANDSHAKE_EVERY) === 0;
  return [
    ['version', isDamaged ? mutate(version, version, random, false) : version],
    ['verack', Buffer.alloc(0)],
  ];
}

async function playPlain(socket: Socket, corpus: Corpus, random: Random): Promise<number> {
  const { magic } = NETWORKS.regtest;
  socket.resume();
  for (const [command, payload] of handshake(random)) socket.write(encodeFrame(magic, command, payload));
  let sent = 0;
  for (const wanted = random(MESSAGES); sent < wanted && !socket.destroyed; sent++) {
    const [command, payload] = anyMessage(corpus, random);
    const frame = encodeFrame(magic, command, payload);
    await write(
      socket,
      random(DAMAGED_EVERY) === 0 ? mutate(frame, frame, random, frame.length > 100_000) : frame,
    );
  }
  return sent;
}

async function playEncrypted(socket: Socket, corpus: Corpus, random: Random): Promise<number> {
  const garbage = Buffer.alloc(random(200), random(256));
  const peer = new EncryptedPeer(socket, { isInitiator: true, garbage, onMessage: () => undefined });
  while (!peer.isOpen && !socket.destroyed) await sleep(5);
  if (!peer.isOpen) return 0;
  const send = (command: string, payload: Buffer): Buffer => {
    const head = Buffer.alloc(13);
    head.write(command, 1, 'latin1');
    return peer.seal(Buffer.concat([head, payload]), { ignore: random(20) === 0 });
  };
  for (const [command, payload] of handshake(random)) socket.write(send(command, payload));
  let sent = 0;
  for (const wanted = random(MESSAGES); sent < wanted && !socket.destroyed; sent++) {
    const packet = send(...anyMessage(corpus, random));
    await write(socket, random(DAMAGED_EVERY) === 0 ? mutate(packet, packet, random, true) : packet);
  }
  return sent;
}

/** Writes, and waits where the listener does not read. */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return;
  // A socket that was reset meanwhile is closed.
  await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
}
