import fc from 'fast-check';
import { CaptureError } from '../../src/capture/capture-error';
import { CaptureReader } from '../../src/capture/capture-reader';
import { enhancedBlock, interfaceBlock, pcapFile, sectionHeader, u16s } from '../support/capture-files';
import { readCapture, recorder, type RecordedConnection } from '../support/capture-record';
import { modelConnection } from '../support/tcp-model';
import { ipv6, packet, tcpSegment, type TcpFields } from '../support/tcp-packets';

/** Whole numbers that follow from a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed % 0x7fff_fffe;
  return (below) => {
    state = ((state + 1) * 48_271) % 0x7fff_ffff;
    return Math.floor((state / 0x7fff_ffff) * below);
  };
}

/** A capture of several connections, whose packets come mixed. */
function mixed(
  seed: number,
  missing: number,
): { models: ReturnType<typeof modelConnection>[]; file: Buffer } {
  const random = numbers(seed);
  const models = [1, 2, 3].map((clientPort) => modelConnection({ random, missing, clientPort }));
  const queues = models.map(({ packets }) => [...packets]);
  const packets: TcpFields[] = [];
  for (let left = queues.filter(({ length }) => length > 0); left.length > 0;) {
    const next = left[random(left.length)]?.shift();
    if (next !== undefined) packets.push(next);
    left = queues.filter(({ length }) => length > 0);
  }
  return { models, file: pcapFile(packets.map((fields) => ({ bytes: packet(fields) }))) };
}

/** For each byte of a recorded stream whether the capture has it. */
function presence(connection: RecordedConnection, side: 'client' | 'server'): Buffer {
  const streams = connection.streams[side];
  const parts = streams.map((bytes, i) =>
    Buffer.alloc(bytes.length, connection.missing[side][i] === true ? 0 : 1),
  );
  return Buffer.concat(parts);
}

describe('connections as a network and a capture leave them', () => {
  it.each([
    ['nothing is missing in the capture', 0],
    ['1 of 100 packets is missing', 1],
    ['5 of 100 packets are missing', 5],
    ['30 of 100 packets are missing', 30],
  ])('each byte is handed out once, or counted as missing: %s', (_, missing) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { models, file } = mixed(seed, missing);
        const { connections, reader } = readCapture(file);
        let lost = 0;
        for (const [i, { sent, captured }] of models.entries()) {
          const connection = connections.find(({ client }) => client.port === i + 1);
          expect(connection?.sawOpening).toBe(true);
          if (connection === undefined) continue;
          for (const side of ['client', 'server'] as const) {
            const expected = Buffer.from(sent[side].map((byte, at) => byte * (captured[side][at] ?? 0)));
            expect(presence(connection, side).equals(captured[side])).toBe(true);
            expect(Buffer.concat(connection.streams[side]).equals(expected)).toBe(true);
            lost += captured[side].filter((has) => has === 0).length;
          }
        }
        expect(reader.counters.lostBytes).toBe(lost);
        if (missing === 0) expect(connections.map(({ closed }) => closed)).toEqual(['fin', 'fin', 'fin']);
      }),
      { numRuns: 150 },
    );
  });
});

/** A capture with everything that is read in it, as pcapng. */
function rich(seed: number): Buffer {
  const random = numbers(seed);
  const blocks = [sectionHeader(), interfaceBlock({ linkType: 1 }), interfaceBlock({ linkType: 101 })];
  const ethernet = Buffer.concat([Buffer.alloc(12), u16s(true, 0x8100, 1, 0x86dd)]);
  for (const fields of modelConnection({ random, missing: 5, clientPort: 1 }).packets) {
    const bytes = ipv6(tcpSegment(fields), { from: fields.from ?? 'client' });
    blocks.push(
      random(2) === 0
        ? enhancedBlock(Buffer.concat([ethernet, bytes]), { time: BigInt(blocks.length) })
        : enhancedBlock(bytes.subarray(0, 60 + random(200)), { number: 1, originalLength: bytes.length }),
    );
  }
  return Buffer.concat(blocks);
}

/** Reads chunks to the end; the events and, last, the error. Any error but CaptureError is thrown. */
function outcome(chunks: readonly Buffer[]): string[] {
  const record = recorder();
  const reader = new CaptureReader(record);
  const errors: string[] = [];
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      expect(error.message).toMatch(/^[\x20-\x7e]{1,200}$/);
      errors.push(error.message);
    }
  };
  for (const chunk of chunks) attempt(() => reader.push(chunk));
  attempt(() => reader.end());
  expect(errors.length).toBeLessThanOrEqual(1);
  expect([reader.waitingBytes, reader.connections]).toEqual([0, 0]);
  return [...record.lines, ...errors];
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const length of cuts) chunks.push(bytes.subarray(from, (from += length)));
  return [...chunks, bytes.subarray(from)];
}

describe('any bytes', () => {
  const captures = [rich(1), rich(2), mixed(3, 5).file];
  const capture = fc.constantFrom(...captures);

  it('give the same events however they are cut into chunks', () => {
    fc.assert(
      fc.property(capture, fc.array(fc.nat(600), { maxLength: 200 }), (bytes, cuts) => {
        expect(outcome(cut(bytes, cuts))).toEqual(outcome([bytes]));
      }),
      { numRuns: 100 },
    );
    for (const bytes of captures)
      expect(outcome(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(outcome([bytes]));
  });

  it('that end anywhere give what came before, and one error', () => {
    fc.assert(
      fc.property(capture, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, part) => {
        outcome([bytes.subarray(0, Math.floor(bytes.length * part))]);
      }),
      { numRuns: 300 },
    );
  });

  it('that were damaged give nothing but events and one error', () => {
    const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(capture, damage, fc.array(fc.nat(5_000), { maxLength: 5 }), (bytes, places, cuts) => {
        const damaged = Buffer.from(bytes);
        for (const [place, value] of places) damaged[Math.floor(place * (bytes.length - 1))] = value;
        expect(outcome(cut(damaged, cuts))).toEqual(outcome([damaged]));
      }),
      { numRuns: 500 },
    );
  });

  it('that are random behind a right beginning give nothing but events and one error', () => {
    const starts = [Buffer.alloc(0), pcapFile([]), Buffer.concat([sectionHeader(), interfaceBlock()])];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 2_000 }), (start, bytes) => {
        outcome([start, Buffer.from(bytes)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('in packets give nothing but events', () => {
    const linkType = fc.constantFrom(0, 1, 12, 14, 101, 108, 113, 228, 229, 276);
    const start = fc.constantFrom(
      Buffer.alloc(0),
      packet({}).subarray(0, 40),
      Buffer.concat([Buffer.alloc(12), u16s(true, 0x0800), packet({}).subarray(0, 20)]),
      ipv6(tcpSegment({})).subarray(0, 40),
    );
    fc.assert(
      fc.property(
        linkType,
        start,
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(300),
        (type, head, body, more) => {
          const bytes = Buffer.concat([head, body]);
          const [last] = outcome([
            pcapFile([{ bytes, originalLength: bytes.length + more }], { linkType: type }),
          ]).slice(-1);
          expect(last ?? 'closed').toMatch(/closed/);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
