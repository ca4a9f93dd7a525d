// Delivery into a real InfluxDB 1.x, by HTTP with a spool before it and by UDP, beside the way of the program
// that this one replaces: one HTTP write for each point. The bytes are those of the sockets, without the
// headers of TCP, UDP and IP.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);
const { SystemClock } = require('../dist/lib/clock.js');
const { LineSerializer } = require('../dist/export/line.js');
const { openExports } = require('../dist/export/open-exports.js');

/** One at a time there is no need for as many: it takes as long for each. */
const SINGLE_POINTS = 2_000;
const POINTS = 300_000;

const clock = new SystemClock();
const TAGS = { node: 'bench', network: 'mainnet' };
const OUTPUT_TAGS = ['pubkeyhash', 'witness_v0_keyhash', 'witness_v1_taproot'].map((script_type) => ({
  ...TAGS,
  script_type,
}));

/** Where ids and amounts are taken from: what is random does not compress. */
const noise = randomBytes((POINTS / 5) * 32);

/** Points as a busy relay makes them: a transaction, an input, three outputs. */
function* makePoints(count) {
  for (let made = 0; made < count; made += 5) {
    const at = (made / 5) * 32;
    const sha = noise.toString('hex', at, at + 32);
    const size = 200 + (noise[at] & 0xff);
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

/** Counts what goes out of this process's sockets. */
const wire = { bytes: 0 };
subscribe('net.client.socket', ({ socket }) => {
  socket.on('close', () => (wire.bytes += socket.bytesWritten));
});
subscribe('udp.socket', ({ socket }) => {
  const send = socket.send.bind(socket);
  socket.send = (datagram, ...rest) => {
    wire.bytes += Buffer.byteLength(datagram);
    return send(datagram, ...rest);
  };
});

/** Runs one way of delivery: what it took, for `count` points. */
async function measure(count, deliver) {
  wire.bytes = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await deliver();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  // The sockets tell what they sent when they are closed.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { rate: count / seconds, cpu: (user + system) / count, bytes: wire.bytes / count };
}

async function oneByOne(port) {
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const point of makePoints(SINGLE_POINTS)) {
    const line = serializer.serialize(point);
    await new Promise((resolve, reject) => {
      const outgoing = request({
        ...{ host: '127.0.0.1', port, agent, method: 'POST', path: '/write?db=bench&precision=n' },
        headers: { 'Content-Length': Buffer.byteLength(line) },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => response.resume().on('end', resolve));
      outgoing.end(line);
    });
  }
  agent.destroy();
}

async function bySpool(url, directory, isDone) {
  const { queues } = await openExports([url], {
    clock,
    warn: (message) => console.log(`delivery: ${message}`),
    env: {},
    spools: { directory, maxBytes: 1_000_000_000 },
    onEnded: () => undefined,
  });
  const [queue] = queues;
  let pushed = 0;
  for (const point of makePoints(POINTS)) {
    queue.push(point);
    pushed += 1;
    // As from peers, points come while others are written.
    if (pushed % 1_000 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      while (queue.stats().queued > 50_000) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  while (!isDone(queue.stats())) await new Promise((resolve) => setTimeout(resolve, 5));
  const { dropped } = await queue.close(10_000);
  if (dropped > 0) throw new Error(`${dropped} points were dropped`);
}

async function query(port, q) {
  const response = await fetch(`http://127.0.0.1:${port}/query?db=bench`, {
    method: 'POST',
    body: new URLSearchParams({ q }),
  });
  return (await response.json()).results[0].series?.[0].values[0][1] ?? 0;
}

async function stored(port) {
  const counts = ['tx', 'tx_inputs', 'tx_outputs'].map((series) =>
    query(
      port,
      `SELECT count(${series === 'tx_outputs' ? 'size' : series === 'tx' ? 'vsize' : 'witness_size'}) FROM ${series}`,
    ),
  );
  return (await Promise.all(counts)).reduce((a, b) => a + b);
}

async function startInfluxd(folder) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const udpPort = socket.address().port;
  socket.close();
  const config = path.join(folder, 'influxdb.conf');
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:0"
  log-enabled = false
[[udp]]
  enabled = true
  bind-address = "127.0.0.1:${udpPort}"
  database = "bench"
  precision = "n"
  batch-timeout = "200ms"
  read-buffer = 8388608
`,
  );
  const child = spawn('influxd', ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let log = '';
  const port = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(log.slice(-1_000))));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log = (log + text).slice(-20_000);
      const match = /Listening on HTTP.*?addr=\S*?:(\d+)/.exec(log);
      if (match !== null && log.includes('Listening for signals')) resolve(Number(match[1]));
    });
  });
  await query(port, 'CREATE DATABASE bench');
  return { port, udpPort, child };
}

function print(name, { rate, cpu, bytes }, single) {
  const times = single === undefined ? '' : ` (${(rate / single.rate).toFixed(0)} times)`;
  console.log(
    `delivery: ${name}: ${Math.round(rate).toLocaleString('en')} points/s${times}, ` +
      `${cpu.toFixed(1)} CPU s per million points, ${bytes.toFixed(0)} bytes per point`,
  );
}

if (spawnSync('influxd', ['version']).error !== undefined) {
  console.log('delivery: not run: influxd was not found; install InfluxDB 1.x');
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-'));
  const { port, udpPort, child } = await startInfluxd(folder);
  try {
    const single = await measure(SINGLE_POINTS, () => oneByOne(port));
    print('one HTTP write a point', single);
    const spools = path.join(folder, 'spool');
    const acked = ({ acked }) => acked === POINTS;
    for (const options of ['', '?gzip=off']) {
      const http = `influx+http://127.0.0.1:${port}/bench${options}`;
      print(`influx+http${options}`, await measure(POINTS, () => bySpool(http, spools, acked)), single);
    }
    let before = await stored(port);
    if (before !== SINGLE_POINTS + 2 * POINTS) throw new Error(`${before} points are stored over HTTP`);
    // At the default pace, which is for a receiver's default buffer, and at one that this receiver's large
    // one takes.
    for (const options of ['', '?datagrams=20000']) {
      const udp = `influx+udp://127.0.0.1:${udpPort}${options}`;
      const result = await measure(POINTS, () => bySpool(udp, spools, ({ sent }) => sent === POINTS));
      print(`influx+udp${options}`, result, single);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const now = await stored(port);
      const lost = before + POINTS - now;
      before = now;
      console.log(`delivery: influx+udp${options} lost ${lost} of ${POINTS.toLocaleString('en')} points`);
    }
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}
