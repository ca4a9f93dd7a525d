import { DuckDBInstance } from '@duckdb/node-api';
import { statSync, writeFileSync } from 'node:fs';
import type { SoakProgress } from './news';

const LIMIT_MB = 600;

/** About how many rows the table has. */
const ROWS = 24;

/** A measurement of the listener, over all its processes. */
export interface Sample {
  /** Real seconds since the start, and simulated hours that have passed. */
  readonly second: number;
  readonly hour: number;
  /** Resident memory in MB, shared memory counted once, and the part of it that belongs to no file. */
  readonly resident: number;
  readonly anonymous: number;
  /** Seconds of processor time so far. */
  readonly cpu: number;
}

/** The results of a simulated day. */
export interface Soak {
  /** The listener's exit status, or that a signal ended it. */
  readonly status: number | string;
  /** The planned length of the day in hours. */
  readonly hours: number;
  readonly samples: readonly Sample[];
  readonly load: SoakProgress;
  /** The file of the listener's store. */
  readonly store: string;
  /** The file to which the numbers are written as JSON. */
  readonly json: string | undefined;
}

/** What the listener's store says about the listener. */
interface Stored {
  /** The p99 delay of the event loop in an interval, in milliseconds: median and maximum. */
  readonly lagP50: number;
  readonly lagMax: number;
  /** Numbers of points. */
  readonly emitted: number;
  readonly dropped: number;
  /** The relay view at the end. */
  readonly viewTransactions: number;
  readonly viewBytes: number;
  /** The number of accepted blocks. */
  readonly accepted: number;
}

/** Prints the measurements and each fault. Returns whether there is no fault. */
export async function report({ status, hours, samples, load, store, json }: Soak): Promise<boolean> {
  const step = Math.max(1, Math.floor(samples.length / ROWS));
  console.log('  second  hour of day  resident MB  anonymous part in MB  processor %');
  for (const [i, sample] of samples.entries()) {
    if (i % step !== 0 && i !== samples.length - 1) continue;
    const before = samples[Math.max(0, i - step)] ?? sample;
    const busy = (100 * (sample.cpu - before.cpu)) / Math.max(1, sample.second - before.second);
    console.log(
      sample.second.toFixed(0).padStart(8) +
        sample.hour.toFixed(1).padStart(13) +
        sample.resident.toFixed(0).padStart(13) +
        sample.anonymous.toFixed(0).padStart(22) +
        busy.toFixed(0).padStart(13),
    );
  }
  const last = samples.at(-1);
  if (last === undefined) {
    console.error('soak: the listener ended before its memory was measured');
    return false;
  }
  const half = samples.slice(Math.floor(samples.length / 2));
  const result = {
    status,
    hours: load.time / 3_600,
    minutes: last.second / 60,
    ...load,
    maxMb: Math.max(...samples.map(({ resident }) => resident)),
    firstHalfMb: mean(samples.slice(0, samples.length - half.length)),
    secondHalfMb: mean(half),
    slopeMbPerHour: slope(half),
    cpu: (100 * last.cpu) / last.second,
    storeMb: statSync(store).size / 1e6,
    ...(await readStore(store)),
  };
  if (json !== undefined) writeFileSync(json, JSON.stringify(result));
  const n = (value: number): string => Math.round(value).toLocaleString('en');
  console.log(
    [
      `${result.hours.toFixed(1)} hours in ${result.minutes.toFixed(1)} minutes: ${n(load.transactions)} transactions, ` +
        `${n(load.announced)} inventory items, ${n(load.blocks)} blocks of ${(load.blockBytes / load.blocks / 1e6).toFixed(2)} MB, ` +
        `${n(load.bytes / 1e6)} MB in all; peers disconnected ${load.hangUps} times`,
      `resident: at most ${n(result.maxMb)} MB; mean of the first half ${n(result.firstHalfMb)}, of the second ${n(result.secondHalfMb)}; ` +
        `in the second half it grew by ${result.slopeMbPerHour.toFixed(2)} MB for each hour of the day`,
      `processor ${result.cpu.toFixed(0)} % of a core; delay of the event loop, p99 of an interval: median ${result.lagP50.toFixed(0)} ms, ` +
        `worst ${result.lagMax.toFixed(0)} ms`,
      `store ${n(result.storeMb)} MB, ${n(result.emitted)} points emitted, ${n(result.dropped)} dropped; ` +
        `relay view at the end ${n(result.viewTransactions)} transactions of ${n(result.viewBytes / 1e6)} MB; ` +
        `${n(result.accepted)} blocks accepted`,
    ].join('\n'),
  );
  const faults = [
    load.time < hours * 3_600 && `the day ended after ${(load.time / 3_600).toFixed(1)} hours`,
    status !== 0 && `the listener ended with ${status}`,
    result.maxMb >= LIMIT_MB && `the listener used ${n(result.maxMb)} MB; the limit is ${LIMIT_MB} MB`,
    result.dropped > 0 && `${n(result.dropped)} points were dropped: give the day more --minutes`,
    result.accepted !== load.blocks && `${n(result.accepted)} of ${n(load.blocks)} blocks were accepted`,
  ].filter((fault) => fault !== false);
  for (const fault of faults) console.error(`soak: ${fault}`);
  return faults.length === 0;
}

function mean(part: readonly Sample[]): number {
  return part.reduce((sum, { resident }) => sum + resident, 0) / part.length;
}

/** Growth by least squares, in MB for each hour of the simulated day. */
function slope(part: readonly Sample[]): number {
  const x = part.reduce((sum, { hour }) => sum + hour, 0) / part.length;
  const y = mean(part);
  const above = part.reduce((sum, { hour, resident }) => sum + (hour - x) * (resident - y), 0);
  return above / part.reduce((sum, { hour }) => sum + (hour - x) ** 2, 0);
}

async function readStore(store: string): Promise<Stored> {
  const instance = await DuckDBInstance.create(store, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`SELECT
    (SELECT median(loop_lag_p99) FROM btcdmon WHERE rss IS NOT NULL) AS "lagP50",
    (SELECT max(loop_lag_p99) FROM btcdmon WHERE rss IS NOT NULL) AS "lagMax",
    (SELECT sum(n) FROM (SELECT max(emitted) AS n FROM btcdmon WHERE series <> '' GROUP BY series)) AS emitted,
    (SELECT max(dropped) FROM btcdmon WHERE exporter <> '') AS dropped,
    (SELECT last(num_tx ORDER BY time) FROM mempool) AS "viewTransactions",
    (SELECT last(size ORDER BY time) FROM mempool) AS "viewBytes",
    (SELECT count(*) FROM processed_blocks WHERE status = 'accepted') AS accepted`);
  const [row = {}] = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  const of = (name: keyof Stored): number => Number(row[name]);
  return {
    lagP50: of('lagP50'),
    lagMax: of('lagMax'),
    emitted: of('emitted'),
    dropped: of('dropped'),
    viewTransactions: of('viewTransactions'),
    viewBytes: of('viewBytes'),
    accepted: of('accepted'),
  };
}
