// Measures what it costs to store the points of mainnet nodes. Generates an hour of points like those of a
// mainnet node, and prints their size as line protocol, compressed, in the embedded store, and in InfluxDB
// 1.x if influxd is installed. Then runs one `btcdmon-node collect`. Measures its processor time for each
// point while --nodes nodes deliver an hour of points as fast as they can. Measures its memory and processor
// time while --senders connections send at the rate of mainnet nodes. Needs dist (npm run build). Usage:
//   node -r tsx/cjs scripts/fleet.ts [--tx-rate 7] [--inputs 2.2] [--outputs 2.7] [--interval 5] [--nodes 8]
//     [--senders 500]
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { LineSerializer } from '#dist/export/line';
import { SystemClock } from '#dist/lib/clock';
import { StoreWriter } from '#dist/store/writer';
import { influxd, startInfluxd } from '../test/support/influxd';
import { lineOf } from '../test/support/line-of';
import { hourOf, type Traffic } from './fleet/hour';
import { measureNodes, measureSenders } from './fleet/senders';
import { endAllAtSignal } from './support/end-at-signal';
import { positiveNumber, wholeNumber } from './support/options';

const HOUR_SECONDS = 3_600;
const BATCH = 5_000;

const { values } = parseArgs({
  options: {
    'tx-rate': { type: 'string', default: '7' },
    inputs: { type: 'string', default: '2.2' },
    outputs: { type: 'string', default: '2.7' },
    interval: { type: 'string', default: '5' },
    nodes: { type: 'string', default: '8' },
    senders: { type: 'string', default: '500' },
  },
});
const traffic: Traffic = {
  txRate: positiveNumber('fleet', 'tx-rate', values['tx-rate']),
  inputs: positiveNumber('fleet', 'inputs', values.inputs),
  outputs: positiveNumber('fleet', 'outputs', values.outputs),
  interval: wholeNumber('fleet', 'interval', values.interval, 1),
};
const nodes = wholeNumber('fleet', 'nodes', values.nodes, 1);
const senders = wholeNumber('fleet', 'senders', values.senders, 1);

/** The size of a file, or of all files in a folder, in bytes. */
function bytesOf(place: string): number {
  const stat = statSync(place);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(place).reduce((sum, name) => sum + bytesOf(path.join(place, name)), 0);
}

const lengthOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);
const zip = (buffers: readonly Buffer[]): readonly Buffer[] => buffers.map((buffer) => gzipSync(buffer));

/** Writes lines to InfluxDB, and returns the size of its files in bytes after their compaction. */
async function bytesInInflux(folder: string, batches: readonly Buffer[]): Promise<number> {
  const data = ' cache-snapshot-write-cold-duration = "2s"\n compact-full-write-cold-duration = "4s"';
  const server = await startInfluxd({ parent: folder, data });
  try {
    for (const lines of batches) {
      const refused = await server.write(lines.toString());
      if (refused !== '') throw new Error(`influxd refuses lines: ${refused}`);
    }
    // The server needs this time to write its cache to files and to compact them.
    await sleep(20_000);
    return bytesOf(server.dataFolder);
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-fleet-'));
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  const startNs = new SystemClock().uniqueNs() - BigInt(HOUR_SECONDS) * 1_000_000_000n;
  const points = [...hourOf('node-0', startNs, traffic)];
  const lines = points.map((point) => lineOf(serializer, point));
  const inBatches = (size: number, count: number): readonly Buffer[] =>
    Array.from({ length: count }, (_, i) =>
      Buffer.from(`${lines.slice(i * size, (i + 1) * size).join('\n')}\n`),
    );
  const batches = inBatches(BATCH, Math.ceil(lines.length / BATCH));
  // A node without a backlog sends a batch every 200 ms. Such a small batch compresses worse than a large
  // one.
  const small = inBatches(12, 2_000);
  const plain = lengthOf(batches);
  const report = (what: string, bytes: number): void =>
    console.log(
      `${what.padEnd(34)} ${(bytes / points.length).toFixed(1).padStart(7)} bytes a point  ${((bytes * 24) / 1e6).toFixed(0).padStart(5)} MB a day`,
    );
  console.log(
    `${points.length} points an hour, ${(points.length / HOUR_SECONDS).toFixed(0)} a second, ${((points.length * 24) / 1e6).toFixed(2)} million a day`,
  );
  report('line protocol', plain);
  report('gzip, batches of 5,000', lengthOf(zip(batches)));
  report('gzip, batches of 12', (plain * lengthOf(zip(small))) / lengthOf(small));

  const file = path.join(folder, 'store.duckdb');
  const store = new StoreWriter({ path: file });
  await store.open();
  for (let i = 0; i < points.length; i += BATCH) await store.write(points.slice(i, i + BATCH));
  await store.close();
  report('embedded store (DuckDB)', bytesOf(file));

  if (influxd.path === null) console.log('InfluxDB: not measured: influxd was not found');
  else report('InfluxDB 1.x, compacted', await bytesInInflux(folder, batches));
  await measureNodes({ folder, startNs, traffic }, nodes);
  await measureSenders({ folder, startNs, traffic }, senders);
  rmSync(folder, { recursive: true, force: true });
}

endAllAtSignal();
void main();
