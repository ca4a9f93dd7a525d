// Measures the background work of the embedded store and the size of its files: how many points a second are
// rolled up and removed, and how many bytes a point takes as line protocol, in a DuckDB file and in Parquet
// files. The points are mixed, with 10 transactions a second for BENCH_HOURS hours.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

import { StoreWriter } from '#dist/store/writer';
import { ParquetExporter } from '#dist/export/parquet/exporter';
import { LineSerializer } from '#dist/export/line';
import { expire, rollUp } from '#dist/store/rollup';
import type { Point } from '#dist/metrics/point';
import type { SeriesName } from '#dist/metrics/schema';
import { lineOf } from '../test/support/line-of';

const HOURS = Number(process.env['BENCH_HOURS'] ?? 3);
const TX_PER_HOUR = 36_000;
const HOUR = 3_600_000_000_000n;
const START = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
const TAGS = { node: 'bench', network: 'mainnet' };
const OUTPUT_TAGS = ['witness_v0_keyhash', 'witness_v1_taproot', 'pubkeyhash'].map((script_type) => ({
  ...TAGS,
  script_type,
}));
const feeColumns = (i: number): Point['fields'] => ({
  tx_fee: 200 + (i % 977),
  tx_size: 222,
  min_fee: 141,
  fee_ratio: 1 + (i % 977) / 141,
  fee_rate: (i % 977) / 141,
});

/**
 * The points of one hour: a transaction with one or two inputs, two outputs and its fee, ten times a second.
 */
function hourOf(hour: number): Point[] {
  const points: Point[] = [];
  const step = HOUR / BigInt(TX_PER_HOUR);
  for (let i = 0; i < TX_PER_HOUR; i++) {
    let time = START + BigInt(hour) * HOUR + BigInt(i) * step + BigInt((i * 7919) % 90_000_000);
    const sha = createHash('sha256').update(`${hour} ${i}`).digest('hex');
    const push = (series: SeriesName, tags: Point['tags'], fields: Point['fields']): number =>
      points.push({ series, time: time++, tags, fields });
    const inputs = 1 + (i % 2);
    push('tx', TAGS, {
      version_num: 2,
      tx_size: 222 + (i % 400),
      num_inputs: inputs,
      num_outputs: 2,
      weight: 561 + (i % 1600),
      vsize: 141 + (i % 400),
      num_op_return_outs: 0,
      is_standard: true,
      sha,
    });
    for (let n = 0; n < inputs; n++)
      push('tx_inputs', TAGS, {
        sig_script_len: 0,
        witness_size: 107 + (i % 3),
        sequence_num: 0xfffffffd,
        is_standard: true,
      });
    for (let n = 0; n < 2; n++)
      push('tx_outputs', OUTPUT_TAGS[(i + n) % 3] ?? TAGS, {
        size: 22 + 12 * (i % 2),
        value: (i * 7_919_317 + n * 104_729) % 5_000_000_000,
        is_standard: true,
        is_dust: false,
      });
    push('tx_fees', TAGS, feeColumns(i));
  }
  return points;
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(path.join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-bench-'));
  // The clock stands still, so that the exporter writes all files when it is closed, however long the rest
  // takes.
  const clock = { uniqueNs: () => START, monotonicMs: () => 0 };
  try {
    const store = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
    await store.open();
    const parquet = new ParquetExporter(
      { directory: path.join(folder, 'parquet') },
      { clock, warn: console.log },
    );
    await parquet.open();
    const serializer = new LineSerializer({ maxBytes: 65_536 });
    let count = 0;
    let lineBytes = 0;
    for (let hour = 0; hour < HOURS; hour++) {
      const points = hourOf(hour);
      count += points.length;
      for (const point of points) lineBytes += lineOf(serializer, point).length + 1;
      for (let from = 0; from < points.length; from += 5000) {
        await store.write(points.slice(from, from + 5000));
        await parquet.write(points.slice(from, from + 5000));
      }
    }
    const sealing = performance.now();
    await parquet.close();
    const sealed = performance.now() - sealing;
    rmSync(path.join(folder, 'parquet', 'staging.duckdb'), { force: true });
    await store.close();
    const storeBytes = statSync(path.join(folder, 'store.duckdb')).size;
    await store.open();
    const connection = await store.store.connect();
    const series: readonly SeriesName[] = ['tx', 'tx_inputs', 'tx_outputs', 'tx_fees'];
    const end = START + BigInt(HOURS) * HOUR;
    const timed = async (work: (name: SeriesName) => Promise<unknown>): Promise<number> => {
      const start = performance.now();
      for (const name of series) await work(name);
      return Math.round(count / ((performance.now() - start) / 1000));
    };
    const rolled = await timed((name) =>
      rollUp({ connection, front: store.store.front, mayGoOn: () => true }, name, end),
    );
    const expired = await timed((name) => expire(connection, name, end, () => true));
    await connection.run('CHECKPOINT');
    connection.closeSync();
    await store.close();
    const per = (bytes: number): string => (bytes / count).toFixed(1);
    console.log(`retention: ${count} points of ${HOURS} hours`);
    console.log(
      `retention: bytes a point: line protocol ${per(lineBytes)}, DuckDB ${per(storeBytes)}, Parquet ${per(bytesIn(path.join(folder, 'parquet')))}`,
    );
    console.log(
      `retention: points a second: rolled up ${rolled}, rolled up and removed ${expired}, into Parquet files ${Math.round(count / (sealed / 1000))}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
