import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { UsageError } from '../../src/lib/errors';
import { openExports } from '../../src/export/open-exports';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-same-'));
  symlinkSync(folder, path.join(folder, 'again'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function refusal(urls: readonly string[]): Promise<string> {
  const modules = {
    clock: new SystemClock(),
    warn: () => undefined,
    env: { BTCDMON_INFLUX_PASSWORD: 'secret' },
    spools: { directory: path.join(folder, 'spool'), maxBytes: 1_000_000 },
    onEnded: () => undefined,
  };
  const error = await openExports(urls, modules).then(
    ({ queues }) => Promise.all(queues.map((queue) => queue.close(1_000))),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as Error).message.replaceAll(folder, 'F');
}

describe('two exports to one destination', () => {
  it.each([
    ['a store', 'duckdb:F/a', 'duckdb:F/a', 'duckdb:F/a: is given twice; give it once'],
    [
      'a store by another way',
      'duckdb:F/a',
      'duckdb:F/again/../again/a',
      'duckdb:F/again/../again/a: is the same destination as --export duckdb:F/a; give one of them',
    ],
    ['a folder of Parquet', 'parquet:F/p', 'parquet:F/p', 'parquet:F/p: is given twice; give it once'],
    [
      'a receiver of lines',
      'line+tcp://localhost:9',
      'line+tcp://LOCALHOST:9',
      'line+tcp://LOCALHOST:9: is the same destination as --export line+tcp://localhost:9; give one of them',
    ],
    [
      'a database',
      'influx+http://u@localhost:8086/d',
      'influx+http://u@localhost:8086/d',
      'influx+http://***@localhost:8086/d: is given twice; give it once',
    ],
  ])('%s are refused before any is opened', async (_, one, other, message) => {
    const at = (url: string): string => url.replaceAll('F/', `${folder}/`);
    expect(await refusal([at(one), at(other)])).toBe(`--export ${message}`);
    for (const name of ['a', 'p', 'spool']) expect(existsSync(path.join(folder, name))).toBe(false);
  });

  it('are found where the file is there and has a second name', async () => {
    const file = path.join(folder, 'store.duckdb');
    writeFileSync(file, '');
    symlinkSync(file, path.join(folder, 'link.duckdb'));
    expect(await refusal([`duckdb:${file}`, `duckdb:${path.join(folder, 'link.duckdb')}`])).toMatch(
      /^--export duckdb:F\/link.duckdb: is the same destination as /,
    );
  });
});
