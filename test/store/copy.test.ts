import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Point } from '../../src/metrics/point';
import { copyStore } from '../../src/store/copy';
import { openStore } from '../../src/store/store';
import { StoreWriter } from '../../src/store/writer';
import { queryPoints } from '../support/query-points';

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-copy-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

/** A batch of points, each with a time of its own. */
function batch(nth: number): readonly Point[] {
  return Array.from({ length: 50 }, (_, index) => ({
    series: 'tx',
    time: 1_700_000_000_000_000_000n + BigInt(nth * 50 + index),
    tags: { node: 'a', network: 'regtest' },
    fields: { tx_size: nth },
  })) as unknown as readonly Point[];
}

async function countIn(file: string): Promise<number> {
  const store = await openStore(file);
  const connection = await store.connect();
  const reader = await connection.runAndReadAll('SELECT count(*), count(DISTINCT time) FROM tx');
  const [[all, distinct] = []] = reader.getRows();
  connection.closeSync();
  await store.close();
  expect(all).toBe(distinct);
  return Number(all);
}

it('a copy has what was stored when it began, while points are written and the log is written into the file', async () => {
  const writer = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
  await writer.open();
  await writer.write(queryPoints().filter(({ series }) => series !== 'tx'));
  await writer.write(batch(0));
  let stored = 50;
  const over = new AbortController();
  const writing = (async (): Promise<void> => {
    for (let nth = 1; !over.signal.aborted; nth++) {
      await writer.write(batch(nth));
      stored += 50;
    }
  })();
  let checkpoints = 0;
  const checkpointing = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      const connection = await writer.store.connect();
      await connection.run('CHECKPOINT').then(
        () => checkpoints++,
        () => undefined,
      );
      connection.closeSync();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  for (let nth = 0; nth < 10; nth++) {
    const before = stored;
    await copyStore(writer.store, path.join(folder, `copy-${nth}.duckdb`), never);
    const after = stored;
    const count = await countIn(path.join(folder, `copy-${nth}.duckdb`));
    expect(count).toBeGreaterThanOrEqual(before);
    // One batch may be committed and not reported yet.
    expect(count).toBeLessThanOrEqual(after + 50);
  }
  over.abort();
  await Promise.all([writing, checkpointing]);
  expect([stored > 500, checkpoints > 0]).toEqual([true, true]);
  await writer.close();
  expect(await countIn(path.join(folder, 'store.duckdb'))).toBe(stored);
  // The transaction that held checkpoints back left nothing behind.
  const store = await openStore(path.join(folder, 'store.duckdb'), { readOnly: true });
  expect([...store.layout.keys()].filter((name) => name.includes('copying'))).toEqual([]);
  await store.close();
});

it('a store that is only read is copied with its log', async () => {
  const file = path.join(folder, 'store.duckdb');
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(batch(0));
  await writer.close();
  const store = await openStore(file, { readOnly: true });
  await copyStore(store, path.join(folder, 'copy.duckdb'), never);
  await store.close();
  expect(await countIn(path.join(folder, 'copy.duckdb'))).toBe(50);
});

it('says that the log was damaged under a running node, which loses nothing where it is stopped', async () => {
  const file = path.join(folder, 'store.duckdb');
  const writer = new StoreWriter({ path: file });
  await writer.open();
  for (let nth = 0; nth < 3; nth++) await writer.write(batch(nth));
  const log = readFileSync(`${file}.wal`);
  log.writeUInt8(log.readUInt8(log.length >> 1) ^ 0xff, log.length >> 1);
  writeFileSync(`${file}.wal`, log, { flag: 'r+' });
  const target = path.join(folder, 'copy.duckdb');
  await expect(copyStore(writer.store, target, never)).rejects.toThrow(
    `store ${file}: its write-ahead log was damaged on the disk since it was opened; stop the node that writes it`,
  );
  expect(existsSync(target)).toBe(false);
  await writer.close();
  expect(await countIn(file)).toBe(150);
});

it('leaves nothing where it fails, and says why', async () => {
  const writer = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
  await writer.open();
  const target = path.join(folder, 'no', 'copy.duckdb');
  await expect(copyStore(writer.store, target, never)).rejects.toThrow(
    new RegExp(`^store ${writer.store.path}: can't be copied to ${target}: ENOENT`),
  );
  const aborted = path.join(folder, 'aborted.duckdb');
  await expect(copyStore(writer.store, aborted, AbortSignal.abort())).rejects.toThrow();
  expect(existsSync(aborted)).toBe(false);
  await writer.write(batch(0));
  await writer.close();
  expect(readdirSync(folder).sort()).toEqual(['store.duckdb']);
});
