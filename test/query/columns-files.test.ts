import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { runPanelCommand } from '../../src/panels/panel-command';
import { type QueryCommandOptions, runQueryCommand } from '../../src/query/query-command';
import { StoreWriter } from '../../src/store/writer';
import { END_NS, START_NS, queryPoints } from '../support/query-points';

let folder = '';
let from = '';
const since = String(START_NS / 1_000_000_000n);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-files-'));
  const file = path.join(folder, 'btcdmon.duckdb');
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(queryPoints());
  await writer.close();
  from = `duckdb:${file}`;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command writes to stdout. */
async function run(options: Partial<QueryCommandOptions>, isTTY = false): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const into = (wanted: boolean): Writable & { isTTY?: boolean } =>
    Object.assign(
      new Writable({
        write: (chunk: Buffer | string, _, done) => {
          if (wanted) chunks.push(Buffer.from(chunk));
          done();
        },
      }),
      { isTTY },
    );
  const io = { stdout: into(true), stderr: into(false), env: {}, nowNs: END_NS };
  const command = options.series?.startsWith('@') === true ? runPanelCommand : runQueryCommand;
  await command({ from, format: 'csv', ...(options.raw === undefined ? { since } : {}), ...options }, io);
  return Buffer.concat(chunks);
}

async function rowsOf(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJS();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

it('--columns chooses and orders the columns of points, groups, panels and statements', async () => {
  const all = (await run({ series: 'tx' })).toString().split('\r\n');
  const names = (all[0] ?? '').split(',');
  const few = (await run({ series: 'tx', columns: ['tx_size', 'time'] })).toString().split('\r\n');
  const [size, time] = ['tx_size', 'time'].map((name) => names.indexOf(name));
  expect(few[0]).toBe('tx_size,time');
  expect(few.length).toBe(all.length);
  const row = (all[1] ?? '').split(',');
  expect(few[1]).toBe(`${row[size ?? 0]},${row[time ?? 0]}`);
  const grouped = await run({
    series: 'tx',
    agg: ['count'],
    by: ['node', 'network'],
    columns: ['count', 'node'],
  });
  expect(grouped.toString()).toMatch(/^count,node\r\n\d+,alpha\r\n/);
  const raw = await run({ raw: 'SELECT 1 AS a, 2 AS b', columns: ['b'] });
  expect(raw.toString()).toBe('b\r\n2\r\n');
  const panel = await run({ series: '@smart-relay', every: '30m', columns: ['blocks', 'time'] });
  expect(panel.toString()).toMatch(/^blocks,time\r\n/);
});

it.each([
  ['points', { series: 'tx' }],
  ['groups', { series: 'tx', agg: ['p95', 'tx_size'], by: ['node'], every: '10m' }],
  ['columns', { series: 'peers', columns: ['user_agent', 'time'] }],
  ['a panel', { series: '@messages-received', every: '10m' }],
  ['a statement', { raw: "SELECT 1 AS i, 0.5::DOUBLE AS f, true AS b, NULL AS n, 'ä' AS s, now() AS t" }],
] as const)('--format parquet has the rows of --format csv: %s', async (name, asked) => {
  const file = path.join(folder, `${name}.parquet`);
  await run({ ...asked, format: 'parquet', output: file });
  const csv = (await run({ ...asked, format: 'ndjson' })).toString().trimEnd().split('\n');
  const names = Object.keys(JSON.parse(csv[0] ?? '{}') as object);
  const described = await rowsOf(`DESCRIBE FROM '${file}'`);
  expect(described.map(([column]) => column)).toEqual(names);
  const [[count] = []] = await rowsOf(`SELECT count(*) FROM '${file}'`);
  expect(Number(count)).toBe(csv.length);
  // Every number, text and flag; times are compared below.
  const plain = described
    .filter(([, type]) => !String(type).startsWith('TIMESTAMP'))
    .map(([column]) => String(column));
  const rows = await rowsOf(`SELECT ${plain.map((each) => `"${each}"::VARCHAR`).join(', ')} FROM '${file}'`);
  const written = csv.map((text) => JSON.parse(text) as Record<string, unknown>);
  for (const [index, row] of rows.slice(0, 50).entries())
    for (const [at, column] of plain.entries()) {
      const value = written[index]?.[column] ?? null;
      const given = row[at] ?? null;
      expect([column, typeof value === 'number' ? Number(given) : given]).toEqual([
        column,
        typeof value === 'boolean' ? String(value) : value,
      ]);
    }
});

it('times keep their nanoseconds in Parquet', async () => {
  const file = path.join(folder, 'times.parquet');
  await run({ series: 'tx', format: 'parquet', output: file, columns: ['time'] });
  const [[type] = []] = await rowsOf(`SELECT column_type FROM (DESCRIBE FROM '${file}')`);
  expect(type).toBe('TIMESTAMP_NS');
  const times = await rowsOf(`SELECT epoch_ns(time) FROM '${file}'`);
  const first = (await run({ series: 'tx', columns: ['time'], format: 'ndjson' })).toString().split('\n')[0];
  const { time } = JSON.parse(first ?? '') as { time: string };
  expect(String(times[0]?.[0]).slice(-9)).toBe(time.slice(-10, -1));
});

it('Parquet goes through a pipe, and not to a terminal', async () => {
  const bytes = await run({ series: 'tx', format: 'parquet' });
  expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1']);
  await expect(run({ series: 'tx', format: 'parquet' }, true)).rejects.toThrow(
    '--format parquet: a terminal shows no Parquet; give --output FILE',
  );
  const file = path.join(folder, 'terminal.parquet');
  await run({ series: 'tx', format: 'parquet', output: file }, true);
  expect(existsSync(file)).toBe(true);
});

it('--output writes any format, and leaves nothing where it fails', async () => {
  const file = path.join(folder, 'tx.csv');
  await run({ series: 'tx', output: file });
  expect(readFileSync(file).equals(await run({ series: 'tx' }))).toBe(true);
  await expect(run({ series: 'tx', output: file })).rejects.toThrow(
    `--output ${file}: is there already and is not overwritten; name another file, or remove it`,
  );
  writeFileSync(path.join(folder, 'file'), '');
  const none = path.join(folder, 'no', 'tx.csv');
  await expect(run({ series: 'tx', output: none })).rejects.toThrow(
    `--output ${none}: can't be written: ENOENT`,
  );
  const two = path.join(folder, 'two.parquet');
  await expect(run({ raw: 'SELECT 1 AS a, 2 AS A', format: 'parquet', output: two })).rejects.toThrow(
    '--format parquet: two columns are named a; name one of them with AS',
  );
  const wide = { raw: 'SELECT 9223372036854775807::HUGEINT * 2 AS sum', format: 'parquet', output: two };
  await expect(run(wide)).rejects.toThrow('sum has 18446744073709551614, which has more than 64 bits');
  expect(readdirSync(folder).filter((name) => name.startsWith('two') || name.includes('tmp'))).toEqual([]);
});
