import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import {
  encodeFrame,
  FrameReader,
  type FrameSink,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  type Preparing,
} from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { readSession, sharedSession } from '../support/data';

const MAGIC = NETWORKS.regtest.magic;

class Recorder implements FrameSink {
  readonly counted: [string, number][] = [];
  readonly messages: [string, Buffer][] = [];
  readonly violations: string[] = [];

  arrived(command: string, bytes: number): void {
    this.counted.push([command, bytes]);
  }

  message(command: string, payload: Buffer): void {
    this.messages.push([command, Buffer.from(payload)]);
  }

  violation(reason: string): void {
    this.violations.push(reason);
  }
}

function read(chunks: Iterable<Buffer>, magic = MAGIC): Recorder {
  const recorder = new Recorder();
  const reader = new FrameReader(magic, recorder);
  for (const chunk of chunks) reader.push(chunk);
  return recorder;
}

function* split(bytes: Buffer, size: () => number): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = start + size();
    yield bytes.subarray(start, end);
    start = end;
  }
}

sharedSession.describe('the recorded session with Bitcoin Core 31', (session) => {
  const { recv, sent, messages } = readSession(session);
  const sides = [
    { name: 'received', bytes: recv, expected: messages.filter(({ fromCore }) => fromCore) },
    { name: 'sent', bytes: sent, expected: messages.filter(({ fromCore }) => !fromCore) },
  ];
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 0x7fff_ffff);
  const splits: [string, () => number][] = [
    ['all at once', () => Infinity],
    ['byte by byte', () => 1],
    ['header by header', () => HEADER_BYTES],
    ...Array.from({ length: 40 }, (_, i): [string, () => number] => [
      `random chunks ${i}`,
      () => 1 + (random() % (i < 20 ? 60 : 3_000)),
    ]),
  ];

  for (const { name, bytes, expected } of sides)
    it.each(splits)(`gives the commands and lengths of its index: ${name}, %s`, (_, size) => {
      const recorder = read(split(bytes, size));
      expect(recorder.violations).toEqual([]);
      expect(recorder.messages.map(([command, payload]) => [command, payload.length])).toEqual(
        expected.map(({ command, length }) => [command, length]),
      );
      expect(recorder.counted.reduce((sum, [, counted]) => sum + counted, 0)).toBe(bytes.length);
    });
});

describe('FrameReader', () => {
  it('reads what encodeFrame writes, wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9]{1,12}$/), fc.uint8Array({ maxLength: 300 })), {
          maxLength: 10,
        }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
        (sent, sizes) => {
          const stream = Buffer.concat(
            sent.map(([command, payload]) => encodeFrame(MAGIC, command, Buffer.from(payload))),
          );
          let i = 0;
          const recorder = read(split(stream, () => sizes[i++ % sizes.length] ?? 1));
          expect(recorder.messages).toEqual(
            sent.map(([command, payload]) => [command, Buffer.from(payload)]),
          );
        },
      ),
    );
  });

  it('takes a command that fills all 12 bytes', () => {
    expect(read([encodeFrame(MAGIC, 'getcfcheckpt', Buffer.of(1))]).counted).toEqual([['getcfcheckpt', 25]]);
  });

  it('counts a message with a wrong checksum, does not hand it over, and stops', () => {
    const bad = encodeFrame(MAGIC, 'ping', Buffer.alloc(8));
    bad.writeUInt8(bad.readUInt8(20) ^ 1, 20);
    const recorder = read([bad, encodeFrame(MAGIC, 'pong', Buffer.alloc(8))]);
    expect(recorder).toMatchObject({ counted: [['ping', 32]], messages: [], violations: ['wrong-checksum'] });
  });

  it('stops at the magic of another network', () => {
    const recorder = read([encodeFrame(NETWORKS.mainnet.magic, 'version', Buffer.alloc(86))]);
    expect(recorder).toMatchObject({ counted: [], messages: [], violations: ['wrong-magic'] });
  });

  it('refuses a payload over the limit as soon as its header is there', () => {
    const header = encodeFrame(MAGIC, 'block', Buffer.alloc(0));
    header.writeUInt32LE(MAX_PAYLOAD_BYTES + 1, 16);
    expect(read([header]).violations).toEqual(['oversized-message']);
    header.writeUInt32LE(MAX_PAYLOAD_BYTES, 16);
    expect(read([header]).violations).toEqual([]);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        const recorder = read(chunks.map((chunk) => Buffer.from(chunk)));
        expect(recorder.violations.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a message that comes in many small chunks', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const megabytes = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 1e6;
  };
  /**
   * The smallest of some measurements. Memory that a collection found to be garbage is freed by another
   * thread, a little later.
   */
  const settled = async (): Promise<number> => {
    let least = Infinity;
    for (let look = 0; look < 10; look++) {
      least = Math.min(least, megabytes());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return least;
  };

  it.each([
    ['of one byte', () => 1],
    ['of one byte behind each of a kilobyte', (i: number) => (i % 2 === 0 ? 1 : 1_024)],
    ['of a kilobyte less a byte', () => 1_023],
  ])('%s takes no more than twice its size', async (_, size) => {
    const recorder = new Recorder();
    const reader = new FrameReader(MAGIC, recorder);
    const payload = 1_000_000;
    reader.push(encodeFrame(MAGIC, 'block', Buffer.alloc(payload)).subarray(0, HEADER_BYTES));
    const before = await settled();
    let sent = 0;
    for (let i = 0; sent + size(i) < payload; i++) {
      // Node gives each read memory of its own.
      reader.push(Buffer.from(new ArrayBuffer(size(i))));
      sent += size(i);
    }
    expect((await settled()) - before).toBeLessThan(2 * (payload / 1e6));
    reader.push(Buffer.alloc(payload - sent));
    expect(recorder.counted).toEqual([['block', HEADER_BYTES + payload]]);
    expect(recorder.violations).toEqual([]);
  });
});

it('does not keep a chunk for the few bytes at its end', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ping = encodeFrame(MAGIC, 'ping', Buffer.alloc(8));
  const pings = Buffer.concat(Array.from({ length: 2_000 }, () => ping)).subarray(0, -1);
  const readers = Array.from({ length: 100 }, () => {
    const recorder = { arrived: () => undefined, message: () => undefined, violation: () => undefined };
    return new FrameReader(MAGIC, recorder);
  });
  const chunks = readers.map((reader) => {
    const chunk = Buffer.from(new ArrayBuffer(pings.length));
    pings.copy(chunk);
    reader.push(chunk);
    return new WeakRef(chunk.buffer);
  });
  // A reference is kept until the end of the turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 10));
  collect();
  expect(chunks.filter((chunk) => chunk.deref() !== undefined)).toEqual([]);
  expect(readers.map(({ held }) => held)).toEqual(readers.map(() => ping.length - 1 - HEADER_BYTES));
});

describe('a message that is prepared in parts', () => {
  const frames = ['ping', 'block', 'pong'].map((command, n) =>
    encodeFrame(MAGIC, command, Buffer.alloc(9, n)),
  );

  /** A sink that prepares a block in three parts. */
  class PreparingSink extends Recorder {
    parts = 0;

    prepare(command: string): Preparing {
      if (command !== 'block') return 'done';
      this.parts += 1;
      return this.parts === 3 ? 'done' : 'part';
    }
  }

  it('is handed on after its last part, and what follows it after that', () => {
    const sink = new PreparingSink();
    const reader = new FrameReader(MAGIC, sink);
    reader.add(Buffer.concat(frames));
    const seen: unknown[] = [];
    for (let isMore = true; isMore;) {
      isMore = reader.run(() => false);
      seen.push([sink.parts, sink.messages.map(([command]) => command).join(), reader.held]);
    }
    expect(seen).toEqual([
      [0, 'ping', 66],
      // Its header is read by now; so it is no longer held.
      [1, 'ping', 42],
      [2, 'ping', 42],
      [3, 'ping,block', 33],
      [3, 'ping,block,pong', 0],
    ]);
    expect(sink.counted.map(([command]) => command)).toEqual(['ping', 'block', 'pong']);
  });

  it('is handed on at once where nothing else waits', () => {
    const sink = new PreparingSink();
    new FrameReader(MAGIC, sink).push(Buffer.concat(frames));
    expect(sink.messages.map(([command]) => command)).toEqual(['ping', 'block', 'pong']);
  });

  it('ends the run if it has to wait, even where others don’t', () => {
    const sink = new Recorder();
    let calls = 0;
    const prepare = (command: string): Preparing =>
      command === 'block' && (calls += 1) < 3 ? 'wait' : 'done';
    const reader = new FrameReader(MAGIC, Object.assign(sink, { prepare }));
    reader.add(Buffer.concat(frames));
    const seen: unknown[] = [];
    for (let isMore = true; isMore;) {
      isMore = reader.run(() => true);
      seen.push([calls, sink.messages.map(([command]) => command).join()]);
    }
    expect(seen).toEqual([
      [1, 'ping'],
      [2, 'ping'],
      [3, 'ping,block,pong'],
    ]);
  });

  it('is dropped when reading stops', () => {
    const sink = new PreparingSink();
    const reader = new FrameReader(MAGIC, sink);
    reader.add(Buffer.concat(frames.slice(1)));
    expect(reader.run(() => false)).toBe(true);
    reader.stop();
    expect([reader.run(() => true), reader.held]).toEqual([false, 0]);
    expect(sink.counted).toEqual([]);
  });
});
