import { createReadStream } from 'node:fs';
import os from 'node:os';
import { CaptureClock } from '../../src/tap/capture-clock';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { type FilePacket, pcapFile } from '../support/capture-files';
import { versionPayload } from '../support/fake-peer';
import { captured } from '../support/read-capture';
import { ACK, FIN, type From, packet, RST, SYN } from '../support/tcp-packets';

const { magic } = NETWORKS.regtest;
/** A multiple of 5 seconds, as Unix milliseconds. */
const START_MS = 1_700_000_000_000;
const SERVER_PORT = 18_444;

const version = encodeFrame(magic, 'version', versionPayload());
const verack = encodeFrame(magic, 'verack', Buffer.alloc(0));
const ping = (nonce: number): Buffer => encodeFrame(magic, 'ping', Buffer.alloc(8, nonce));
const pong = (nonce: number): Buffer => encodeFrame(magic, 'pong', Buffer.alloc(8, nonce));

/** The packets of connections, as they are captured. */
class Cable {
  readonly packets: FilePacket[] = [];
  private readonly next = { client: 1, server: 1 };

  constructor(
    private readonly clientPort = 50_000,
    private readonly serverPort = SERVER_PORT,
  ) {}

  /** @param ms since {@link START_MS} */
  send(ms: number, from: From, payload: Buffer, flags = ACK): this {
    const other = from === 'client' ? 'server' : 'client';
    const { clientPort, serverPort } = this;
    const acknowledgment = this.next[other];
    const bytes = packet({
      ...{ from, payload, flags, clientPort, serverPort, acknowledgment },
      sequence: this.next[from],
    });
    this.packets.push({ bytes, timeNs: BigInt(START_MS) * 1_000_000n + BigInt(ms * 1e6) });
    this.next[from] += payload.length + (flags & (SYN | FIN) ? 1 : 0);
    return this;
  }

  /** A packet that is sent and not captured. */
  lose(from: From, length: number): this {
    this.next[from] += length;
    return this;
  }

  open(ms: number): this {
    this.next.client = this.next.server = 0;
    return this.send(ms, 'client', NOTHING, SYN)
      .send(ms, 'server', NOTHING, SYN | ACK)
      .send(ms, 'client', NOTHING);
  }

  shakeHands(ms: number): this {
    return this.open(ms)
      .send(ms, 'client', version)
      .send(ms, 'server', Buffer.concat([version, verack]))
      .send(ms, 'client', verack);
  }
}

const NOTHING = Buffer.alloc(0);

const file = (...cables: readonly Cable[]): Buffer =>
  pcapFile(
    cables.flatMap(({ packets }) => packets).sort((a, b) => Number((a.timeNs ?? 0n) - (b.timeNs ?? 0n))),
    { nanoseconds: true },
  );

it('gives points the times that were captured, and ends intervals by them', async () => {
  const cable = new Cable()
    .shakeHands(1_000)
    .send(2_000, 'server', ping(1))
    .send(2_013, 'client', pong(1))
    .send(11_000, 'client', encodeFrame(magic, 'getaddr', NOTHING))
    .send(12_000, 'client', NOTHING, FIN | ACK)
    .send(12_001, 'server', NOTHING, FIN | ACK);
  const node = captured();
  const summary = await node.read([file(cable)]);
  expect(summary).toMatchObject({ connections: 1, others: 0, isCutOff: false, counters: { lostBytes: 0 } });
  const timesOf = (series: string): number[] =>
    node.points.filter((point) => point.series === series).map(({ time }) => Number(time / 1_000n) / 1_000);
  expect(timesOf('ping')).toEqual([START_MS + 2_013]);
  expect(node.fields('ping')[0]?.rtt).toBeCloseTo(13, 3);
  const intervals = [5_000, 10_000, 12_001].map((ms) => START_MS + ms);
  expect(timesOf('bandwidth').map((ms) => Math.floor(ms))).toEqual(intervals);
  expect(node.fields('msg_recv').map(({ getaddr, version: versions }) => [getaddr, versions])).toEqual([
    [0, 1],
    [0, 0],
    [1, 0],
  ]);
  const client = 2 * verack.length + version.length + pong(1).length;
  expect(node.fields('bandwidth').at(-1)).toEqual({
    bytes_recv: client,
    bytes_sent: version.length + verack.length + ping(1).length,
  });
  expect(node.fields('tap').map(({ inbound }) => inbound)).toEqual([1, 1, 0]);
  expect([...node.ends.values()]).toEqual(['closed-by-peer']);
  const times = node.points.map(({ time }) => time);
  expect(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0n))).toBe(true);
  expect([node.complaints, node.warnings]).toEqual([[], []]);
});

it('tells what the capture lacks, and finds the next message', async () => {
  const inv = encodeFrame(magic, 'inv', Buffer.concat([Buffer.of(1), Buffer.alloc(36, 1)]));
  const cable = new Cable()
    .shakeHands(0)
    .send(1, 'client', inv.subarray(0, 30))
    .lose('client', 1_000)
    .send(2, 'client', Buffer.concat([Buffer.alloc(50), ping(2)]))
    .send(3, 'server', ping(1))
    .send(4, 'client', Buffer.concat([inv, pong(1)]))
    .send(5, 'server', NOTHING, RST);
  const node = captured();
  const { counters } = await node.read([file(cable)]);
  expect(counters.lostBytes).toBe(1_000);
  expect(node.skipped).toEqual({ 'not-copied': 1_000, 'no-message': 30 + 50 });
  expect(node.fields('tap').at(-1)).toMatchObject({
    skipped_bytes: 1_000,
    unread_bytes: 80,
    bytes_recv:
      version.length + verack.length + 30 + 1_000 + 50 + ping(2).length + inv.length + pong(1).length,
  });
  expect(node.sum('msg_recv', 'inv')).toBe(1);
  expect(node.sum('msg_recv', 'ping')).toBe(1);
  expect(node.fields('ping')).toHaveLength(1);
  expect(node.sum('rejects', 'total_violations')).toBe(0);
  expect([...node.ends.values()]).toEqual(['reset-by-node']);
});

it('reads a connection that was under way from its first whole message on', async () => {
  const cable = new Cable()
    .send(0, 'client', Buffer.concat([Buffer.alloc(100, 0xfe), ping(1)]))
    .send(1, 'server', pong(1))
    .send(2, 'client', ping(2));
  const node = captured();
  await node.read([file(cable)]);
  expect(node.connections).toMatchObject([
    { outbound: false, host: '192.0.2.1', port: 50_000, isOpaque: false, established: false },
  ]);
  expect(node.sum('msg_recv', 'ping')).toBe(2);
  expect(node.sum('msg_sent', 'pong')).toBe(1);
  expect(node.skipped).toEqual({ 'not-copied': 0, 'no-message': 100 });
  // It goes on where the capture ends.
  expect([...node.ends.values()]).toEqual(['stopped']);
});

describe('the node in a capture', () => {
  const cable = (): Cable => new Cable().shakeHands(0);
  const elsewhere = (): Cable => new Cable(50_001, 8_444).shakeHands(1);

  it('is who listens on a port of nodes', async () => {
    const node = captured();
    expect(await node.read([file(cable(), elsewhere())])).toMatchObject({ connections: 1, others: 1 });
    expect(node.connections[0]).toMatchObject({ outbound: false, host: '192.0.2.1' });
  });

  it('is this machine, where one of the addresses is its own', async () => {
    const node = captured({ local: new Set(['192.0.2.1']) });
    expect(await node.read([file(cable(), elsewhere())])).toMatchObject({ connections: 1, others: 1 });
    expect(node.connections[0]).toMatchObject({ outbound: true, host: '198.51.100.7', port: SERVER_PORT });
    expect(node.fields('msg_sent').at(-1)).toMatchObject({ version: 1 });
  });

  it.each([
    ['192.0.2.1', [true, true]],
    ['198.51.100.7', [false, false]],
    ['203.0.113.1', []],
  ])('has the address that is given: %s', async (host, outbound) => {
    const node = captured();
    const { connections, others } = await node.read([file(cable(), elsewhere())], { hosts: [host] });
    expect(node.connections.map((each) => each.outbound)).toEqual(outbound);
    expect([connections, others]).toEqual([outbound.length, 2 - outbound.length]);
  });

  it('is asked for where several servers could be it', async () => {
    const node = captured();
    const other = new Cable(50_001, 18_555).shakeHands(1);
    const third = new Cable(50_002, 18_555).shakeHands(2);
    await node.read([file(cable(), other, third)], { ports: [SERVER_PORT, 18_555] });
    expect(node.warnings).toEqual([
      '--pcap node.pcap: the capture has connections to 198.51.100.7:18444 and to 198.51.100.7:18555, ' +
        'and both are taken for the node; give the address of the node',
    ]);
  });
});

describe('a capture that can’t be read', () => {
  const whole = file(new Cable().shakeHands(0).send(10, 'server', ping(1)));

  it.each([
    [
      'no capture',
      [Buffer.from('# a text\nand more of it\n')],
      /^--pcap node.pcap: no capture: it begins with/,
    ],
    ['nothing', [], /^--pcap node.pcap: no capture: it has no bytes$/],
    [
      'an impossible length behind packets',
      [whole, Buffer.alloc(16, 0xff)],
      /^--pcap node.pcap: .*(length|packet)/,
    ],
  ])('is refused in one line that names it: %s', async (_what, chunks, message) => {
    const node = captured();
    await expect(node.read(chunks)).rejects.toMatchObject({
      name: 'FailureError',
      message: expect.stringMatching(message) as string,
    });
    // What came before was read, and the connections have ended.
    const isWhole = chunks[0] === whole;
    expect(node.connections).toHaveLength(isWhole ? 1 : 0);
    expect([...node.ends.values()]).toEqual(isWhole ? ['stopped'] : []);
    node.interval();
    expect(node.sum('msg_sent', 'ping')).toBe(isWhole ? 1 : 0);
  });

  it('is a folder', async () => {
    await expect(captured().read(createReadStream(os.tmpdir()))).rejects.toThrow(
      /^--pcap node.pcap: EISDIR.*; name a file$/,
    );
  });

  it('may end in the middle: what came before counts, and one line says so', async () => {
    const node = captured();
    const { isCutOff } = await node.read([whole.subarray(0, whole.length - 5)]);
    expect(isCutOff).toBe(true);
    expect(node.warnings).toEqual([
      `--pcap node.pcap: the capture ends in the middle of a packet, after ${whole.length - 5} bytes; ` +
        'everything before it was read',
    ]);
    expect(node.sum('msg_recv', 'version')).toBe(1);
    expect(node.sum('msg_sent', 'ping')).toBe(0);
    expect([...node.ends.values()]).toEqual(['stopped']);
  });

  it('ends where it is told to, without an error', async () => {
    const stop = new AbortController();
    const node = captured({ signal: stop.signal });
    node.tap.on('message', ({ command }) => {
      if (command === 'verack') stop.abort();
    });
    const summary = await node.read([whole.subarray(0, whole.length - 5), whole.subarray(whole.length - 5)]);
    expect(summary).toMatchObject({ isCutOff: false, connections: 1 });
    expect(node.sum('msg_sent', 'ping')).toBe(0);
    expect([...node.ends.values()]).toEqual(['stopped']);
    expect(node.warnings).toEqual([]);
  });

  it('waits where points wait', async () => {
    const steps: string[] = [];
    const node = captured({
      ready: () => {
        steps.push('wait');
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    node.tap.on('message', ({ command }) => steps.push(command));
    await node.read([whole.subarray(0, whole.length - 5), whole.subarray(whole.length - 5)]);
    expect(steps).toEqual(['version', 'version', 'verack', 'verack', 'wait', 'ping', 'wait']);
  });
});

describe('the clock of a capture', () => {
  const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;

  /** Advances a clock, and returns the ends of intervals. */
  function ends(...times: readonly number[]): number[] {
    const clock = new CaptureClock(5_000);
    const found: number[] = [];
    clock.onInterval(() => found.push(clock.monotonicMs() - START_MS));
    for (const ms of times) clock.advance(ns(START_MS + ms));
    return found;
  }

  it('ends the intervals that packets pass, those of silence too', () => {
    expect(ends(4_999, 5_000, 5_001, 21_000)).toEqual([5_000, 10_000, 15_000, 20_000]);
  });

  it('does not fill more than an hour of silence', () => {
    const month = 30 * 86_400_000;
    expect(ends(1, month + 1, month + 6_000)).toEqual([5_000, month + 5_000]);
  });

  it('never goes back, and never tells a time twice', () => {
    const clock = new CaptureClock(5_000);
    clock.advance(ns(START_MS + 10));
    const first = clock.uniqueNs();
    clock.advance(ns(START_MS));
    expect(clock.monotonicMs()).toBe(START_MS + 10);
    const second = clock.uniqueNs();
    expect(first).toBe((ns(START_MS + 10) / 64n) * 64n);
    expect(second).toBe(first + 64n);
    clock.advance(ns(START_MS + 11));
    expect(clock.uniqueNs()).toBe((ns(START_MS + 11) / 64n) * 64n);
  });
});
