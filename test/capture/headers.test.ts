import { CaptureReader } from '../../src/capture/capture-reader';
import { enhancedBlock, interfaceBlock, pcapFile, sectionHeader, u16s, u32s } from '../support/capture-files';
import { readCapture, recorder } from '../support/capture-record';
import { ACK, ipv4, ipv6, packet, RST, tcpSegment } from '../support/tcp-packets';

const HELLO = tcpSegment({ sequence: 100, payload: Buffer.from('hello') });
const V4_LINES = ['0 0 opened 192.0.2.1 50000 198.51.100.7 8333 false', '0 0 client hello', '0 0 closed end'];
const V6_LINES = ['0 0 opened 2001:db8::1 50000 2001:db8::7 8333 false', ...V4_LINES.slice(1)];

/** The counters that are not 0, and the events, of a capture with one packet. */
function readOne(
  bytes: Buffer,
  linkType = 101,
  originalLength = bytes.length,
): { lines: string[]; counters: object } {
  const { lines, reader } = readCapture(pcapFile([{ bytes, originalLength }], { linkType }));
  const counted = Object.entries(reader.counters).filter(([, count]) => count !== 0);
  return { lines, counters: Object.fromEntries(counted) };
}

const READ = { packets: 1, segments: 1 };

const MACS = Buffer.from('020000000001020000000002', 'hex');

describe('link layers', () => {
  const sll = (type: number): Buffer =>
    Buffer.concat([u16s(true, 0, 1, 6), Buffer.alloc(8), u16s(true, type)]);
  const sll2 = (type: number): Buffer =>
    Buffer.concat([u16s(true, type, 0), u32s(true, 1), u16s(true, 1, 6), Buffer.alloc(8)]);
  const tag = (next: number): Buffer => u16s(true, 42, next);

  it.each<[string, number, Buffer]>([
    ['Ethernet', 1, Buffer.concat([MACS, u16s(true, 0x0800)])],
    ['Ethernet with an 802.1Q tag', 1, Buffer.concat([MACS, u16s(true, 0x8100), tag(0x0800)])],
    ['Ethernet with QinQ', 1, Buffer.concat([MACS, u16s(true, 0x88a8), tag(0x8100), tag(0x0800)])],
    ['Ethernet with QinQ of old', 1, Buffer.concat([MACS, u16s(true, 0x9100), tag(0x8100), tag(0x0800)])],
    ['Linux cooked', 113, sll(0x0800)],
    ['Linux cooked with a tag', 113, Buffer.concat([sll(0x8100), tag(0x0800)])],
    ['Linux cooked, version 2', 276, sll2(0x0800)],
    ['Linux cooked, version 2, with a tag', 276, Buffer.concat([sll2(0x8100), tag(0x0800)])],
    ['BSD loopback of a little-endian machine', 0, u32s(false, 2)],
    ['BSD loopback of a big-endian machine', 0, u32s(true, 2)],
    ['OpenBSD loopback', 108, u32s(true, 2)],
    ['bare IP', 101, Buffer.alloc(0)],
    ['bare IP as DLT_RAW', 12, Buffer.alloc(0)],
    ['bare IP as DLT_RAW of OpenBSD', 14, Buffer.alloc(0)],
    ['bare IPv4', 228, Buffer.alloc(0)],
  ])('IPv4 in %s', (_, linkType, header) => {
    expect(readOne(Buffer.concat([header, ipv4(HELLO)]), linkType)).toEqual({
      lines: V4_LINES,
      counters: READ,
    });
  });

  it.each<[string, number, Buffer]>([
    ['Ethernet', 1, Buffer.concat([MACS, u16s(true, 0x86dd)])],
    ['Linux cooked', 113, sll(0x86dd)],
    ['Linux cooked, version 2', 276, sll2(0x86dd)],
    ['BSD loopback of NetBSD', 0, u32s(false, 24)],
    ['BSD loopback of FreeBSD', 0, u32s(false, 28)],
    ['BSD loopback of macOS', 0, u32s(false, 30)],
    ['OpenBSD loopback', 108, u32s(true, 24)],
    ['bare IP', 101, Buffer.alloc(0)],
    ['bare IPv6', 229, Buffer.alloc(0)],
  ])('IPv6 in %s', (_, linkType, header) => {
    expect(readOne(Buffer.concat([header, ipv6(HELLO)]), linkType)).toEqual({
      lines: V6_LINES,
      counters: READ,
    });
  });

  it.each<[string, number, Buffer]>([
    ['ARP', 1, Buffer.concat([MACS, u16s(true, 0x0806), Buffer.alloc(28)])],
    ['a length of 802.3', 1, Buffer.concat([MACS, u16s(true, 100), ipv4(HELLO)])],
    ['an address family that is not IP', 0, Buffer.concat([u32s(false, 16), ipv4(HELLO)])],
    ['UDP', 101, ipv4(HELLO, { protocol: 17 })],
    ['UDP in IPv6', 101, ipv6(HELLO, { protocol: 17 })],
    ['encrypted IPv6', 101, ipv6(HELLO, { protocol: 50 })],
  ])('counts another protocol: %s', (_, linkType, bytes) => {
    expect(readOne(bytes, linkType)).toEqual({ lines: [], counters: { packets: 1, otherProtocols: 1 } });
  });

  it.each<[string, number, Buffer]>([
    ['Ethernet', 1, Buffer.concat([MACS, u16s(true, 0x0800)])],
    ['tags', 1, Buffer.concat([MACS, u16s(true, 0x8100), tag(0x8100)])],
    ['Linux cooked', 113, sll(0x0800)],
    ['Linux cooked, version 2', 276, sll2(0x0800)],
    ['loopback', 0, u32s(false, 2)],
  ])('a header that ends early is malformed, or cut by the capture: %s', (_, linkType, header) => {
    for (let length = 0; length <= header.length; length++) {
      const part = header.subarray(0, length);
      expect(readOne(part, linkType)).toEqual({ lines: [], counters: { packets: 1, malformed: 1 } });
      const cut = readOne(part, linkType, 100);
      expect(cut).toEqual({ lines: [], counters: { packets: 1, cutHeaders: 1 } });
    }
  });

  it('says so where no link layer of a capture is read', () => {
    const record = recorder();
    const reader = new CaptureReader(record);
    expect(() => reader.push(pcapFile([{ bytes: ipv4(HELLO) }], { linkType: 127 }))).toThrow(
      'the capture has packets of link type 127; ' +
        'Ethernet (1), Linux cooked (113, 276), BSD loopback (0, 108) and bare IP (101, 228, 229) are read',
    );
  });

  it('leaves out the packets of one interface that is not read', () => {
    const file = Buffer.concat([
      sectionHeader(),
      interfaceBlock({ linkType: 127 }),
      interfaceBlock({ linkType: 101 }),
      enhancedBlock(Buffer.from('radio')),
      enhancedBlock(ipv4(HELLO), { number: 1 }),
    ]);
    const { lines, reader } = readCapture(file);
    expect(lines).toEqual(V4_LINES);
    expect(reader.counters).toMatchObject({ packets: 2, otherLinks: 1, segments: 1 });
  });
});

describe('IPv4', () => {
  it('may have options', () => {
    expect(readOne(ipv4(HELLO, { options: Buffer.alloc(40, 1) }))).toEqual({
      lines: V4_LINES,
      counters: READ,
    });
  });

  it('ends where its length says: padding of Ethernet is left out', () => {
    const padded = Buffer.concat([MACS, u16s(true, 0x0800), ipv4(HELLO), Buffer.from('padding')]);
    expect(readOne(padded, 1)).toEqual({ lines: V4_LINES, counters: READ });
    const empty = Buffer.concat([MACS, u16s(true, 0x0800), ipv4(tcpSegment({})), Buffer.alloc(6)]);
    expect(readOne(empty, 1)).toEqual({ lines: [], counters: READ });
  });

  it('without a length ends with the frame: the network card was to cut it', () => {
    expect(readOne(ipv4(HELLO, { length: 0 }))).toEqual({ lines: V4_LINES, counters: READ });
  });

  it.each([
    ['the first', 0x2000],
    ['a later one', 0x2001],
    ['the last', 0x0001],
    ['the last of the largest packet', 0x1fff],
  ])('fragments are left out: %s', (_, fragment) => {
    expect(readOne(ipv4(HELLO, { fragment }))).toEqual({ lines: [], counters: { packets: 1, fragments: 1 } });
  });

  it('that must not be cut into fragments is whole', () => {
    expect(readOne(ipv4(HELLO, { fragment: 0x4000 }))).toEqual({ lines: V4_LINES, counters: READ });
  });

  it.each<[string, Buffer]>([
    ['no bytes', Buffer.alloc(0)],
    ['19 bytes', ipv4(HELLO).subarray(0, 19)],
    ['a version that is neither 4 nor 6', Buffer.alloc(60, 0x55)],
    ['a header of 16 bytes', Buffer.concat([Buffer.from([0x44]), ipv4(HELLO).subarray(1)])],
    ['a length below that of its header', ipv4(HELLO, { length: 19 })],
    ['a length beyond the frame', ipv4(HELLO, { length: 46 })],
    ['no room for TCP', ipv4(HELLO, { length: 39 })],
    [
      'a TCP header of 16 bytes',
      ipv4(Buffer.concat([HELLO.subarray(0, 12), Buffer.from([0x40]), HELLO.subarray(13)])),
    ],
    [
      'a TCP header beyond it',
      ipv4(Buffer.concat([HELLO.subarray(0, 12), Buffer.from([0x70]), HELLO.subarray(13)])),
    ],
  ])('is malformed with %s', (_, bytes) => {
    expect(readOne(bytes)).toEqual({ lines: [], counters: { packets: 1, malformed: 1 } });
  });

  it('that the capture has cut within its headers is counted', () => {
    const whole = ipv4(HELLO);
    for (let length = 0; length < 40; length++)
      expect(readOne(whole.subarray(0, length), 101, whole.length)).toEqual({
        lines: [],
        counters: { packets: 1, cutHeaders: 1 },
      });
  });

  it('that the capture has cut within its data has lost the rest', () => {
    const whole = ipv4(HELLO);
    for (let length = 40; length < whole.length; length++) {
      const text = 'hello'.slice(0, length - 40);
      expect(readOne(whole.subarray(0, length), 101, whole.length)).toEqual({
        lines: [
          V4_LINES[0],
          ...(text === '' ? [] : [`0 0 client ${text}`]),
          `0 0 client lost ${5 - text.length}`,
          '0 0 closed end',
        ],
        counters: { ...READ, cutSegments: 1, lostBytes: 5 - text.length },
      });
    }
  });
});

describe('IPv6', () => {
  /** An extension header: the next one, and its length in units of 8 bytes without the first. */
  const extension = (next: number, units = 0, bytes = 8 * (units + 1)): Buffer => {
    const header = Buffer.alloc(bytes);
    header.writeUInt8(next, 0);
    header.writeUInt8(units, 1);
    return header;
  };
  const fragment = (next: number, field: number): Buffer =>
    Buffer.concat([Buffer.from([next, 77]), u16s(true, field), Buffer.alloc(4)]);

  it.each<[string, number, Buffer]>([
    ['hop by hop', 0, extension(6)],
    ['routing, of 24 bytes', 43, extension(6, 2)],
    ['destination', 60, extension(6)],
    ['mobility', 135, extension(6)],
    ['host identity', 139, extension(6)],
    ['shim6', 140, extension(6)],
    ['authentication, of 24 bytes', 51, extension(6, 4, 24)],
    ['a fragment header of a packet that is whole', 44, fragment(6, 0)],
    ['several', 0, Buffer.concat([extension(43), extension(44, 1), fragment(60, 0x0006), extension(6)])],
  ])('may have extension headers: %s', (_, protocol, options) => {
    expect(readOne(ipv6(HELLO, { protocol, options }))).toEqual({ lines: V6_LINES, counters: READ });
  });

  it.each([
    ['the first', 0x0001],
    ['the last', 0x0008],
    ['one between', 0x0009],
  ])('fragments are left out: %s', (_, field) => {
    const bytes = ipv6(HELLO, { protocol: 44, options: fragment(6, field) });
    expect(readOne(bytes)).toEqual({ lines: [], counters: { packets: 1, fragments: 1 } });
  });

  it('without a length ends with the frame', () => {
    expect(readOne(ipv6(HELLO, { length: 0 }))).toEqual({ lines: V6_LINES, counters: READ });
  });

  it.each<[string, Buffer]>([
    ['39 bytes', ipv6(HELLO).subarray(0, 39)],
    ['a length beyond the frame', ipv6(HELLO, { length: 26 })],
    ['an extension beyond it', ipv6(Buffer.alloc(7), { protocol: 0 })],
    ['an extension that is longer than it', ipv6(HELLO, { protocol: 0, options: extension(6, 255, 8) })],
    ['no room for TCP', ipv6(HELLO.subarray(0, 19))],
  ])('is malformed with %s', (_, bytes) => {
    expect(readOne(bytes)).toEqual({ lines: [], counters: { packets: 1, malformed: 1 } });
  });

  it('that the capture has cut within its headers is counted', () => {
    const whole = ipv6(HELLO, { protocol: 0, options: Buffer.concat([extension(51), extension(6, 4, 24)]) });
    for (let length = 0; length < whole.length - 5; length++)
      expect(readOne(whole.subarray(0, length), 101, whole.length)).toEqual({
        lines: [],
        counters: { packets: 1, cutHeaders: 1 },
      });
  });

  it('with nothing but extension headers is read in one pass', () => {
    const chain = Buffer.concat(new Array<Buffer>(8_000).fill(extension(60)));
    expect(readOne(ipv6(chain, { protocol: 60 }))).toEqual({
      lines: [],
      counters: { packets: 1, malformed: 1 },
    });
  });
});

describe('TCP', () => {
  it('may have options', () => {
    const segment = tcpSegment({ payload: Buffer.from('hello'), options: Buffer.alloc(40, 1) });
    expect(readOne(ipv4(segment))).toEqual({ lines: V4_LINES, counters: READ });
  });

  it('of IPv4 and IPv6 with the same bytes in front are different connections', () => {
    const files = [ipv4(HELLO), ipv6(HELLO), packet({ from: 'server', flags: ACK, payload: HELLO })];
    const { connections } = readCapture(pcapFile(files.map((bytes) => ({ bytes }))));
    expect(connections.map(({ client }) => client.host)).toEqual(['192.0.2.1', '2001:db8::1']);
  });

  it('a reset of nothing begins nothing', () => {
    expect(readOne(packet({ flags: RST }))).toEqual({ lines: [], counters: READ });
  });
});
