import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { pcapFile } from './capture-files';
import type { Conversation } from './recorder';
import { findProgram, requirement } from './requires';
import { ACK, packet } from './tcp-packets';

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
  const stdout = await readFields(
    program,
    captureFile(conversation),
    ['-d', `tcp.port==${NODE_PORT},bitcoin`, '-Y', 'bitcoin'],
    ['tcp.srcport', 'bitcoin.command'],
  );
  const counts = { in: new Map<string, number>(), out: new Map<string, number>() };
  for (const [port, commands = ''] of stdout) {
    const direction = counts[Number(port) === NODE_PORT ? 'in' : 'out'];
    for (const command of commands.split(',')) direction.set(command, (direction.get(command) ?? 0) + 1);
  }
  return counts;
}

/** A TCP segment, as Wireshark reads it. */
export interface DissectedSegment {
  readonly source: number;
  readonly destination: number;
  readonly sequence: number;
  /** The number of its bytes. */
  readonly length: number;
  readonly isSyn: boolean;
}

/** Has Wireshark list the TCP segments of a capture, in order. */
export async function listSegments(program: string, capture: Buffer): Promise<DissectedSegment[]> {
  const fields = ['tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.len', 'tcp.flags.syn'];
  const lines = await readFields(program, capture, ['-Y', 'tcp'], fields);
  return lines.map(([source, destination, sequence, length, syn]) => ({
    source: Number(source),
    destination: Number(destination),
    sequence: Number(sequence),
    length: Number(length),
    // Wireshark 4.2 and later write True.
    isSyn: syn === '1' || syn === 'True',
  }));
}

/** Has Wireshark read a capture file, and print fields of each packet that its `options` let through. */
export async function readCapture(
  program: string,
  file: string,
  options: readonly string[],
  fields: readonly string[],
): Promise<string[][]> {
  const { stdout } = await promisify(execFile)(
    program,
    ['-r', file, ...options, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])],
    { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, HOME: path.dirname(file) } },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** The same of the bytes of a capture. */
async function readFields(
  program: string,
  capture: Buffer,
  options: readonly string[],
  fields: readonly string[],
): Promise<string[][]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-tshark-'));
  try {
    const file = path.join(folder, 'capture');
    await writeFile(file, capture);
    return await readCapture(program, file, options, fields);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A pcap file of one TCP connection: first all bytes received, then all bytes sent. */
function captureFile(conversation: Conversation): Buffer {
  const packets: Buffer[] = [];
  for (const direction of ['in', 'out'] as const) {
    let sequence = 1;
    for (const data of conversation[direction])
      for (let at = 0; at < data.length; at += MAX_SEGMENT) {
        const payload = data.subarray(at, at + MAX_SEGMENT);
        packets.push(
          packet({
            from: direction === 'in' ? 'server' : 'client',
            sequence,
            acknowledgment: 1,
            flags: PSH | ACK,
            payload,
            clientPort: OUR_PORT,
            serverPort: NODE_PORT,
          }),
        );
        sequence += payload.length;
      }
  }
  return pcapFile(packets.map((bytes, serial) => ({ bytes, timeNs: BigInt(serial) * 1_000_000_000n })));
}

const PSH = 8;
