import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readBlockHead } from '../../src/record/block';
import { crc32 } from '../../src/lib/crc32';
import { KIND, readMessage, readTorn, RECORD_HEAD_BYTES } from '../../src/record/record';
import { readBlocks } from '../../src/record/record-reader';
import { readStart } from '../../src/record/start-record';
import { Cleanup } from '../support/cleanup';
import {
  messageCame,
  openTestRecording,
  readAll,
  recordedPeer,
  type TestRecording,
  tell,
} from '../support/recording';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function folder(): string {
  return cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-record-')), (name) =>
    rmSync(name, { recursive: true }),
  );
}

const onlyFile = (directory: string): string => path.join(directory, readdirSync(directory)[0] ?? '');

/** Records messages of a size in blocks of their own, each with its number in front. */
async function recordBlocks(directory: string, count: number, size = 100): Promise<void> {
  const recording = await openTestRecording(directory);
  const peer = recordedPeer(1);
  tell(recording.recorder, 'opened', { peer });
  for (let i = 0; i < count; i++) {
    const payload = randomBytes(size);
    payload.writeUInt32LE(i, 0);
    messageCame(recording.recorder, peer, 'tx', payload);
    await recording.writer.drained();
  }
  await recording.close();
}

/** What a file says at its beginning. */
async function startOf(file: string): Promise<ReturnType<typeof readStart>> {
  for await (const found of readBlocks(file, file))
    if (found.kind === 'block') return readStart(found.raw.subarray(12));
  throw new Error(`${file} has no block`);
}

/** The numbers of the messages that a folder has. */
async function numbersIn(directory: string): Promise<number[]> {
  const { records } = await readAll(directory);
  return records.flatMap((record) => {
    const payload = record.kind === KIND.in ? readMessage(record)?.payload : undefined;
    return payload === undefined ? [] : [payload.readUInt32LE(0)];
  });
}

/** Offsets of the blocks of a file. */
function offsetsIn(file: string): number[] {
  const bytes = readFileSync(file);
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at += readBlockHead(bytes, at)?.bytes ?? Infinity) offsets.push(at);
  return offsets;
}

/** Length of what a file says at its beginning. */
function startBytes(bytes: Buffer): number {
  return gunzipSync(bytes).readUInt32LE(8) >>> 8;
}

function changeByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
  writeFileSync(file, bytes);
}

describe('the files of a recording', () => {
  it('have every message as it travelled, both ways, with its time', async () => {
    const directory = folder();
    const { recorder, close } = await openTestRecording(directory);
    const peer = recordedPeer(7);
    const before = BigInt(Date.now() - 1_000) * 1_000_000n;
    tell(recorder, 'opened', { peer });
    messageCame(recorder, peer, 'ping', Buffer.from('0102030405060708', 'hex'));
    recorder.sent(peer, 'pong', Buffer.from('0102030405060708', 'hex'), 24 + 8);
    // By the encrypted transport, with a short id and with a name.
    recorder.arrived(peer, 'tx', 21 + 3);
    recorder.message(peer, Buffer.from('abc'));
    recorder.arrived(peer, 'getcfheaders', 33 + 4_000_000);
    recorder.message(peer, Buffer.alloc(4_000_000, 7));
    // A checksum that is wrong.
    recorder.arrived(peer, 'inv', 61);
    tell(recorder, 'violation', { peer, reason: 'wrong-checksum' });
    await close();

    const { records, damage } = await readAll(directory);
    expect(damage).toEqual([]);
    expect(records.map(({ kind }) => kind)).toEqual([0, 3, 1, 2, 1, 1, 7, 3]);
    const messages = records.flatMap((record) =>
      record.kind === KIND.in || record.kind === KIND.out ? [readMessage(record)] : [],
    );
    expect(messages.map((message) => [message?.command, message?.bytes])).toEqual([
      ['ping', 32],
      ['pong', 32],
      ['tx', 24],
      ['getcfheaders', 4_000_033],
    ]);
    expect(messages[3]?.payload.equals(Buffer.alloc(4_000_000, 7))).toBe(true);
    expect(records.map((record) => (record.kind === KIND.torn ? readTorn(record) : null))[6]).toEqual({
      command: 'inv',
      bytes: 61,
    });
    expect(records.slice(1).every(({ peer: id }) => id === 7)).toBe(true);
    const times = records.map(({ timeNs }) => timeNs);
    expect([...times].sort((a, b) => Number(a - b))).toEqual(times);
    expect(times.every((ns) => ns > before && ns < BigInt(Date.now() + 1_000) * 1_000_000n)).toBe(true);
    expect(readStart(records[0]?.body ?? Buffer.alloc(0)).start).toMatchObject({
      node: 'recorded',
      network: 'regtest',
    });
  });

  it('are readable for this user alone', async () => {
    const directory = path.join(folder(), 'below', 'recording');
    await (await openTestRecording(directory)).close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(onlyFile(directory)).mode & 0o777).toBe(0o600);
  });

  it('are read where no program has ended them', async () => {
    const directory = folder();
    const recording = cleanup.add(await openTestRecording(directory), (it) => it.close());
    messageCame(recording.recorder, recordedPeer(1), 'tx', Buffer.from('00000000', 'hex'));
    await recording.writer.drained();
    expect(await numbersIn(directory)).toEqual([0]);
    truncateSync(onlyFile(directory), statSync(onlyFile(directory)).size - 3);
    const { damage } = await readAll(directory);
    expect(damage).toMatchObject([{ isEnd: true, blocks: 1 }]);
  });

  it('are read while they grow', async () => {
    const directory = folder();
    const recording = cleanup.add(await openTestRecording(directory), (it) => it.close());
    const numbered = async (i: number): Promise<void> => {
      messageCame(recording.recorder, recordedPeer(1), 'tx', Buffer.of(i, 0, 0, 0));
      await recording.writer.drained();
    };
    await numbered(0);
    let blocks = 0;
    for await (const found of readBlocks(onlyFile(directory), 'x')) {
      expect(found.kind).toBe('block');
      blocks++;
      // Whoever reads ahead has the end of the file behind it meanwhile.
      if (blocks <= 20) await numbered(blocks);
    }
    expect(blocks).toBeGreaterThan(1);
    expect(await numbersIn(directory)).toEqual(Array.from({ length: Math.min(21, blocks + 1) }, (_, i) => i));
  });

  it.each([
    ['its head', 5],
    ['the length in its head', 20],
    ['its records', 60],
  ])('are read up to a block of which %s is damaged, and behind it', async (_, place) => {
    const directory = folder();
    await recordBlocks(directory, 6);
    const file = onlyFile(directory);
    const offset = offsetsIn(file)[3] ?? 0;
    changeByte(file, offset + place);
    // The first block says what the file is: the fourth has the third message.
    expect(await numbersIn(directory)).toEqual([0, 1, 3, 4, 5]);
    const { damage } = await readAll(directory);
    expect(damage).toMatchObject([{ offset, isEnd: false, blocks: 1 }]);
  });

  it('are read behind bytes that are missing, and that do not belong there', async () => {
    const directory = folder();
    await recordBlocks(directory, 8);
    const file = onlyFile(directory);
    const bytes = readFileSync(file);
    const [, , second = 0, third = 0, , fifth = 0] = offsetsIn(file);
    writeFileSync(
      file,
      Buffer.concat([
        bytes.subarray(0, second + 30),
        // Looks like the beginning of a block, a thousand times.
        Buffer.alloc(4_000, Buffer.from('1f8b0806', 'hex')),
        bytes.subarray(third, fifth),
        randomBytes(3_000_000),
        bytes.subarray(fifth),
      ]),
    );
    expect(await numbersIn(directory)).toEqual([0, 2, 3, 4, 5, 6, 7]);
    expect((await readAll(directory)).damage).toHaveLength(2);
  });

  it('of a later version of the format are refused in one line', async () => {
    const directory = folder();
    await recordBlocks(directory, 1);
    const file = onlyFile(directory);
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(2, 16);
    bytes.writeUInt16LE(crc32(bytes.subarray(0, 40)) & 0xffff, 40);
    writeFileSync(file, bytes);
    await expect(readBlocks(file, 'x.gz').next()).rejects.toThrow(
      'x.gz: is of version 2 of the format, and this program reads 1; use a newer one',
    );
  });

  it('leave out what begins later than wanted', async () => {
    const directory = folder();
    await recordBlocks(directory, 4);
    const file = onlyFile(directory);
    const bytes = readFileSync(file);
    const times = offsetsIn(file).map((at) => readBlockHead(bytes, at)?.timeNs ?? 0n);
    const read: bigint[] = [];
    for await (const found of readBlocks(file, file, times[2]))
      if (found.kind === 'block') read.push(found.head.timeNs);
    expect(read).toEqual(times.slice(0, 3));
  });

  it('take no more than the size that is given: the oldest go', async () => {
    const directory = folder();
    const maxBytes = 1_000_000;
    const recording = await openTestRecording(directory, { maxBytes });
    const peer = recordedPeer(3, '127.0.0.3:1000');
    tell(recording.recorder, 'opened', { peer });
    for (let i = 0; i < 60; i++) {
      const payload = randomBytes(50_000);
      payload.writeUInt32LE(i, 0);
      messageCame(recording.recorder, peer, 'block', payload);
      await recording.writer.drained();
    }
    await recording.close();
    const names = readdirSync(directory).sort();
    const total = names.reduce((sum, name) => sum + statSync(path.join(directory, name)).size, 0);
    expect(total).toBeLessThanOrEqual(maxBytes);
    expect(total).toBeGreaterThan(maxBytes / 2);
    expect(names[0]).not.toMatch(/-000001\.gz$/);
    // The newest are there, without a gap.
    const numbers = await numbersIn(directory);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (__, i) => 60 - numbers.length + i));
    // Each file says of itself which connections are open.
    for (const name of names) {
      const { peers } = await startOf(path.join(directory, name));
      expect(peers).toEqual([
        { id: 3, address: '127.0.0.3:1000', outbound: true, version: null, origin: {} },
      ]);
    }
  });

  it('do not hold up who records: what the disk can’t take is dropped, counted and said', async () => {
    const directory = folder();
    const recording: TestRecording = await openTestRecording(directory);
    const payload = randomBytes(1_000_000);
    // In one turn of the loop nothing can be written.
    for (let i = 0; i < 80; i++) messageCame(recording.recorder, recordedPeer(1), 'block', payload);
    const { records: dropped, bytes } = recording.writer.dropped;
    expect(dropped).toBeGreaterThanOrEqual(10);
    expect(recording.warnings).toEqual([
      `--record ${directory}: the disk is too slow: 1 records were dropped so far`,
    ]);
    await recording.writer.drained();
    messageCame(recording.recorder, recordedPeer(1), 'ping', Buffer.alloc(8));
    await recording.close();
    const { records } = await readAll(directory);
    expect(records.filter(({ kind }) => kind === KIND.in)).toHaveLength(81 - dropped);
    const facts = records.filter(({ kind }) => kind === KIND.fact).map(({ body }) => body.toString());
    expect(facts).toEqual([JSON.stringify({ event: 'dropped', records: dropped, bytes })]);
  });

  it('are stored as they are while much comes, and compressed again once less does', async () => {
    const directory = folder();
    let ms = 0;
    const { recorder, writer, close } = await openTestRecording(directory, { monotonicMs: () => ms });
    // The next message has the block before it written. In one turn of the loop no timer does.
    for (ms of [0, 100, 200, 300, 800])
      messageCame(recorder, recordedPeer(1), 'block', Buffer.alloc(400_000, 1 + ms / 100));
    ms = 1_000;
    await close();
    const file = onlyFile(directory);
    const bytes = readFileSync(file);
    const sizes = offsetsIn(file).map((at) => readBlockHead(bytes, at)?.bytes ?? 0);
    expect(sizes.map((size) => (size > 400_000 ? 'stored' : size < 10_000 ? 'compressed' : size))).toEqual([
      ...['compressed', 'compressed', 'stored', 'stored', 'compressed', 'stored'],
    ]);
    // zlib reads all of it as one file.
    expect(gunzipSync(bytes)).toHaveLength(writer.taken + RECORD_HEAD_BYTES + startBytes(bytes));
    const { records, damage } = await readAll(directory);
    expect(damage).toEqual([]);
    const messages = records.filter(({ kind }) => kind === KIND.in).map((record) => readMessage(record));
    expect(messages.map((message) => message?.payload.at(-1))).toEqual([1, 2, 3, 4, 9]);
    // Each byte is covered by a checksum.
    changeByte(file, (offsetsIn(file)[2] ?? 0) + 200_000);
    expect((await readAll(directory)).damage).toHaveLength(1);
  });

  it('are files: what else has their name is left alone', async () => {
    const directory = folder();
    await recordBlocks(directory, 1);
    const name = path.basename(onlyFile(directory)).replace('000001', '000002');
    execFileSync('mkfifo', [path.join(directory, name)]);
    expect(await numbersIn(directory)).toEqual([0]);
  });

  it('are refused in one line where the folder can’t be made', async () => {
    const directory = path.join(folder(), 'file');
    writeFileSync(directory, '');
    await expect(openTestRecording(path.join(directory, 'x'))).rejects.toThrow(
      /^--record .*: can't be written: ENOTDIR[^\n]*$/,
    );
  });

  it('have the messages of the wanted commands alone', async () => {
    const directory = folder();
    const { recorder, close } = await openTestRecording(directory, { only: new Set(['inv']) });
    const peer = recordedPeer(1);
    tell(recorder, 'opened', { peer });
    messageCame(recorder, peer, 'inv', Buffer.of(0));
    messageCame(recorder, peer, 'tx', Buffer.of(1));
    tell(recorder, 'announced', { peer, items: [], known: 0 });
    recorder.sent(peer, 'getdata', Buffer.of(0), 25);
    tell(recorder, 'disconnected', { peer, established: false, reason: 'stopped' });
    await close();
    const { records } = await readAll(directory);
    expect(
      records.map(({ kind, body }) => (kind === KIND.fact ? (JSON.parse(body.toString()) as object) : kind)),
    ).toEqual([
      0,
      { event: 'opened', address: '127.0.0.1:18444', outbound: true },
      1,
      { event: 'disconnected', established: false, reason: 'stopped' },
    ]);
  });
});
