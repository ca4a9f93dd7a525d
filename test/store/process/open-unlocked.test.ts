import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openUnlocked } from '../../../src/store-child/open-unlocked';
import { StoreWriter } from '../../../src/store/writer';
import { Cleanup } from '../../support/cleanup';
import { makePoints } from '../../support/make-points';

const cleanup = new Cleanup();
let file: string;
beforeEach(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-unlocked-'));
  cleanup.add(folder, (name) => rm(name, { recursive: true }));
  file = path.join(folder, 'store.duckdb');
  let ns = 1_700_000_000_000_000_000n;
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(makePoints(5, { uniqueNs: () => ns++, monotonicMs: () => 0 }));
  await writer.close();
});
afterEach(() => cleanup.run());

async function inDatabase(statement: string): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** Opens the store, and closes it again. Returns the columns of its table `tx`. */
async function columnsOfTx(isCurrent: boolean): Promise<readonly string[]> {
  const warn = (message: string): never => {
    throw new Error(message);
  };
  const opened = await openUnlocked(
    file,
    { readOnly: false, isCurrent },
    { warn, lost: () => undefined, committing: () => undefined },
  );
  const columns = opened.holder.store.layout.get('tx') ?? [];
  await opened.close();
  return columns;
}

it('takes the tables of a store as they are where a process of this program had it open until now', async () => {
  await inDatabase('ALTER TABLE tx DROP COLUMN vsize');
  expect(await columnsOfTx(true)).not.toContain('vsize');
  expect(await columnsOfTx(false)).toContain('vsize');
});

it('checks the version also then', async () => {
  await inDatabase('UPDATE btcdmon_meta SET version = 99');
  await expect(columnsOfTx(true)).rejects.toThrow('has version 99 of the tables');
});

it('compares the tables with the schema where another process had the store open in between', async () => {
  const program = `
    const { DuckDBInstance } = require('@duckdb/node-api');
    (async () => {
      const instance = await DuckDBInstance.create(${JSON.stringify(file)});
      const connection = await instance.connect();
      await connection.run('ALTER TABLE tx DROP COLUMN vsize');
      console.log('open');
      process.stdin.once('data', () => {
        connection.closeSync();
        instance.closeSync();
      });
    })();`;
  const other = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanup.add(other, (it) => void it.kill('SIGKILL'));
  await once(other.stdout, 'data');
  const columns = columnsOfTx(true);
  // The first attempt finds the store in use, and the store is tried again for two seconds.
  setTimeout(() => other.stdin.end('close\n'), 300);
  expect(await columns).toContain('vsize');
});
