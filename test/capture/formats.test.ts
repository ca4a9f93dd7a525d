import { CaptureError } from '../../src/capture/capture-error';
import type { Packet } from '../../src/capture/packet';
import { PacketReader } from '../../src/capture/packet-reader';
import {
  block,
  enhancedBlock,
  interfaceBlock,
  option,
  pcapFile,
  pcapHeader,
  sectionHeader,
  u16s,
  u32s,
} from '../support/capture-files';

const TIME = 1_700_000_000_123_456_789n;
const BYTES = Buffer.from('a packet');
const NOTHING = Buffer.alloc(0);

/** The packets of a capture that comes in chunks of `size`, and the error that it ends with. */
function read(bytes: Buffer, size = Infinity): { packets: Packet[]; links: number[]; error: string } {
  const packets: Packet[] = [];
  const links: number[] = [];
  const reader = new PacketReader({
    linkType: (linkType) => links.push(linkType),
    packet: (packet) => packets.push({ ...packet, bytes: Buffer.from(packet.bytes) }),
  });
  try {
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { packets, links, error: `${error.fault}: ${error.message}` };
  }
  return { packets, links, error: '' };
}

/** Reads a capture in chunks of several sizes, which must not matter. */
function readEach(bytes: Buffer): ReturnType<typeof read> {
  const whole = read(bytes);
  for (const size of [1, 2, 3, 7, 16, 100]) expect(read(bytes, size)).toEqual(whole);
  return whole;
}

function expected(packet: Partial<Packet> = {}): Packet {
  return { timeNs: TIME, linkType: 101, bytes: BYTES, originalLength: BYTES.length, ...packet };
}

describe('pcap', () => {
  const coarse = TIME - (TIME % 1_000n);

  it.each([
    ['little-endian, microseconds', { bigEndian: false, nanoseconds: false }, coarse],
    ['little-endian, nanoseconds', { bigEndian: false, nanoseconds: true }, TIME],
    ['big-endian, microseconds', { bigEndian: true, nanoseconds: false }, coarse],
    ['big-endian, nanoseconds', { bigEndian: true, nanoseconds: true }, TIME],
  ])('is read: %s', (_, format, timeNs) => {
    const file = pcapFile(
      [
        { bytes: BYTES, timeNs: TIME },
        { bytes: NOTHING, timeNs: TIME, originalLength: 1_500 },
      ],
      { ...format, linkType: 1 },
    );
    expect(readEach(file)).toEqual({
      packets: [
        expected({ timeNs, linkType: 1 }),
        expected({ timeNs, linkType: 1, bytes: NOTHING, originalLength: 1_500 }),
      ],
      links: [1],
      error: '',
    });
  });

  it('may have no packets', () => {
    expect(readEach(pcapHeader())).toEqual({ packets: [], links: [101], error: '' });
  });

  it('takes the link type without the bits that tell of a checksum', () => {
    expect(read(pcapHeader({ linkType: 0x5400_0001 })).links).toEqual([1]);
  });

  it('gives no packet a length on the wire below what was captured', () => {
    const { packets } = read(pcapFile([{ bytes: BYTES, originalLength: 3 }]));
    expect(packets).toEqual([expected({ timeNs: 0n })]);
  });

  it('may have the largest packet', () => {
    const { packets, error } = read(pcapFile([{ bytes: Buffer.alloc(262_144) }]), 65_536);
    expect([packets.map(({ bytes }) => bytes.length), error]).toEqual([[262_144], '']);
  });

  it.each([
    ['one byte more than the largest packet', 262_145],
    ['the largest number', 0xffff_ffff],
  ])('is refused with a packet of an impossible length: %s', (_, length) => {
    const start = pcapFile([{ bytes: BYTES }]);
    expect(readEach(Buffer.concat([start, u32s(false, 0, 0, length, length)]))).toEqual({
      packets: [expected({ timeNs: 0n })],
      links: [101],
      error:
        `impossible-length: the capture has a packet of ${length} bytes at byte ${start.length}; ` +
        'a packet has 262144 at most',
    });
  });

  it('is refused with another version', () => {
    const file = Buffer.concat([u32s(true, 0xa1b2c3d4), u16s(true, 2, 3), Buffer.alloc(16)]);
    expect(read(file).error).toBe('not-supported: the capture is pcap 2.3; pcap 2.4 is read');
  });

  it('says where it is cut off', () => {
    const file = pcapFile([{ bytes: BYTES }]);
    const error = (length: number): string => readEach(file.subarray(0, length)).error;
    expect(error(10)).toBe('cut-off: the capture ends in the middle of the header, after 10 bytes');
    expect(error(24)).toBe('');
    expect(error(30)).toBe('cut-off: the capture ends in the middle of a header, after 30 bytes');
    expect(error(40)).toBe('cut-off: the capture ends in the middle of a packet, after 40 bytes');
    expect(error(47)).toBe('cut-off: the capture ends in the middle of a packet, after 47 bytes');
  });
});

describe('what is no capture', () => {
  it.each([
    ['', 'no-capture: no capture: it has no bytes'],
    ['short', 'no-capture: no capture: it has 5 bytes; a header alone has 24'],
    [
      'no capture at all',
      'no-capture: no capture: it begins with 6e6f2063; give pcap or pcapng, as tcpdump -w writes it',
    ],
    [
      '\x1f\x8b and what gzip makes of it',
      'no-capture: no capture: it is packed with gzip; unpack it first, as in: gunzip -c FILE',
    ],
    ['\n\r\r\nno byte order', 'cut-off: the capture ends in the middle of a section header, after 17 bytes'],
    [
      '\n\r\r\nno byte order at all',
      'no-capture: the section header at byte 0 has no byte order; pcapng has 1a2b3c4d there',
    ],
  ])('is refused: %j', (text, error) => {
    expect(readEach(Buffer.from(text, 'latin1'))).toEqual({ packets: [], links: [], error });
  });
});

describe.each([
  ['little-endian', false],
  ['big-endian', true],
])('pcapng, %s', (_, bigEndian) => {
  const section = sectionHeader(bigEndian);
  const ng = (...blocks: readonly Buffer[]): Buffer => Buffer.concat([section, ...blocks]);
  const tsresol = (value: number): Buffer => option(9, Buffer.from([value]), bigEndian);
  const described = interfaceBlock({ bigEndian });

  it('is read: its enhanced packets, their comments skipped', () => {
    const comment = option(1, Buffer.from('a comment of some length'), bigEndian);
    const file = ng(
      described,
      enhancedBlock(BYTES, { time: TIME / 1_000n, bigEndian }),
      enhancedBlock(Buffer.from('odd'), { time: 5n, bigEndian, originalLength: 1_500, options: comment }),
    );
    expect(readEach(file)).toEqual({
      packets: [
        expected({ timeNs: TIME - (TIME % 1_000n) }),
        expected({ timeNs: 5_000n, bytes: Buffer.from('odd'), originalLength: 1_500 }),
      ],
      links: [101],
      error: '',
    });
  });

  it.each([
    ['nanoseconds', [9], TIME, TIME],
    ['seconds', [0], 1_700_000_000n, 1_700_000_000_000_000_000n],
    ['picoseconds', [12], 1_234_567n, 1_234n],
    ['halves of a second', [0x81], 3n, 1_500_000_000n],
    ['2^-20 seconds', [0x94], 1n << 20n, 1_000_000_000n],
    ['10^-127 seconds', [0x7f], 0xffff_ffff_ffff_ffffn, 0n],
  ])('times are in the unit of the interface: %s', (_, [value = 0], time, timeNs) => {
    const file = ng(
      interfaceBlock({ bigEndian }, [option(2, Buffer.from('lo'), bigEndian), tsresol(value)]),
      enhancedBlock(BYTES, { time, bigEndian }),
    );
    expect(readEach(file).packets).toEqual([expected({ timeNs })]);
  });

  it('times begin at the offset of the interface', () => {
    const offset = Buffer.alloc(8);
    if (bigEndian) offset.writeBigInt64BE(-10n);
    else offset.writeBigInt64LE(-10n);
    const file = ng(
      interfaceBlock({ bigEndian }, [option(14, offset, bigEndian), tsresol(0)]),
      enhancedBlock(BYTES, { time: 15n, bigEndian }),
      enhancedBlock(BYTES, { time: 9n, bigEndian }),
    );
    expect(readEach(file)).toMatchObject({
      packets: [{ timeNs: 5_000_000_000n }],
      error: expect.stringMatching(/^impossible-value: .*of a time before 1970$/) as string,
    });
  });

  it('a time after 2262 is refused', () => {
    const of = (time: bigint): ReturnType<typeof read> =>
      readEach(ng(interfaceBlock({ bigEndian }, [tsresol(9)]), enhancedBlock(BYTES, { time, bigEndian })));
    expect(of((1n << 63n) - 1n)).toMatchObject({ packets: [{ timeNs: (1n << 63n) - 1n }], error: '' });
    expect(of(1n << 63n).error).toBe(
      'impossible-value: the capture has a packet at byte 60 of a time after 2262',
    );
  });

  it('simple packets have the time of the packet before', () => {
    const simple = (length: number, bytes: Buffer): Buffer =>
      block(3, Buffer.concat([u32s(bigEndian, length), bytes]), bigEndian);
    const file = ng(
      interfaceBlock({ bigEndian, snapLength: 5 }),
      simple(3, Buffer.from('abc')),
      enhancedBlock(Buffer.from('x'), { time: 7n, bigEndian }),
      simple(1_500, Buffer.from('abcde')),
    );
    expect(readEach(file).packets).toEqual([
      expected({ timeNs: 0n, bytes: Buffer.from('abc'), originalLength: 3 }),
      expected({ timeNs: 7_000n, bytes: Buffer.from('x'), originalLength: 1 }),
      expected({ timeNs: 7_000n, bytes: Buffer.from('abcde'), originalLength: 1_500 }),
    ]);
  });

  it('obsolete packet blocks are read', () => {
    const body = Buffer.concat([u16s(bigEndian, 1, 0xffff), u32s(bigEndian, 0, 9, BYTES.length, 100), BYTES]);
    const file = ng(described, interfaceBlock({ bigEndian, linkType: 1 }), block(2, body, bigEndian));
    expect(readEach(file)).toEqual({
      packets: [expected({ timeNs: 9_000n, linkType: 1, originalLength: 100 })],
      links: [101, 1],
      error: '',
    });
  });

  it('other blocks are skipped, however long', () => {
    const statistics = block(5, Buffer.alloc(20), bigEndian);
    const unknown = block(0x8000_0001, Buffer.alloc(3_000_000), bigEndian);
    const file = ng(statistics, described, unknown, enhancedBlock(BYTES, { bigEndian }), statistics);
    expect(read(file, 65_536)).toMatchObject({ packets: [{ bytes: BYTES }], error: '' });
    expect(read(file)).toMatchObject({ packets: [{ bytes: BYTES }], error: '' });
  });

  it('each section has its byte order and its interfaces', () => {
    const other = !bigEndian;
    const file = ng(
      interfaceBlock({ bigEndian, linkType: 1 }),
      described,
      enhancedBlock(BYTES, { bigEndian, number: 1 }),
      sectionHeader(other),
      interfaceBlock({ bigEndian: other, linkType: 113 }),
      enhancedBlock(BYTES, { bigEndian: other }),
      enhancedBlock(BYTES, { bigEndian: other, number: 1 }),
    );
    const result = readEach(file);
    expect(result.packets.map(({ linkType }) => linkType)).toEqual([101, 113]);
    expect(result.links).toEqual([1, 101, 113]);
    expect(result.error).toMatch(/^impossible-value: .* of interface 1; 1 are declared$/);
  });

  it.each<[string, readonly Buffer[], string]>([
    ['another version', [sectionHeader(bigEndian, 2)], 'not-supported: the capture is pcapng 2.0'],
    [
      'a section without a byte order',
      [block(0x0a0d0d0a, Buffer.alloc(16))],
      'impossible-value: the section',
    ],
    ['a block of 4 bytes', [u32s(bigEndian, 5, 4)], 'impossible-length: .*a block of 4 bytes'],
    ['a block of 8 bytes', [u32s(bigEndian, 5, 8)], 'impossible-length: .*a block of 8 bytes'],
    ['a block of 13 bytes', [u32s(bigEndian, 5, 13)], 'impossible-length: .*a block of 13 bytes'],
    ['an interface without fields', [u32s(bigEndian, 1, 16)], 'impossible-length: .*a block of 16 bytes'],
    [
      'an option beyond its block',
      [block(1, Buffer.concat([u32s(bigEndian, 0, 0), u16s(bigEndian, 2, 5), Buffer.alloc(4)]), bigEndian)],
      'impossible-length: .*an option of 5 bytes with 4 left',
    ],
    [
      'a packet beyond its block',
      [described, block(6, u32s(bigEndian, 0, 0, 0, 1, 1), bigEndian)],
      'impossible-length: .*a packet of 1 bytes in a block with 0',
    ],
    [
      'a packet beyond all sizes',
      [
        described,
        block(6, Buffer.concat([u32s(bigEndian, 0, 0, 0, 262_145, 1), Buffer.alloc(262_145)]), bigEndian),
      ],
      'impossible-length: .*a packet of 262145 bytes; a packet has 262144 at most',
    ],
    [
      'a packet before any interface',
      [enhancedBlock(BYTES, { bigEndian })],
      'impossible-value: .*interface 0; 0',
    ],
    [
      'another length at the end of a block',
      [u32s(bigEndian, 5, 16, 0, 20)],
      'impossible-length: .*a block of 16 bytes that ends with the length 20',
    ],
    [
      'the middle of a block as its end',
      [u32s(bigEndian, 5, 0xffff_fffc, 0)],
      'cut-off: .* a block of 4294967292 bytes',
    ],
    ['the middle of a header as its end', [u32s(bigEndian, 5)], 'cut-off: .* a header, after'],
  ])('is refused with %s', (_, blocks, error) => {
    expect(readEach(ng(...blocks)).error).toMatch(new RegExp(`^${error}`));
  });

  it('is refused with more interfaces than can be named', () => {
    const { error, links } = read(ng(...new Array<Buffer>(65_537).fill(described)));
    expect([links.length, error]).toEqual([
      65_536,
      `impossible-value: the capture has more than 65536 interfaces in the section before byte ${28 + 65_536 * 20}`,
    ]);
  });
});

describe('the reader of packets', () => {
  it('ignores what comes after an error', () => {
    const packets: Packet[] = [];
    const reader = new PacketReader({ linkType: () => undefined, packet: (packet) => packets.push(packet) });
    expect(() => reader.push(Buffer.from('no capture'))).toThrow(CaptureError);
    reader.push(pcapFile([{ bytes: BYTES }]));
    reader.end();
    expect(packets).toEqual([]);
  });

  it('hands out views of a chunk, and allocates no more than a packet', () => {
    const file = pcapFile([{ bytes: BYTES }, { bytes: BYTES }]);
    const owners: unknown[] = [];
    const reader = new PacketReader({
      linkType: () => undefined,
      packet: ({ bytes }) => owners.push(bytes.buffer),
    });
    reader.push(file.subarray(0, file.length - 1));
    reader.push(file.subarray(file.length - 1));
    expect(owners.map((owner) => owner === file.buffer)).toEqual([true, false]);
    expect((owners[1] as ArrayBuffer).byteLength).toBe(BYTES.length);
  });
});
