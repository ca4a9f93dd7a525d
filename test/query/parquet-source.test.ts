import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ParquetExporter } from '../../src/export/parquet/exporter';
import type { Point } from '../../src/metrics/point';
import { audit } from '../../src/query/audit';
import { type QueryArgs, parseQuery } from '../../src/query/model';
import { openSource } from '../../src/query/open-source';
import { allRows } from '../../src/query/result';
import type { Source } from '../../src/query/source';
import { StoreWriter } from '../../src/store/writer';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { TestClock } from '../support/points';
import { outputOf, runProgram } from '../support/program';
import { END_NS, START_NS, queryPoints } from '../support/query-points';
import { until } from '../support/until';

const cleanup = new Cleanup();
let folder = '';
/** The end of an exporter has 0.6 s for its files. They do not pass on this clock. */
const modules = { clock: new TestClock(), warn: () => undefined };
const points = queryPoints();

beforeEach(() => {
  folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-parquet-')), (name) =>
    rmSync(name, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

/** Writes points into Parquet files, as a node does that then stops. */
async function files(
  written: readonly Point[] = points,
  directory = path.join(folder, 'files'),
): Promise<string> {
  const exporter = new ParquetExporter({ directory }, modules);
  await exporter.open();
  await exporter.write(written);
  await exporter.close();
  return directory;
}

async function store(): Promise<string> {
  const file = path.join(folder, 'store.duckdb');
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(points);
  await writer.close();
  return file;
}

async function open(url: string): Promise<{ source: Source; warnings: string[] }> {
  const warnings: string[] = [];
  const opened = await openSource(url, {}, (line) => void warnings.push(line));
  return { source: cleanup.add(opened, (it) => it.close()), warnings };
}

const since = String(START_NS / 1_000_000_000n);

const QUESTIONS: readonly QueryArgs[] = [
  { series: 'tx' },
  { series: 'peers', limit: 20 },
  { series: 'tx_outputs', agg: ['p95', 'value'], by: ['script_type'] },
  { series: 'msg_recv', agg: ['rate', 'inv'], every: '5m', by: ['node'] },
  { series: 'bandwidth', agg: ['rate', 'bytes_recv'], every: '10m' },
  { series: 'btcdmon', where: "series != ''" },
  { series: 'reorgs' },
];

it('answers as the embedded store does', async () => {
  const parquet = await open(`parquet:${await files()}`);
  const duckdb = await open(`duckdb:${await store()}`);
  expect(parquet.warnings).toEqual([]);
  for (const question of QUESTIONS) {
    const query = parseQuery({ since, ...question }, END_NS);
    const [a, b] = [await parquet.source.run(query), await duckdb.source.run(query)];
    expect(a.columns).toEqual(b.columns);
    expect([question, await allRows(a)]).toEqual([question, await allRows(b)]);
  }
  const raw = 'SELECT script_type, count(*) AS n FROM tx_outputs GROUP BY ALL ORDER BY ALL';
  expect(await allRows(await parquet.source.raw(raw))).toEqual(await allRows(await duckdb.source.raw(raw)));
  const range = { since: START_NS, until: END_NS };
  expect(await audit(parquet.source, range)).toEqual(await audit(duckdb.source, range));
});

it('statements reach no other files', async () => {
  const directory = await files();
  const { source } = await open(`parquet:${directory}`);
  for (const statement of [
    "SELECT * FROM read_text('/etc/hostname')",
    `SELECT * FROM read_csv('${path.join(folder, 'x.csv')}')`,
    "SELECT * FROM glob('/etc/*')",
  ])
    await expect((async () => allRows(await source.raw(statement)))()).rejects.toThrow();
  await expect(source.raw(`COPY tx TO '${directory}/x.csv'`)).rejects.toThrow('--raw is read-only');
});

it('has the points of the running hour once nobody writes, and says that they are missing before', async () => {
  const directory = path.join(folder, 'files');
  await files(points, directory);
  const now = BigInt(Date.now()) * 1_000_000n;
  const late = points
    .filter(({ series }) => series === 'tx')
    .map((point, i) => ({ ...point, time: now + BigInt(i) }));
  const exporter = new StoreWriter({ path: path.join(directory, 'staging.duckdb'), filesIn: directory });
  await exporter.open();
  await exporter.write(late);
  const count = parseQuery({ series: 'tx', since: '0', until: '2100-01-01', agg: ['count'] }, END_NS);
  const all = points.filter(({ series }) => series === 'tx').length;
  await exporter.close();
  const { source, warnings } = await open(`parquet:${directory}`);
  expect([await allRows(await source.run(count)), warnings]).toEqual([[[all + late.length]], []]);
  await source.close();
});

it('another process that writes there keeps only its running hour from readers', async () => {
  const directory = path.join(folder, 'files');
  await files(points, directory);
  const program = runProgram(
    [
      '-n',
      'regtest',
      '-c',
      `127.0.0.1:${await freePort()}`,
      '-e',
      `parquet:${directory}`,
      '--interval',
      '100ms',
    ],
    folder,
  );
  cleanup.add(program, (it) => it.kill());
  await until('the node', () => program.log().includes('listening'), { giveUp: program.ended });
  const { source, warnings } = await open(`parquet:${directory}`);
  expect(warnings).toEqual([
    expect.stringMatching(/^parquet:\S+: a node is writing there; the points of the hours/),
  ]);
  const query = parseQuery({ series: 'tx', since, agg: ['count'] }, END_NS);
  const count = Number((await allRows(await source.run(query)))[0]?.[0]);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(points.filter(({ series }) => series === 'tx').length);
  await program.stop();
});

it('reads files of an older version, which lack columns, and files that only lack their names', async () => {
  const directory = await files();
  const tx = path.join(directory, 'tx');
  const [name = ''] = readdirSync(tx);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT * EXCLUDE (tx_size) FROM '${tx}/${name}') TO '${tx}/2020-01-01T00.parquet'`,
  );
  connection.closeSync();
  instance.closeSync();
  const count = parseQuery({ series: 'tx', since: '0', agg: ['count'] }, END_NS);
  const sized = parseQuery({ series: 'tx', since: '0', agg: ['count', 'tx_size'] }, END_NS);
  const first = await open(`parquet:${directory}`);
  const one = points.filter(({ series }) => series === 'tx').length;
  const [all] = await allRows(await first.source.run(count));
  const [withSize] = await allRows(await first.source.run(sized));
  expect(Number(all?.[0])).toBeGreaterThan(one);
  expect(Number(withSize?.[0])).toBeLessThanOrEqual(one);
  await first.source.close();

  // A node that was killed between two steps has noted the file in its staging file.
  renameSync(path.join(tx, name), path.join(tx, `${name}.tmp`));
  const staging = await DuckDBInstance.create(path.join(directory, 'staging.duckdb'));
  const noting = await staging.connect();
  await noting.run('CREATE TABLE IF NOT EXISTS btcdmon_parquet (series VARCHAR, name VARCHAR)');
  await noting.run('INSERT INTO btcdmon_parquet VALUES ($1, $2)', ['tx', name]);
  noting.closeSync();
  staging.closeSync();
  const second = await open(`parquet:${directory}`);
  expect(await allRows(await second.source.run(count))).toEqual([all]);
});

it('leaves damaged files out, and names each in a line', async () => {
  const directory = await files();
  const tx = path.join(directory, 'tx');
  const [name = ''] = readdirSync(tx);
  const bytes = readFileSync(path.join(tx, name));
  const count = parseQuery({ series: 'tx', since: '0', agg: ['count'] }, END_NS);
  const damaged: readonly (readonly [string, Buffer])[] = [
    ['2001-01-01T00.parquet', bytes.subarray(0, bytes.length >> 1)],
    ['2001-01-01T01.parquet', bytes.subarray(0, 3)],
    ['2001-01-01T02.parquet', Buffer.alloc(0)],
    ['2001-01-01T03.parquet', Buffer.alloc(bytes.length)],
    [
      '2001-01-01T04.parquet',
      Buffer.concat([bytes.subarray(0, -40), Buffer.alloc(32, 0xff), bytes.subarray(-8)]),
    ],
  ];
  const whole = await open(`parquet:${directory}`);
  const all = await allRows(await whole.source.run(count));
  await whole.source.close();
  for (const [other, content] of damaged) writeFileSync(path.join(tx, other), content);
  const { source, warnings } = await open(`parquet:${directory}`);
  expect(await allRows(await source.run(count))).toEqual(all);
  expect(warnings).toEqual(
    damaged.map(([other]): unknown =>
      expect.stringMatching(
        new RegExp(
          `^parquet:${path.join(tx, other)}: is left out, with all points of its hour: [^\\n]+; restore it, or move it away$`,
        ),
      ),
    ),
  );
});

it('reads the files where the points of the last hour are damaged, and says so', async () => {
  const directory = await files();
  writeFileSync(path.join(directory, 'staging.duckdb'), Buffer.alloc(20_000, 7));
  const { source, warnings } = await open(`parquet:${directory}`);
  await allRows(await source.run(parseQuery({ series: 'tx', since: '0', agg: ['count'] }, END_NS)));
  expect(warnings).toEqual([
    expect.stringMatching(
      /staging\.duckdb[^\n]*; the points of the hours that have no files yet are missing here$/,
    ),
  ]);
});

it.each([
  ['none', 'there is no such folder; name that of --export parquet:DIR'],
  ['empty', 'has no Parquet files of btcdmon-node'],
  ['store.duckdb', 'is not a folder'],
])('parquet:%s is refused in one line', async (name, message) => {
  mkdirSync(path.join(folder, 'empty'));
  await store();
  await expect(openSource(`parquet:${path.join(folder, name)}`, {})).rejects.toThrow(
    new RegExp(`^parquet:${path.join(folder, name)}: ${message}[^\\n]*$`),
  );
});

it('query, audit, top and serve take it', async () => {
  const directory = await files();
  const url = `parquet:${directory}`;
  const args = [
    'query',
    '@messages-received',
    '--since',
    '2023-11-14',
    '--until',
    '2023-11-16',
    '--format',
    'csv',
    '--store',
  ];
  const answer = await outputOf([...args, url], folder);
  expect(answer).toBe(await outputOf([...args, `duckdb:${await store()}`], folder));
  expect(answer.split('\n').length).toBeGreaterThan(2);
  expect(await outputOf(['top', '--once', '--store', url], folder)).toContain(url);
  const port = await freePort();
  const served = runProgram(['serve', '--store', url, '--http', String(port)], folder);
  cleanup.add(served, (it) => it.kill());
  await until('the page', () => served.log().includes('showing'), { giveUp: served.ended });
  const panel = await fetch(
    `http://127.0.0.1:${port}/api/panels/messages-received?since=2023-11-14&until=2023-11-16&format=csv`,
  );
  expect([panel.status, await panel.text()]).toEqual([200, answer]);
  expect(await served.stop()).toBe(0);
});
