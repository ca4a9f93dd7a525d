import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { FailureError } from '../../src/lib/errors';
import { ParquetExporter } from '../../src/export/parquet/exporter';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { type ChildScript, childScript } from '../support/child';
import { makePoints } from '../support/make-points';
import { TestClock } from '../support/points';
import { isDamage } from '../support/is-damage';
import { until } from '../support/until';

const HOUR = 3_600_000_000_000n;
const T13 = BigInt(Date.UTC(2026, 10, 24, 13)) * 1_000_000n;

let folder: string;
let directory: string;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "btcdmon-par'quet-"));
  directory = path.join(folder, 'points');
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true }));

const clock = new TestClock();
const newExporter = (): ParquetExporter =>
  new ParquetExporter({ directory, sealEveryMs: 5 }, { clock, warn: (message) => warnings.push(message) });

/** Points of a moment; the clock goes on a little. */
const pointsAt = (ns: bigint, count = 10) => {
  clock.ns = ns;
  return makePoints(count, clock);
};

const files = (series: string): Promise<string[]> =>
  readdir(path.join(directory, series)).then(
    (names) => names.sort(),
    () => [],
  );

/** The first row of an answer. */
async function ask(sql: string): Promise<unknown[]> {
  const [row = []] = await rowsOf(sql);
  return row;
}

/** Asks DuckDB, in a database in memory, with the staging file attached. */
async function rowsOf(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `ATTACH '${path.join(directory, 'staging.duckdb').replaceAll("'", "''")}' AS staging (READ_ONLY)`,
  );
  const rows = (await connection.runAndReadAll(sql)).getRowsJS();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** Times of all points, in files and staged. */
async function everything(): Promise<string> {
  const parts = ['SELECT NULL::TIMESTAMP_NS AS time WHERE false'];
  const staged = await rowsOf("SELECT table_name FROM duckdb_tables() WHERE database_name = 'staging'");
  for (const series of SERIES_NAMES) {
    if (staged.some(([table]) => table === series)) parts.push(`SELECT time FROM staging."${series}"`);
    if ((await files(series)).some((name) => name.endsWith('.parquet')))
      parts.push(
        `SELECT time FROM read_parquet('${path.join(directory, series).replaceAll("'", "''")}/*.parquet')`,
      );
  }
  return parts.join(' UNION ALL ');
}

async function failure(opening: Promise<void>): Promise<string> {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  const { message } = error as FailureError;
  expect(message).not.toContain('\n');
  return message;
}

describe('the Parquet exporter', () => {
  it('moves finished hours into files, and points that come late into further ones', async () => {
    const exporter = newExporter();
    await exporter.open();
    expect(await exporter.write(pointsAt(T13))).toMatchObject({ sent: 10, acked: 10 });
    await exporter.write(pointsAt(T13 + HOUR));
    // Half of the minute's grace.
    clock.ns = T13 + HOUR + HOUR / 120n;
    await sleep(50);
    expect(await files('tx')).toEqual([]);
    clock.ns = T13 + HOUR + HOUR / 60n;
    await until('the hour', async () => (await files('tx_outputs')).includes('2026-11-24T13.parquet'));
    const now = clock.ns;
    await exporter.write(pointsAt(T13 + HOUR / 2n));
    clock.ns = now;
    // A look at the series that is under way may be past `tx` already when the late points come.
    for (const series of ['tx', 'tx_outputs'])
      await until(`the late ones of ${series}`, async () =>
        (await files(series)).includes('2026-11-24T13-2.parquet'),
      );
    expect(await files('tx')).toEqual(['2026-11-24T13-2.parquet', '2026-11-24T13.parquet']);
    await exporter.close();
    // The third file has the hour that had just begun.
    expect(await files('tx')).toHaveLength(3);
    expect(await ask(`SELECT count(*), count(DISTINCT time) FROM (${await everything()})`)).toEqual([
      30n,
      30n,
    ]);
    expect(await ask('SELECT count(*) FROM staging.tx')).toEqual([0n]);
    expect(warnings).toEqual([]);
  });

  it('writes files that another reader of Parquet understands', async () => {
    const exporter = newExporter();
    await exporter.open();
    const points = pointsAt(T13);
    await exporter.write([...points].reverse());
    await exporter.close();
    const file = path.join(directory, 'tx_outputs', '2026-11-24T13.parquet');
    const reader = path.join(__dirname, '..', 'support', 'read-parquet.ts');
    const lines = execFileSync(process.execPath, ['-r', 'tsx/cjs', reader, file], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      points
        .filter(({ series }) => series === 'tx_outputs')
        .map(({ time, tags, fields }) => ({
          time: String(time),
          ...tags,
          num_pubkeys: null,
          num_keys: null,
          size: String(fields['size']),
          value: String(fields['value']),
          is_standard: null,
          is_dust: false,
        })),
    );
  });

  it.each(['before', 'after'])(
    'finishes what a kill %s the naming of a file cut short, and clears what it left',
    async (when) => {
      const exporter = newExporter();
      await exporter.open();
      await exporter.write(pointsAt(T13));
      await exporter.close();
      const file = path.join(directory, 'tx', '2026-11-24T13.parquet');
      const instance = await DuckDBInstance.create(path.join(directory, 'staging.duckdb'));
      const connection = await instance.connect();
      await connection.run("INSERT INTO btcdmon_parquet VALUES ('tx', '2026-11-24T13.parquet')");
      connection.closeSync();
      instance.closeSync();
      if (when === 'before') await rename(file, `${file}.tmp`);
      await writeFile(path.join(directory, 'tx', '2026-11-24T14.parquet.tmp'), 'half a file');
      const next = newExporter();
      await next.open();
      expect(await files('tx')).toEqual(['2026-11-24T13.parquet']);
      await next.close();
      expect(await ask('SELECT count(*) FROM staging.btcdmon_parquet')).toEqual([0n]);
      expect(await ask(`SELECT count(*), count(DISTINCT time) FROM (${await everything()})`)).toEqual([
        10n,
        10n,
      ]);
      expect(warnings).toEqual([]);
    },
  );

  it('warns of a file that can’t be written, and writes it once it can', async () => {
    const exporter = newExporter();
    await exporter.open();
    await writeFile(path.join(directory, 'tx'), 'in the way');
    await exporter.write(pointsAt(T13));
    clock.ns = T13 + 2n * HOUR;
    await until('a warning', () => warnings.length > 0);
    await sleep(50);
    expect(warnings).toEqual([
      expect.stringMatching(/^parquet:.*: a file can't be written and is tried again: .*EEXIST/),
    ]);
    await rm(path.join(directory, 'tx'));
    await until('the file', async () => (await files('tx')).includes('2026-11-24T13.parquet'));
    await exporter.close();
    expect(await ask(`SELECT count(*), count(DISTINCT time) FROM (${await everything()})`)).toEqual([
      10n,
      10n,
    ]);
  });

  it('refuses a folder that it cannot use, with one line', async () => {
    directory = path.join(folder, 'a', 'b');
    expect(await failure(newExporter().open())).toBe(
      `parquet:${directory}: the folder ${path.join(folder, 'a')} does not exist; make it`,
    );
    directory = path.join(folder, 'file');
    await writeFile(directory, '');
    expect(await failure(newExporter().open())).toBe(
      `parquet:${directory}: is not a folder; name another place`,
    );
    directory = path.join(folder, 'points');
    const first = newExporter();
    await first.open();
    expect(await failure(newExporter().open())).toBe(`parquet:${directory}: is given twice`);
    await first.close();
    await writeFile(path.join(directory, 'staging.duckdb'), 'no database');
    expect(await failure(newExporter().open())).toContain('the file is not a DuckDB database');
  });
});

describe('in processes of their own', () => {
  let script: ChildScript;
  beforeAll(() => (script = childScript('support/parquet-child.ts')));
  afterAll(() => script.remove());

  const start = (from: bigint, mode: string) => {
    const child = spawn(process.execPath, [script.file, directory, String(from), mode], {
      env: script.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = { log: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.log += text));
    return { child, output };
  };
  const ackedIn = (log: string): number => Number(/acked (\d+)\n$/.exec(log)?.[1] ?? 0);

  it('has each acknowledged point exactly once, at whatever moment it is killed', async () => {
    await mkdir(directory);
    let acked = 0;
    let batches = 0;
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      const { child, output } = start(T13 + BigInt(round) * 100_000n * HOUR, 'endless');
      try {
        // On the clock of the child some rounds write an hour, and some more than one, on any machine.
        await until('some batches', () => (output.log.match(/acked/g) ?? []).length > round % 6, {
          giveUp: () => (child.exitCode === null ? undefined : output.log),
        });
        await sleep(Math.random() * 500);
      } finally {
        child.kill('SIGKILL');
      }
      await once(child, 'close');
      // A kill within a commit leaves a transaction that nobody was told of.
      expect(output.log.split('\n').filter((line) => isDamage(line))).toEqual([]);
      acked += ackedIn(output.log);
      batches++;
    }
    // The next start finishes the steps that the last kill cut short.
    const exporter = newExporter();
    await exporter.open();
    await exporter.close();
    const [count, distinct] = (await ask(
      `SELECT count(*), count(DISTINCT time) FROM (${await everything()})`,
    )) as [bigint, bigint];
    expect(distinct).toBe(count);
    // The batch that was being written at each kill may be stored without having been acknowledged.
    expect(Number(count)).toBeGreaterThanOrEqual(acked);
    expect(Number(count)).toBeLessThanOrEqual(acked + batches * 100);
    expect(Number(count) % 100).toBe(0);
    expect((await files('tx')).length).toBeGreaterThan(rounds);
    for (const series of SERIES_NAMES)
      expect((await files(series)).filter((name) => !name.endsWith('.parquet'))).toEqual([]);
  });

  it('says who uses the folder', async () => {
    const { child, output } = start(T13, 'once');
    try {
      await until('it to be open', () => output.log.includes('open'));
      expect(await failure(newExporter().open())).toBe(
        `parquet:${directory}: in use by process ${child.pid}; stop that one, or give this one another folder`,
      );
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'close');
  });
});
