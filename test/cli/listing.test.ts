import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { PANELS } from '../../src/panels/list';
import { StoreWriter } from '../../src/store/writer';
import { queryPoints } from '../support/query-points';

let folder = '';
let store = '';
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-listing-'));
  const file = path.join(folder, 'store.duckdb');
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(queryPoints());
  await writer.close();
  store = `duckdb:${file}`;
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs a command in this process; the store of the tests stands for STORE. */
async function run(line: string): Promise<{ out: string; err: string; status: unknown }> {
  const texts = { out: '', err: '' };
  const into = (name: 'out' | 'err') => (text: string | Uint8Array) => {
    texts[name] += text.toString();
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(into('out'));
  jest.spyOn(process.stderr, 'write').mockImplementation(into('err'));
  await main(line.split(' ').map((word) => word.replace('STORE', store)));
  jest.restoreAllMocks();
  return { ...texts, status: process.exitCode };
}

/** The rows of CSV without quotes in it. */
const rowsOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split('\r\n')
    .map((row) => row.split(','));

const COMMANDS = [
  ['series', ['series', 'when', 'help'], SERIES_NAMES.length],
  ['series tx_outputs', ['column', 'type', 'kind', 'unit', 'help'], null],
  ['queries', ['name', 'title', 'theme', 'unit', 'bucket_s', 'since', 'help'], PANELS.length],
  ['queries @block-fees', ['label', 'series', 'agg', 'column', 'by', 'where', 'scale', 'node'], null],
  ['top --once --from STORE', ['figure', 'value'], null],
  ['query tx --since 2020-01-01 --from STORE', ['time', 'node', 'network'], null],
] as const;

it.each(COMMANDS)('%s has each format, with the same rows', async (command, names, count) => {
  const table = await run(command);
  const named = await run(`${command} --format table`);
  expect(named).toMatchObject({ err: '', status: undefined });
  expect(table.out.split('\n').length).toBe(named.out.split('\n').length);
  const json = JSON.parse((await run(`${command} --format json`)).out) as object;
  const lines = (await run(`${command} --format ndjson`)).out.trimEnd().split('\n');
  const csv = (await run(`${command} --format csv`)).out;
  const [head = [], ...rows] = rowsOf(csv);
  expect(head.slice(0, names.length)).toEqual(names);
  if (command.startsWith('top')) {
    // A frame is one object, and in CSV its figures.
    expect(Object.keys(JSON.parse(lines.join()) as object)).toEqual(Object.keys(json));
    expect(rows.map(([figure]) => figure)).toEqual(expect.arrayContaining(['source', 'version', 'choices']));
    return;
  }
  const objects = json as readonly object[];
  expect(lines.map((text) => Object.keys(JSON.parse(text) as object))).toEqual(objects.map(Object.keys));
  expect(objects.length).toBe(count ?? objects.length);
  expect(objects.length).toBeGreaterThan(0);
  expect(Object.keys(objects[0] ?? {}).slice(0, names.length)).toEqual(names);
});

it('the columns of a series say type, kind and unit', async () => {
  const [, ...rows] = rowsOf((await run('series tx --format csv')).out);
  expect(rows.map((row) => row.slice(0, 3))).toEqual(
    expect.arrayContaining([
      ['vsize', 'int', 'fact'],
      ['node', 'tag', ''],
    ]),
  );
});

it('an audit has a row for each account, and its sentences on stderr', async () => {
  const { out, err, status } = await run('audit --since 2020-01-01 --from STORE --format json');
  const rows = JSON.parse(out) as readonly Record<string, unknown>[];
  expect(rows.length).toBeGreaterThan(1);
  for (const { emitted, stored, missing } of rows)
    expect(missing).toBe(emitted === null ? null : Number(emitted) - Number(stored));
  expect(rows[0]).toMatchObject({
    node: 'alpha',
    since: expect.stringMatching(/^2023-11-14T\S+Z$/) as string,
  });
  expect(status).toBe(1);
  expect(err).toMatch(/^btcdmon-node: audit: of \d+ points of [^\n]*, the store differs in \d+ series\n$/m);
  // For people the same, as sentences.
  const text = await run('audit --since 2020-01-01 --from STORE');
  const differing = rows.filter(({ emitted, stored }) => emitted !== stored);
  expect(text.out.match(/^\w+: (\d+ (missing|more)|the run)/gm)).toHaveLength(differing.length);
});

it.each([
  ['series --format xml', '--format xml: give one of table, json, ndjson, csv'],
  ['queries --format csw', '--format csw: give one of table, json, ndjson, csv; did you mean csv?'],
  ['audit --format csv-raw', '--format csv-raw: give one of table, json, ndjson, csv'],
  ['top --format csv', '--format csv: a frame for a program is printed once; add --once'],
])('%s is refused in one line', async (line, message) => {
  const { out, err, status } = await run(line);
  expect([out, status]).toEqual(['', 2]);
  expect(err).toMatch(/^btcdmon-node: [^\n]+\n$/);
  expect(err).toContain(message);
});
