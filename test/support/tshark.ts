import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Conversation } from './recorder';
import { findProgram, requirement } from './requires';

/** Declares that a test needs tshark. */
export const tshark = requirement(
  'tshark',
  () => findProgram('tshark'),
  'install Wireshark’s command line (Debian: apt-get install tshark)',
);

/** Ports of the segments in the capture file. Any two ports would do. */
const NODE_PORT = 18444;
const OUR_PORT = 50000;
/** The largest segment that fits into an IPv4 packet, whose length is a 16-bit number. */
const MAX_SEGMENT = 65_000;

/** Messages per command, in each direction. */
export interface Dissection {
  readonly in: ReadonlyMap<string, number>;
  readonly out: ReadonlyMap<string, number>;
}

/**
 * Has Wireshark's Bitcoin dissector count the messages of a recorded connection. The bytes are given to it in
 * a capture file, so that no right to capture packets is needed. Each element of `conversation` becomes a
 * segment. Give complete messages: the dissector (4.0) does not know witnesses, fails at them, and then skips
 * the rest of the segment.
 */
export async function dissect(program: string, conversation: Conversation): Promise<Dissection> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-tshark-'));
  try {
    const file = path.join(folder, 'session.pcap');
    await writeFile(file, captureFile(conversation));
    const { stdout } = await promisify(execFile)(
      program,
      [
        ...['-r', file, '-d', `tcp.port==${NODE_PORT},bitcoin`, '-Y', 'bitcoin'],
        ...['-T', 'fields', '-e', 'tcp.srcport', '-e', 'bitcoin.command'],
      ],
      { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, HOME: folder } },
    );
    const counts = { in: new Map<string, number>(), out: new Map<string, number>() };
    for (const line of stdout.split('\n').filter((text) => text !== '')) {
      const [port, commands = ''] = line.split('\t');
      const direction = counts[Number(port) === NODE_PORT ? 'in' : 'out'];
      for (const command of commands.split(',')) direction.set(command, (direction.get(command) ?? 0) + 1);
    }
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A pcap file (link type 101, bare IP packets) of one TCP connection: first all bytes received, then all
 * bytes sent.
 */
function captureFile(conversation: Conversation): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(0x4_0000, 16);
  header.writeUInt32LE(101, 20);
  const records: Buffer[] = [header];
  for (const direction of ['in', 'out'] as const) {
    let sequence = 1;
    for (const data of conversation[direction])
      for (let at = 0; at < data.length; at += MAX_SEGMENT) {
        const payload = data.subarray(at, at + MAX_SEGMENT);
        records.push(packet(direction, sequence, payload, records.length));
        sequence += payload.length;
      }
  }
  return Buffer.concat(records);
}

/** One record of the file: its header, IPv4 and TCP headers without checksums, and the payload. */
function packet(direction: keyof Conversation, sequence: number, payload: Buffer, serial: number): Buffer {
  const size = 40 + payload.length;
  const head = Buffer.alloc(56);
  head.writeUInt32LE(serial, 0);
  head.writeUInt32LE(size, 8);
  head.writeUInt32LE(size, 12);

  head.writeUInt8(0x45, 16);
  head.writeUInt16BE(size, 18);
  head.writeUInt8(64, 24);
  head.writeUInt8(6, 25);
  head.writeUInt32BE(direction === 'in' ? 0x7f000001 : 0x7f000002, 28);
  head.writeUInt32BE(direction === 'in' ? 0x7f000002 : 0x7f000001, 32);

  head.writeUInt16BE(direction === 'in' ? NODE_PORT : OUR_PORT, 36);
  head.writeUInt16BE(direction === 'in' ? OUR_PORT : NODE_PORT, 38);
  head.writeUInt32BE(sequence, 40);
  head.writeUInt32BE(1, 44);
  head.writeUInt8(0x50, 48);
  head.writeUInt8(0x18, 49);
  head.writeUInt16BE(0xffff, 50);
  return Buffer.concat([head, payload]);
}

/** A TCP segment, as Wireshark reads it. */
export interface DissectedSegment {
  readonly source: number;
  readonly destination: number;
  /** Sequence number. */
  readonly sequence: number;
  /** The number of its bytes. */
  readonly length: number;
  readonly isSyn: boolean;
}

/** Has Wireshark list the TCP segments of a capture file, in order. */
export async function listSegments(program: string, capture: Buffer): Promise<DissectedSegment[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-tshark-'));
  try {
    const file = path.join(folder, 'capture');
    await writeFile(file, capture);
    const fields = ['tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.len', 'tcp.flags.syn'];
    const { stdout } = await promisify(execFile)(
      program,
      ['-r', file, '-Y', 'tcp', '-T', 'fields', ...fields.flatMap((field) => ['-e', field])],
      { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, HOME: folder } },
    );
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [source = NaN, destination = NaN, sequence = NaN, length = NaN, syn = NaN] = line
          .split('\t')
          .map((text) => Number(text === 'True' ? 1 : text === 'False' ? 0 : text));
        return { source, destination, sequence, length, isSyn: syn === 1 };
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
