import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FailureError } from '../../src/lib/errors';
import { StoreWriter } from '../../src/store/writer';
import { openStore } from '../../src/store/store';
import { makePoints } from '../support/make-points';
import { TestClock } from '../support/points';
import { BIN } from '../support/program';

/** The main header, and two database headers of which one is valid: 4,096 bytes each. */
const HEADERS_END = 3 * 4_096;

/**
 * So many bytes less, and a part of the catalog is missing. If only rows are missing, DuckDB opens the file,
 * and the statement that reads them fails.
 */
const CATALOG_LOST = 4 * 16_384;

let folder: string;
let whole: string;
let copy: string;
let bytes: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-main-'));
  whole = path.join(folder, 'whole.duckdb');
  copy = path.join(folder, 'copy.duckdb');
  const exporter = new StoreWriter({ path: whole });
  await exporter.open();
  await exporter.write(makePoints(1_000, new TestClock()));
  await exporter.close();
  bytes = await readFile(whole);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => copyFile(whole, copy));

/** The message of opening the copy. */
async function refusal(): Promise<Error> {
  try {
    await (await openStore(copy)).close();
  } catch (error) {
    return error as Error;
  }
  return new Error('it was opened');
}

const REMEDY =
  /; (the file is damaged: move it and \S+\.wal away and start again, which makes a new store|name another path or move it away)$/;

describe('the main file of a store', () => {
  it('with a byte of its headers changed is refused in a line with the remedy, or opened', async () => {
    let refused = 0;
    for (let at = 0; at < HEADERS_END; at += at < 32 ? 1 : 157) {
      const changed = Buffer.from(bytes.subarray(0, HEADERS_END));
      changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at);
      await copyFile(whole, copy);
      await writeFile(copy, Buffer.concat([changed, bytes.subarray(HEADERS_END)]));
      const error = await refusal();
      const what = error.message === 'it was opened' || REMEDY.test(error.message);
      expect([at, error.message, what]).toEqual([at, expect.not.stringContaining('\n'), true]);
      if (error.message === 'it was opened') continue;
      expect(error).toBeInstanceOf(FailureError);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(50);
  });

  it.each([0, 1, 8, 100, 4_096, 8_192, HEADERS_END, HEADERS_END + 1, -CATALOG_LOST])(
    'cut at byte %i is refused in a line with the remedy',
    async (length) => {
      await truncate(copy, length < 0 ? bytes.length + length : length);
      const error = await refusal();
      expect(error).toBeInstanceOf(FailureError);
      expect(error.message).toMatch(REMEDY);
      expect(error.message).not.toContain('\n');
    },
  );

  it.each([
    ['the node', () => ['-n', 'regtest', '-c', '127.0.0.1:1', '-e', `duckdb:${copy}`]],
    ['serve', () => ['serve', '--from', `duckdb:${copy}`, '--http', '0']],
    ['query', () => ['query', 'tx', '--from', `duckdb:${copy}`]],
    ['audit', () => ['audit', '--from', `duckdb:${copy}`]],
    ['top', () => ['top', '--once', '--from', `duckdb:${copy}`]],
  ])('that is damaged ends %s with one line and status 1', async (_, args) => {
    await truncate(copy, bytes.length - CATALOG_LOST);
    const { status, stderr } = spawnSync(process.execPath, [BIN, ...args()], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: process.env['PATH'], HOME: folder },
    });
    const lines = stderr.split('\n').filter((line) => line.startsWith('btcdmon-node: '));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(REMEDY);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(1);
  });
});
