import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSource } from '../../src/query/open-source';
import { allRows } from '../../src/query/result';
import { parseQuery } from '../../src/query/model';
import { FLUSH } from '../../src/store/wal/entries';
import { Cleanup } from '../support/cleanup';
import { outputOf, runProgram } from '../support/program';
import { ServingPeer } from '../support/serving-peer';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('a node whose write-ahead log was damaged counts what is lost, and audit names it', async () => {
  const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-damaged-')), (name) =>
    rmSync(name, { recursive: true }),
  );
  const store = path.join(home, 'store.duckdb');
  const peer = cleanup.add(await ServingPeer.start('regtest'), (it) => it.stop());
  const args = ['-n', 'regtest', '-c', peer.address, '-e', `duckdb:${store}`, '--interval', '1s'];
  const run = () => cleanup.add(runProgram([...args, '--node', 'n'], home), (it) => it.kill());
  const flushes = (bytes: Buffer): number[] => {
    const found = [];
    for (let at = bytes.indexOf(FLUSH); at >= 0; at = bytes.indexOf(FLUSH, at + 1)) found.push(at);
    return found;
  };
  const first = run();
  const log = (): Buffer => {
    try {
      return readFileSync(`${store}.wal`);
    } catch {
      return Buffer.alloc(0);
    }
  };
  await until('transactions in the log', () => flushes(log()).length >= 4, { giveUp: first.ended });
  await first.kill();
  const bytes = log();
  const [, second = 0, third = 0] = flushes(bytes);
  bytes[(second + third) >> 1] = (bytes[(second + third) >> 1] ?? 0) ^ 0xff;
  writeFileSync(`${store}.wal`, bytes);

  const next = run();
  const damagedOf = async (): Promise<readonly number[]> => {
    const opened = await openSource(`duckdb:${store}`, {});
    try {
      const query = { series: 'btcdmon', where: "damaged >= 0 AND exporter = 'duckdb'", since: '1h' };
      const result = await opened.run(parseQuery(query, BigInt(Date.now()) * 1_000_000n));
      const at = result.columns.findIndex(({ name }) => name === 'damaged');
      return (await allRows(result)).map((row) => Number(row[at]));
    } finally {
      await opened.close();
    }
  };
  await until('the second run', () => next.log().includes('listening'), { giveUp: next.ended });
  expect(await next.stop()).toBe(0);
  expect(next.log()).toMatch(/its write-ahead log was damaged at byte \d+: 1 transaction is lost/);
  const counts = await damagedOf();
  const lost = counts.at(-1) ?? 0;
  expect(lost).toBeGreaterThan(0);
  // The first run's, and the one that makes it an increase.
  expect(counts.filter((count) => count > 0 && count !== lost)).toEqual([]);
  expect(counts.indexOf(lost)).toBeGreaterThan(0);
  expect(counts[counts.indexOf(lost) - 1]).toBe(0);
  const audited = await outputOf(['audit', '--from', `duckdb:${store}`], home).catch(
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  );
  expect(audited).toMatch(
    new RegExp(
      `^n regtest, run of \\S+: found damaged files of exporter duckdb; at least ${lost} points are lost there$`,
      'm',
    ),
  );
  expect(audited).toMatch(/\d+ missing \(emitted \d+, stored \d+;/);
});
