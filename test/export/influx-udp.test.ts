import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '../../src/lib/clock';
import { InfluxUdpExporter } from '../../src/export/influx-udp';
import { memoryQueue } from '../../src/export/make-queue';
import { makePoints } from '../support/make-points';
import { parseLine } from '../support/parse-line';
import { until } from '../support/until';

const clock = new SystemClock();

/** A bound socket that keeps what it gets. */
async function receiver(type: 'udp4' | 'udp6', port = 0) {
  const socket: Socket = createSocket({ type, recvBufferSize: 1 << 20 });
  const datagrams: string[] = [];
  socket.on('message', (datagram) => datagrams.push(datagram.toString()));
  socket.bind(port, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  const lines = (): string[] => datagrams.flatMap((datagram) => datagram.split('\n'));
  return { socket, port: socket.address().port, datagrams, lines };
}

const exporterTo = (host: string, port: number): InfluxUdpExporter =>
  new InfluxUdpExporter({ host, port }, { clock });

describe.each([
  ['IPv4', 'udp4', '127.0.0.1'],
  ['IPv6', 'udp6', '::1'],
  ['a name', 'udp4', 'localhost'],
] as const)('over %s', (_, type, host) => {
  it('sends whole lines in datagrams of at most 1,400 bytes', async () => {
    const { socket, port, datagrams, lines } = await receiver(type);
    const exporter = exporterTo(host, port);
    await exporter.open();
    const points = makePoints(1000, clock);
    expect(await exporter.write(points)).toMatchObject({ sent: 1000, acked: 0 });
    await until('all lines', () => lines().length === 1000);
    for (const datagram of datagrams) {
      expect(Buffer.byteLength(datagram)).toBeLessThanOrEqual(1400);
      expect(datagram).not.toMatch(/^\n|\n$|\n\n/);
    }
    // Full datagrams: one more line would not have fit.
    expect(datagrams.length).toBeLessThan(150);
    expect(lines().map((line) => parseLine(line).time)).toEqual(points.map(({ time }) => time));
    await exporter.close();
    socket.close();
  });
});

it('skips and counts what does not fit, and sends the rest', async () => {
  const { socket, port, lines } = await receiver('udp4');
  const exporter = exporterTo('127.0.0.1', port);
  await exporter.open();
  const [good, other] = makePoints(2, clock);
  if (good === undefined || other === undefined) throw new Error('no points');
  const points = [
    good,
    { ...good, fields: { sha: 'x'.repeat(1400) } },
    { ...good, fields: { tx_size: NaN } },
    other,
  ];
  expect(await exporter.write(points)).toEqual({
    sent: 2,
    acked: 0,
    rejection: 'tx.tx_size: NaN is not an integer within ±2^53',
  });
  expect(await exporter.write([{ ...good, fields: {} }])).toMatchObject({ sent: 0 });
  await until('the lines', () => lines().length === 2);
  await exporter.close();
  socket.close();
});

it('sends in small bursts, even after a pause', async () => {
  const { socket, port, datagrams, lines } = await receiver('udp4');
  const exporter = new InfluxUdpExporter({ host: '127.0.0.1', port, datagramsPerSecond: 100 }, { clock });
  await exporter.open();
  await sleep(300);
  const started = performance.now();
  await exporter.write(makePoints(400, clock));
  const seconds = (performance.now() - started) / 1000;
  await until('all lines', () => lines().length === 400);
  // One at once, whatever time has passed; the others at 100 a second.
  expect(datagrams.length).toBeGreaterThan(30);
  expect(seconds).toBeGreaterThan(((datagrams.length - 2) / 100) * 0.9);
  await exporter.close();
  socket.close();
});

it('keeps to a pace in bytes, and to datagrams of the length that it is told', async () => {
  const { socket, port, datagrams, lines } = await receiver('udp4');
  const exporter = new InfluxUdpExporter(
    { host: '127.0.0.1', port, datagramBytes: 4_000, bytesPerSecond: 100_000, sendBufferBytes: 65_536 },
    { clock },
  );
  await exporter.open();
  const started = performance.now();
  await exporter.write(makePoints(400, clock));
  const seconds = (performance.now() - started) / 1000;
  await until('all lines', () => lines().length === 400);
  const bytes = datagrams.reduce((sum, datagram) => sum + Buffer.byteLength(datagram), 0);
  expect(seconds).toBeGreaterThan(((bytes - 8_000) / 100_000) * 0.9);
  expect(Math.max(...datagrams.map((datagram) => Buffer.byteLength(datagram)))).toBeGreaterThan(3_700);
  expect(datagrams.every((datagram) => Buffer.byteLength(datagram) <= 4_000)).toBe(true);
  await exporter.close();
  socket.close();
});

it('delivers what waited once somebody listens', async () => {
  const { socket, port } = await receiver('udp4');
  socket.close();
  const exporter = exporterTo('127.0.0.1', port);
  await exporter.open();
  const queue = memoryQueue({ retryMinMs: 5, retryMaxMs: 20 }, { exporter, clock, warn: () => undefined });
  const points = makePoints(500, clock);
  for (const point of points) queue.push(point);
  await until('a refusal', () => queue.stats().retried > 0);
  const late = await receiver('udp4', port);
  await until('the points', () => new Set(late.lines()).size === 500);
  expect(await queue.close(2000)).toMatchObject({ sent: 500, acked: 0, dropped: 0, queued: 0 });
  late.socket.close();
});
