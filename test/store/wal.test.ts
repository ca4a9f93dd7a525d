import { copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FailureError } from '../../src/lib/errors';
import { StoreWriter } from '../../src/store/writer';
import type { Point } from '../../src/metrics/point';
import { type Store, openStore } from '../../src/store/store';
import { FLUSH, HEADER } from '../../src/store/wal/entries';
import { withoutOldMarkers } from '../../src/store/wal/markers';
import { scanLog } from '../../src/store/wal/scan';

/** Bytes between two flips that go through DuckDB; all of them with `BTCDMON_FLIP_EVERY_BYTE=1`. */
const STRIDE = process.env['BTCDMON_FLIP_EVERY_BYTE'] === '1' ? 1 : 97;

const TRANSACTIONS = 6;

let folder: string;
/**
 * A store as a kill leaves it: `TRANSACTIONS` transactions of one to six points each of `bandwidth`, in its
 * log.
 */
let template: string;
let log: Buffer;
let run = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-wal-'));
  template = path.join(folder, 'template');
  const origin = path.join(folder, 'origin.duckdb');
  const exporter = new StoreWriter({ path: origin });
  await exporter.open();
  for (let i = 0; i < TRANSACTIONS; i++) await exporter.write(pointsOf(i));
  await mkdir(template);
  await copyFile(origin, path.join(template, 'store.duckdb'));
  await copyFile(`${origin}.wal`, path.join(template, 'store.duckdb.wal'));
  log = await readFile(`${origin}.wal`);
  await exporter.close();
});
afterAll(() => rm(folder, { recursive: true }));

/** The points of a transaction, whose number is one less than theirs. */
function pointsOf(transaction: number): Point[] {
  return Array.from({ length: transaction + 1 }, (_, i) => ({
    series: 'bandwidth',
    tags: { node: 'wal', network: 'regtest' },
    fields: { bytes_recv: transaction, bytes_sent: i },
    time: 1_700_000_000_000_000_000n + BigInt(transaction * 100 + i),
  }));
}

interface Outcome {
  /** Rows of each transaction. */
  readonly rows: readonly number[];
  readonly warnings: readonly string[];
  /** Points that were reported as lost. */
  readonly lost: number;
  readonly files: readonly string[];
  readonly directory: string;
}

/** Opens a copy of the store with other logs, twice: what was repaired stays so. */
async function openWith(bytes: Buffer, second?: Buffer): Promise<Outcome> {
  const directory = path.join(folder, `run-${run++}`);
  await cp(template, directory, { recursive: true });
  const file = path.join(directory, 'store.duckdb');
  await writeFile(`${file}.wal`, bytes);
  if (second !== undefined) await writeFile(`${file}.wal.checkpoint`, second);
  const warnings: string[] = [];
  let lost = 0;
  let rows: number[] = [];
  for (const again of [false, true]) {
    const store = await openStore(file, {
      warn: (line) => warnings.push(line),
      lost: (points) => void (lost += points),
    });
    const found = await rowsOf(store);
    await store.close();
    if (again) expect(found).toEqual(rows);
    rows = found;
  }
  return { rows, warnings, lost, files: await readdir(directory), directory };
}

async function rowsOf(store: Store): Promise<number[]> {
  // A table without rows is dropped when the store is opened.
  if (!store.layout.has('bandwidth')) return ALL.map(() => 0);
  const connection = await store.connect();
  const reader = await connection.runAndReadAll('SELECT bytes_recv, count(*) FROM bandwidth GROUP BY 1');
  connection.closeSync();
  const counts = Array.from({ length: TRANSACTIONS }, () => 0);
  for (const [transaction, count] of reader.getRows()) counts[Number(transaction)] = Number(count);
  return counts;
}

const ALL = Array.from({ length: TRANSACTIONS }, (_, i) => i + 1);

function flipped(at: number, bits = 0xff): Buffer {
  const bytes = Buffer.from(log);
  bytes[at] = (bytes[at] ?? 0) ^ bits;
  return bytes;
}

/** Offsets behind the transactions, the first of them the begin of the first. */
function bounds(): number[] {
  const found = [8];
  for (let at = log.indexOf(FLUSH); at >= 0; at = log.indexOf(FLUSH, at + 1)) found.push(at + FLUSH.length);
  return found;
}

describe('a write-ahead log', () => {
  it('has a transaction for each batch, of rows alone', () => {
    expect(bounds()).toHaveLength(TRANSACTIONS + 1);
    expect(scanLog(log)).toEqual({ state: 'whole' });
  });

  it.each([1, 15, 16, 21, 4_096])(
    'with %i zeros after it loses nothing, and is kept aside',
    async (zeros) => {
      const bytes = Buffer.concat([log, Buffer.alloc(zeros)]);
      const { rows, warnings, files, directory } = await openWith(bytes);
      expect(rows).toEqual(ALL);
      expect(warnings).toHaveLength(1);
      const aside = files.find((name) => name.includes('.damaged-')) ?? '';
      expect(warnings[0]).toContain(aside);
      expect(await readFile(path.join(directory, aside))).toEqual(bytes);
    },
  );

  it('of zeros alone is kept aside', async () => {
    const { rows, warnings, files } = await openWith(Buffer.alloc(log.length));
    expect(rows).toEqual(ALL.map(() => 0));
    expect(warnings).toHaveLength(1);
    expect(files.some((name) => name.includes('.damaged-'))).toBe(true);
  });

  it('says in one line what is lost, and keeps the transactions before and after', async () => {
    const [, , from = 0, to = 0] = bounds();
    const { rows, warnings, lost } = await openWith(flipped(to - FLUSH.length - 9));
    expect(rows).toEqual([1, 2, 0, 4, 5, 6]);
    expect(lost).toBe(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      new RegExp(
        `damaged at byte ${from}: 1 transaction is lost \\(${to - from} bytes\\), with about these rows: 3 of bandwidth; all others are kept; the log as it was is /`,
      ),
    );
    expect(warnings[0]).not.toContain('\n');
  });

  it('that a kill has cut off at any byte loses only what was not committed, and tells its bytes', async () => {
    const ends = bounds();
    const begunAt = (length: number): number => Math.max(8, ...ends.filter((end) => end <= length));
    for (let length = 0; length <= log.length; length++) {
      const found = scanLog(log.subarray(0, length));
      const at = begunAt(length);
      const torn = { at, bytes: length - at, rows: expect.any(Map) as unknown };
      expect([length, found]).toEqual([length, length <= at ? { state: 'whole' } : { state: 'whole', torn }]);
    }
    for (const length of [3, 8, 20, (ends[3] ?? 0) + 1, (ends[3] ?? 0) + 30, log.length - 1]) {
      const { rows, warnings, lost } = await openWith(log.subarray(0, length));
      expect(rows).toEqual(ALL.map((count, i) => ((ends[i + 1] ?? 0) <= length ? count : 0)));
      expect(lost).toBe(0);
      const torn = length - begunAt(length);
      const known = length === log.length - 1 ? ', with about these rows: 6 of bandwidth' : '';
      const told = `: its write-ahead log ends in the middle of a transaction, as a kill or a power cut leaves it: ${torn} bytes${known}; it was not committed`;
      // DuckDB leaves a log that has nothing else as it is.
      expect([length, [...new Set(warnings)]]).toEqual([
        length,
        torn <= 0 ? [] : [expect.stringContaining(told)],
      ]);
    }
  });

  it('with any byte changed loses at most one transaction', () => {
    const ends = bounds();
    for (let at = 0; at < log.length; at++)
      for (const bits of [0x01, 0x80, 0xff]) {
        const found = scanLog(flipped(at, bits));
        if (found.state !== 'damaged') throw new Error(`byte ${at} ^ ${bits}: ${found.state}`);
        const hit = ends.findIndex((end, i) => i > 0 && at < end);
        const [from = 0, to = 0] = [ends[hit - 1], ends[hit]];
        const isRestored = at < 8 || at >= to - FLUSH.length;
        expect([at, found.losses.length]).toEqual([at, isRestored ? 0 : 1]);
        const whole = isRestored ? log : Buffer.concat([log.subarray(0, from), log.subarray(to)]);
        expect(found.repaired.equals(whole)).toBe(true);
      }
  });

  it('with bytes cut out anywhere before others loses at most the two transactions that they were in', () => {
    const ends = bounds();
    const last = ends.at(-2) ?? 0;
    // No entry has one of these lengths: one that is gone as a whole leaves no trace.
    for (const bytes of [1, 7, 15, 33])
      for (let at = 8; at + bytes < last; at++) {
        const found = scanLog(Buffer.concat([log.subarray(0, at), log.subarray(at + bytes)]));
        if (found.state !== 'damaged') throw new Error(`${bytes} bytes at ${at}: ${found.state}`);
        const hit = ends.findIndex((end, i) => i > 0 && at < end);
        // The end of a transaction may be gone: then it is taken together with the next one.
        const isBoth = at + bytes > (ends[hit] ?? 0) - FLUSH.length;
        const [from = 0, to = 0] = [ends[hit - 1], ends[isBoth ? hit + 1 : hit]];
        const kept = Buffer.concat([log.subarray(0, from), log.subarray(to)]);
        expect([bytes, at, found.losses.length <= 1, found.repaired.includes(log.subarray(to))]).toEqual([
          ...[bytes, at, true, true],
        ]);
        expect([bytes, at, found.repaired.length >= kept.length]).toEqual([bytes, at, true]);
      }
  });

  it(`is repaired so that DuckDB reads it, with every ${STRIDE}th byte changed`, async () => {
    const ends = bounds();
    for (let at = 0; at < log.length; at += STRIDE) {
      const { rows, warnings, directory } = await openWith(flipped(at));
      const hit = ends.findIndex((end, i) => i > 0 && at < end) - 1;
      const isRestored = at < 8 || at >= (ends[hit + 1] ?? 0) - FLUSH.length;
      expect([at, rows]).toEqual([at, ALL.map((count, i) => (i === hit && !isRestored ? 0 : count))]);
      expect(warnings).toHaveLength(1);
      await rm(directory, { recursive: true });
    }
  }, 600_000);

  it('is refused with the remedy where the store is opened for reading', async () => {
    const file = path.join(folder, 'read', 'store.duckdb');
    await cp(template, path.dirname(file), { recursive: true });
    await writeFile(`${file}.wal`, flipped(200));
    await expect(openStore(file, { readOnly: true })).rejects.toThrow(FailureError);
    await expect(openStore(file, { readOnly: true })).rejects.toThrow(
      /damaged; start btcdmon-node with this store once, which repairs it$/,
    );
    expect(await readFile(`${file}.wal`)).toEqual(flipped(200));
  });

  it('of another version is left as it is, with the remedy', async () => {
    const file = path.join(folder, 'version', 'store.duckdb');
    await cp(template, path.dirname(file), { recursive: true });
    const other = Buffer.concat([Buffer.from('640062650003ffff', 'hex'), Buffer.alloc(100, 7)]);
    await writeFile(`${file}.wal`, other);
    await expect(openStore(file)).rejects.toThrow(
      /another version of DuckDB; move .*store\.duckdb\.wal .* away and start again/,
    );
    expect(await readFile(`${file}.wal`)).toEqual(other);
  });
});

describe('checkpoints that a kill broke off', () => {
  /** The transaction that DuckDB 1.5.5 writes before a checkpoint. */
  const MARKER = Buffer.concat([
    Buffer.from('0f000000000000008792bd253b33fc4e6400636500640003650008ffffffff', 'hex'),
    FLUSH,
  ]);

  /** The bytes of some of the transactions. */
  function transactions(from: number, to: number): Buffer {
    const ends = bounds();
    return log.subarray(ends[from], ends[to]);
  }

  it('do not keep the store from opening, and what was committed meanwhile is there', async () => {
    const main = Buffer.concat([HEADER, transactions(0, 3), MARKER, transactions(3, 4), MARKER]);
    const second = Buffer.concat([HEADER, transactions(4, 6)]);
    const { rows, warnings, lost } = await openWith(main, second);
    expect({ rows, warnings, lost }).toEqual({ rows: ALL, warnings: [], lost: 0 });
  });

  it('lose nothing where a kill also broke the recovery off, between its last two steps', async () => {
    const second = Buffer.concat([HEADER, transactions(4, 6)]);
    const merged = Buffer.concat([HEADER, transactions(0, 3), MARKER, transactions(3, 6)]);
    const { rows, warnings, lost } = await openWith(merged, second);
    expect({ rows, warnings, lost }).toEqual({ rows: ALL, warnings: [], lost: 0 });
  });

  it('leave a marker, which stays in the log where it is the last entry', () => {
    const all = Buffer.concat([log, MARKER]);
    expect(withoutOldMarkers(log)).toBeNull();
    expect(withoutOldMarkers(all)).toBeNull();
    expect(withoutOldMarkers(Buffer.concat([all, MARKER]))).toEqual(all);
    // The begin of a transaction that was never committed comes behind it as well.
    const torn = log.subarray(8, 50);
    expect(withoutOldMarkers(Buffer.concat([all, torn]))).toEqual(Buffer.concat([log, torn]));
  });
});

describe('rows that a lost transaction moves', () => {
  it('are not deleted in place of others: what names rows by number is removed too', async () => {
    const file = path.join(folder, 'deleting.duckdb');
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const connection = await exporter.store.connect();
    await exporter.write(pointsOf(2));
    const first = (await readFile(`${file}.wal`)).length;
    await exporter.write(pointsOf(1));
    const second = (await readFile(`${file}.wal`)).length;
    await connection.run("INSERT INTO btcdmon_rollups (series) VALUES ('tx')");
    await connection.run('DELETE FROM btcdmon_rollups');
    const third = (await readFile(`${file}.wal`)).length;
    await connection.run('DELETE FROM bandwidth WHERE bytes_recv = 1 AND bytes_sent = 1');
    await exporter.write(pointsOf(0));
    connection.closeSync();
    const bytes = await readFile(`${file}.wal`);
    await exporter.close();

    const touching = Buffer.from(bytes);
    touching[first - FLUSH.length - 9] = (touching[first - FLUSH.length - 9] ?? 0) ^ 1;
    const found = scanLog(touching);
    // Rows of another table are deleted all the same.
    expect(
      found.state === 'damaged' &&
        found.repaired.equals(Buffer.concat([bytes.subarray(0, 8), bytes.subarray(first, third)])),
    ).toBe(true);
    expect(found.state === 'damaged' && found.losses.map(({ rows }) => Object.fromEntries(rows))).toEqual([
      { bandwidth: 3 },
      {},
      { bandwidth: 1 },
    ]);
    expect(second).toBeLessThan(third);
  });
});
