// What a node on mainnet costs those who keep its points: an hour of points as a mainnet node makes them, in
// bytes of line protocol, compressed, in the embedded store and in InfluxDB 1.x (where there is an influxd),
// and the processor time that `btcdmon-node collect` takes for each. Then so many nodes at once, at the rate
// of mainnet, to one collector: its memory and its share of a core. Usage: node scripts/fleet.mjs [--tx-rate
// 7] [--inputs 2.2] [--outputs 2.7] [--interval 5] [--nodes 8] [--senders 500]
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const { SystemClock } = require('../dist/lib/clock.js');
const { StoreWriter } = require('../dist/store/writer.js');
const { LineSerializer } = require('../dist/export/line.js');
const { openExports } = require('../dist/export/open-exports.js');
const { SERIES_NAMES, seriesOf } = require('../dist/metrics/schema.js');

const options = { 'tx-rate': '7', inputs: '2.2', outputs: '2.7', interval: '5', nodes: '8', senders: '500' };
const { values } = parseArgs({
  options: Object.fromEntries(
    Object.entries(options).map(([name, fallback]) => [name, { type: 'string', default: fallback }]),
  ),
});
const [txRate, inputs, outputs, interval, nodes, senderCount] = Object.keys(options).map((name) =>
  Number(values[name]),
);
const HOUR = 3_600;
const BATCH = 5_000;
const PER_EVENT = new Set(['tx', 'tx_inputs', 'tx_outputs', 'tx_fees', 'propagation', 'ping', 'blocks']);
const RARE = new Set(['processed_blocks', 'reorgs', 'double_spends']);
const PEERS = 8;

const below = (limit) => Math.floor(Math.random() * limit);
/** A number whose magnitude is as likely as any other, as values of outputs and fees are. */
const magnitude = (least, most) => Math.round(least * (most / least) ** Math.random());
const hash = () => randomBytes(32).toString('hex');
const TYPES = [
  'witness_v0_keyhash',
  'witness_v1_taproot',
  'pubkeyhash',
  'scripthash',
  'witness_v0_scripthash',
  'nulldata',
];

/** So many in a row that their mean is `mean`. */
const around = (mean) => Math.floor(mean) + (Math.random() < mean % 1 ? 1 : 0);

/** An hour of points of one node, in the order of their times. */
function* hourOf(node, startNs) {
  const common = { node, network: 'mainnet' };
  const types = new Map(TYPES.map((script_type) => [script_type, { ...common, script_type }]));
  const kind = { ...common, kind: 'tx' };
  const accounts = SERIES_NAMES.map((series) => ({ ...common, series }));
  const counters = new Map();
  let ns = startNs;
  const point = (series, tags, fields) => ({
    series,
    time: (ns += 1_000n + BigInt(below(1_000))),
    tags,
    fields,
  });
  for (let second = 0; second < HOUR; second++) {
    ns = startNs + BigInt(second) * 1_000_000_000n;
    for (let left = around(txRate); left > 0; left--) {
      const [ins, outs, size] = [
        Math.max(1, around(inputs)),
        Math.max(1, around(outputs)),
        magnitude(190, 900),
      ];
      const shape = { version_num: 2, tx_size: size, num_inputs: ins, num_outputs: outs, weight: size * 3 };
      yield point('tx', common, {
        ...shape,
        vsize: Math.ceil(size * 0.75),
        num_op_return_outs: below(2),
        is_standard: true,
        sha: hash(),
      });
      for (let i = 0; i < ins; i++)
        yield point('tx_inputs', common, {
          sig_script_len: 0,
          witness_size: 66 + below(42),
          sequence_num: 4_294_967_293,
          is_standard: true,
        });
      for (let i = 0; i < outs; i++)
        yield point('tx_outputs', types.get(TYPES[below(TYPES.length)]), {
          size: 22 + below(13),
          value: magnitude(600, 1e9),
          is_standard: true,
          is_dust: false,
        });
      const fee = magnitude(100, 20_000);
      if (Math.random() < 0.5)
        yield point('tx_fees', common, {
          tx_fee: fee,
          tx_size: size,
          min_fee: size,
          fee_ratio: fee / size,
          fee_rate: fee / size,
        });
      const delay = () => Math.round(Math.random() * 5e6) / 1e3;
      yield point('propagation', kind, {
        first_peer: `198.51.100.${below(200)}:8333`,
        peers: PEERS,
        delay_2nd: delay(),
        delay_p50: delay(),
        delay_p90: delay(),
        delay_received: delay(),
        delay_processed: delay(),
      });
    }
    if (second % 600 === 0)
      yield point('blocks', common, {
        size: 1_500_000 + below(300_000),
        num_tx: 3_000 + below(2_000),
        best_height: 925_000,
        median_time: 1_790_000_000,
        sha: hash(),
      });
    if (second % 120 < PEERS) yield point('ping', common, { rtt: Math.random() * 200 });
    if (second % interval !== 0) continue;
    for (const series of SERIES_NAMES.filter(
      (name) => !PER_EVENT.has(name) && !RARE.has(name) && name !== 'btcdmon',
    )) {
      const fields = {};
      for (const [name, { kind: what, type }] of Object.entries(seriesOf(series).columns)) {
        // Of messages some commands are busy, of other gauges most are.
        if (type !== 'int') continue;
        const grown = (counters.get(series + name) ?? 0) + below(100_000);
        if (what === 'counter') counters.set(series + name, grown);
        fields[name] =
          what === 'counter' ? grown : Math.random() < (what === 'gauge' ? 1 : 0.2) ? below(1_000) : 0;
      }
      yield point(series, common, fields);
    }
    yield point('btcdmon', common, {
      started: 1_790_000_000_000,
      loop_lag_p99: Math.random() * 20,
      rss: 1.5e8 + below(1e6),
      cpu: Math.random() * 20,
      fees_known: 50 + Math.random(),
    });
    for (const tags of accounts)
      yield point('btcdmon', tags, { started: 1_790_000_000_000, emitted: second * 60 + below(60) });
  }
}

/** Bytes of a file, or of all that is in a folder. */
function bytesOf(place) {
  const stat = statSync(place);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(place).reduce((sum, name) => sum + bytesOf(path.join(place, name)), 0);
}

const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-fleet-'));
const clock = new SystemClock();
const serializer = new LineSerializer({ maxBytes: 65_536 });
const startNs = clock.uniqueNs() - BigInt(HOUR) * 1_000_000_000n;
const points = [...hourOf('node-0', startNs)];
const lines = points.map((point) => serializer.serialize(point));
const batches = Array.from({ length: Math.ceil(lines.length / BATCH) }, (_, i) =>
  Buffer.from(`${lines.slice(i * BATCH, (i + 1) * BATCH).join('\n')}\n`),
);
const plain = batches.reduce((sum, { length }) => sum + length, 0);
// A batch goes out every 200 ms where nothing waits: some points alone compress less than thousands.
const small = Array.from({ length: 2_000 }, (_, i) =>
  Buffer.from(`${lines.slice(i * 12, i * 12 + 12).join('\n')}\n`),
);
const smallShare =
  small.reduce((sum, b) => sum + gzipSync(b).length, 0) / small.reduce((sum, b) => sum + b.length, 0);
const zipped = batches.reduce((sum, batch) => sum + gzipSync(batch).length, 0);

const report = (what, bytes) =>
  console.log(
    `${what.padEnd(34)} ${(bytes / points.length).toFixed(1).padStart(7)} bytes a point  ${((bytes * 24) / 1e6).toFixed(0).padStart(5)} MB a day`,
  );

console.log(
  `${points.length} points an hour, ${(points.length / HOUR).toFixed(0)} a second, ${((points.length * 24) / 1e6).toFixed(2)} million a day`,
);
report('line protocol', plain);
report('gzip, batches of 5,000', zipped);
report('gzip, batches of 12', plain * smallShare);

const file = path.join(folder, 'store.duckdb');
const exporter = new StoreWriter({ path: file });
await exporter.open();
for (let i = 0; i < points.length; i += BATCH) await exporter.write(points.slice(i, i + BATCH));
await exporter.close();
report('embedded store (DuckDB)', bytesOf(file));

await measureInflux();
await measureCollect();
await measureSenders();
rmSync(folder, { recursive: true, force: true });

async function measureInflux() {
  const found = spawnSync('sh', ['-c', 'command -v influxd || echo /usr/sbin/influxd'], {
    encoding: 'utf8',
  }).stdout.trim();
  if (!existsSync(found)) {
    console.log('InfluxDB: no influxd here');
    return;
  }
  const at = (name) => path.join(folder, 'influx', name);
  const port = 20_000 + below(20_000);
  mkdirSync(at(''), { recursive: true });
  writeFileSync(
    at('conf'),
    `reporting-disabled = true\nbind-address = "127.0.0.1:${port + 1}"\n[meta]\n dir = "${at('meta')}"\n[data]\n dir = "${at('data')}"\n wal-dir = "${at('wal')}"\n` +
      ' cache-snapshot-write-cold-duration = "2s"\n compact-full-write-cold-duration = "4s"\n query-log-enabled = false\n' +
      `[monitor]\n store-enabled = false\n[http]\n bind-address = "127.0.0.1:${port}"\n log-enabled = false\n`,
  );
  const child = spawn(found, ['-config', at('conf')], { stdio: 'ignore' });
  const base = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100; i++) {
    await sleep(100);
    if ((await fetch(`${base}/ping`).catch(() => null)) !== null) break;
  }
  await fetch(`${base}/query?q=${encodeURIComponent('CREATE DATABASE btcdmon')}`, { method: 'POST' });
  for (const body of batches) {
    const { status } = await fetch(`${base}/write?db=btcdmon&precision=n`, { method: 'POST', body });
    if (status !== 204) throw new Error(`influxd answered ${status}`);
  }
  // Until its files are compacted they hold less than they will.
  await sleep(20_000);
  report('InfluxDB 1.x, compacted', bytesOf(at('data')));
  child.kill('SIGKILL');
}

/**
 * Starts a collector into an embedded store of its own; `cpu` tells seconds of processor time, `rss`
 * megabytes.
 */
async function startCollector(name) {
  const program = new URL('../bin/btcdmon-node', import.meta.url).pathname;
  const socket = path.join(folder, name);
  const args = ['collect', '-l', `unix:${socket}`, '--data-dir', path.join(folder, `${name}-data`)];
  args.push('--interval', '1h', '--log-level', 'error');
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  while (!existsSync(socket)) await sleep(50);
  return {
    socket,
    cpu: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1_000,
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** Many connections, each of which sends a second's points each second and waits for the confirmation. */
async function measureSenders() {
  const seconds = 30;
  const { socket, cpu, rss, stop } = await startCollector('many');
  let [sent, confirmed] = [0, 0];
  const clients = Array.from({ length: senderCount }, (_, i) => {
    const own = hourOf(`node-${i}`, startNs);
    const client = connect(socket);
    client.setEncoding('latin1').on('data', (text) => {
      confirmed += text.split('\n').filter((line) => line.startsWith('ok ')).length;
    });
    client.write('#btcdmon 1\n');
    return { client, own, i };
  });
  await sleep(2_000);
  const [before, start] = [cpu(), performance.now()];
  for (let second = 0; second < seconds; second++) {
    for (const { client, own, i } of clients) {
      const lines = Array.from({ length: 58 }, () => serializer.serialize(own.next().value)).join('\n');
      const send = () => client.write(`#batch ${i}-${second}\n${lines}\n#end ${i}-${second}\n`);
      // Spread over the second, as nodes are that know nothing of each other.
      setTimeout(send, (i / senderCount) * 900);
      sent += 1;
    }
    await sleep(1_000);
    while (sent - confirmed > 0) await sleep(5);
  }
  const took = (performance.now() - start) / 1_000;
  const used = cpu() - before;
  console.log(
    `${senderCount} senders of 58 points a second: ${Math.round((sent * 58) / took)} points/s, ${((used / sent / 58) * 1e6).toFixed(1)} µs of processor ` +
      `time a point, ${rss().toFixed(0)} MB resident`,
  );
  for (const { client } of clients) client.destroy();
  await stop();
}

async function measureCollect() {
  const { socket, cpu, stop } = await startCollector('few');
  const senders = [];
  for (let i = 0; i < nodes; i++) {
    const { queues } = await openExports([`line+unix:${socket}?ack=on`], {
      clock,
      warn: console.error,
      env: {},
      spools: { directory: path.join(folder, `spool-${i}`), maxBytes: 1e9 },
      onEnded: () => undefined,
    });
    senders.push({ queue: queues[0], points: hourOf(`node-${i}`, startNs) });
  }
  const before = cpu();
  const start = performance.now();
  let pushed = 0;
  let open = senders;
  while (open.length > 0) {
    open = open.filter(({ queue, points: own }) => {
      for (let n = 0; n < 1_000; n++) {
        const { value, done } = own.next();
        if (done) return false;
        queue.push(value);
        pushed += 1;
      }
      return true;
    });
    await sleep(1);
    while (senders.some(({ queue }) => queue.isCrowded)) await sleep(5);
  }
  const acked = () => senders.reduce((sum, { queue }) => sum + queue.stats().acked, 0);
  while (acked() < pushed) await sleep(20);
  const took = (performance.now() - start) / 1_000;
  const used = cpu() - before;
  console.log(
    `collect: ${pushed} points of ${nodes} senders, confirmed, into the embedded store: ${((used / pushed) * 1e6).toFixed(1)} µs of ` +
      `processor time a point, ${Math.round(pushed / took)} points/s by the clock; a node's hour takes it ${((used / pushed) * points.length).toFixed(1)} s`,
  );
  for (const { queue } of senders) await queue.close(1_000);
  await stop();
}
