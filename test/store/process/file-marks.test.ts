import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileMarks } from '../../../src/store/process/file-marks';
import { openStore } from '../../../src/store/store';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-marks-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('differ after each change of a file or of its log', async () => {
  const file = path.join(folder, 'a');
  const seen = new Set([fileMarks(file)]);
  await writeFile(file, '1');
  seen.add(fileMarks(file));
  await writeFile(`${file}.wal`, '1');
  seen.add(fileMarks(file));
  await appendFile(`${file}.wal`, '2');
  seen.add(fileMarks(file));
  await truncate(`${file}.wal`);
  seen.add(fileMarks(file));
  expect(seen.size).toBe(5);
  expect(fileMarks(file)).toBe(fileMarks(file));
});

it('differ after a COMMIT of DuckDB, and not before it', async () => {
  const store = await openStore(path.join(folder, 'store.duckdb'));
  await store.makeTables(['ping']);
  const connection = await store.connect();
  await connection.run('BEGIN');
  await connection.run("INSERT INTO ping VALUES (now(), 'n', 'regtest', 1.5)");
  const before = fileMarks(store.path);
  expect(fileMarks(store.path)).toBe(before);
  await connection.run('COMMIT');
  expect(fileMarks(store.path)).not.toBe(before);
  connection.closeSync();
  await store.close();
});
