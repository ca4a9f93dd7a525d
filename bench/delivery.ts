// Measures the delivery of points to a real InfluxDB 1.x: over HTTP with a spool, and over UDP. Compares both
// with one HTTP write for each point, as the program did that this one replaces. The bytes are those of the
// sockets, without the headers of TCP, UDP and IP.
import { randomBytes } from 'node:crypto';
import type { Socket as UdpSocket } from 'node:dgram';
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SystemClock } from '#dist/lib/clock';
import { LineSerializer } from '#dist/export/line';
import { openExports } from '#dist/export/open-exports';
import type { QueueStats } from '#dist/export/point-queue';
import type { Point } from '#dist/metrics/point';
import { lineOf } from '../test/support/line-of';
import { type Influxd, influxd, startInfluxd } from '../test/support/influxd';

/** How many points are written one by one. A few are enough, because each write takes equally long. */
const SINGLE_POINTS = 2_000;
const POINTS = 300_000;

const clock = new SystemClock();
const TAGS = { node: 'bench', network: 'mainnet' };
const OUTPUT_TAGS = ['pubkeyhash', 'witness_v0_keyhash', 'witness_v1_taproot'].map((script_type) => ({
  ...TAGS,
  script_type,
}));

/** The source of ids and amounts. Its bytes are random, because real ids do not compress either. */
const noise = randomBytes((POINTS / 5) * 32);

/** Points like those of a busy relay: for each transaction one input and three outputs. */
function* makePoints(count: number): Generator<Point> {
  for (let made = 0; made < count; made += 5) {
    const at = (made / 5) * 32;
    const sha = noise.toString('hex', at, at + 32);
    const size = 200 + ((noise[at] ?? 0) & 0xff);
    const fields = { tx_size: size, vsize: size - 80, weight: 4 * (size - 80), is_standard: true, sha };
    yield { series: 'tx', time: clock.uniqueNs(), tags: TAGS, fields };
    yield {
      series: 'tx_inputs',
      time: clock.uniqueNs(),
      tags: TAGS,
      fields: { sig_script_len: 0, witness_size: 107, is_standard: true },
    };
    for (const tags of OUTPUT_TAGS)
      yield {
        series: 'tx_outputs',
        time: clock.uniqueNs(),
        tags,
        fields: { size: 22, value: noise.readUInt32LE(at), is_dust: false },
      };
  }
}

/** Counts the bytes that the sockets of this process send. */
const wire = { bytes: 0 };
subscribe('net.client.socket', (message) => {
  const { socket } = message as { readonly socket: Socket };
  socket.on('close', () => (wire.bytes += socket.bytesWritten));
});
subscribe('udp.socket', (message) => {
  const { socket } = message as { readonly socket: UdpSocket };
  const send = socket.send.bind(socket) as (datagram: Buffer | string, ...rest: unknown[]) => void;
  socket.send = (datagram: Buffer | string, ...rest: unknown[]): void => {
    wire.bytes += Buffer.byteLength(datagram);
    send(datagram, ...rest);
  };
});

/** The cost of a way of delivery. */
interface Cost {
  /** Points a second. */
  readonly rate: number;
  /** Microseconds of processor time for each point. */
  readonly cpu: number;
  /** Bytes on the wire for each point. */
  readonly bytes: number;
}

/** Measures one way of delivery of `count` points. */
async function measure(count: number, deliver: () => Promise<void>): Promise<Cost> {
  wire.bytes = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await deliver();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  // The bytes of a socket are added when it is closed.
  await sleep(50);
  return { rate: count / seconds, cpu: (user + system) / count, bytes: wire.bytes / count };
}

async function oneByOne(port: number): Promise<void> {
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const point of makePoints(SINGLE_POINTS)) {
    const line = lineOf(serializer, point);
    await new Promise<void>((resolve, reject) => {
      const outgoing = request({
        ...{ host: '127.0.0.1', port, agent, method: 'POST', path: '/write?db=bench&precision=n' },
        headers: { 'Content-Length': Buffer.byteLength(line) },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => response.resume().on('end', () => resolve()));
      outgoing.end(line);
    });
  }
  agent.destroy();
}

async function bySpool(
  url: string,
  directory: string,
  isDone: (stats: QueueStats) => boolean,
): Promise<void> {
  const { queues } = await openExports([url], {
    clock,
    warn: (message) => console.log(`delivery: ${message}`),
    env: {},
    spools: { directory, maxBytes: 1_000_000_000 },
    onEnded: () => undefined,
  });
  const [queue] = queues;
  if (queue === undefined) throw new Error(`${url} has no queue`);
  let pushed = 0;
  for (const point of makePoints(POINTS)) {
    queue.push(point);
    pushed += 1;
    // New points come while others are written, as in the listener.
    if (pushed % 1_000 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      while (queue.stats().queued > 50_000) await sleep(1);
    }
  }
  while (!isDone(queue.stats())) await sleep(5);
  const { dropped } = await queue.close(10_000);
  if (dropped > 0) throw new Error(`${dropped} points were dropped`);
}

/** How many points the server has stored. */
async function stored(server: Influxd): Promise<number> {
  const columns = { tx: 'vsize', tx_inputs: 'witness_size', tx_outputs: 'size' };
  const counts = Object.entries(columns).map(([series, column]) => server.count(series, column));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

function print(name: string, { rate, cpu, bytes }: Cost, single?: Cost): void {
  const times = single === undefined ? '' : ` (${(rate / single.rate).toFixed(0)} times)`;
  console.log(
    `delivery: ${name}: ${Math.round(rate).toLocaleString('en')} points/s${times}, ` +
      `${cpu.toFixed(1)} CPU s per million points, ${bytes.toFixed(0)} bytes per point`,
  );
}

/** Measures the delivery over UDP at the pace that `options` sets, and how many points it loses. */
async function measureUdp(server: Influxd, spools: string, options: string, single: Cost): Promise<void> {
  const before = await stored(server);
  const url = `influx+udp://127.0.0.1:${server.udpPort}${options}`;
  const cost = await measure(POINTS, () => bySpool(url, spools, ({ sent }) => sent === POINTS));
  print(`influx+udp${options}`, cost, single);
  await sleep(2_000);
  const lost = before + POINTS - (await stored(server));
  console.log(`delivery: influx+udp${options} lost ${lost} of ${POINTS.toLocaleString('en')} points`);
}

async function main(): Promise<void> {
  if (influxd.path === null) {
    console.log('delivery: not run: influxd was not found; install InfluxDB 1.x');
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-'));
  // The server has its default settings except for the buffer and the timeout.
  const server = await startInfluxd({ database: 'bench', batchPending: 10, batchTimeout: '200ms' });
  try {
    const single = await measure(SINGLE_POINTS, () => oneByOne(server.httpPort));
    print('one HTTP write a point', single);
    const spools = path.join(folder, 'spool');
    for (const options of ['', '?gzip=off']) {
      const url = `influx+http://127.0.0.1:${server.httpPort}/bench${options}`;
      const cost = await measure(POINTS, () => bySpool(url, spools, ({ acked }) => acked === POINTS));
      print(`influx+http${options}`, cost, single);
    }
    const count = await stored(server);
    if (count !== SINGLE_POINTS + 2 * POINTS) throw new Error(`${count} points are stored over HTTP`);
    // The default pace suits a receiver with the default buffer. This receiver has a large buffer, so it can
    // take a faster pace, too.
    await measureUdp(server, spools, '', single);
    await measureUdp(server, spools, '?datagrams=20000', single);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
