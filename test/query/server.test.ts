import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { systemTimer } from '../../src/lib/timer';
import type { Session } from '../../src/query/answers';
import { StoreWriter } from '../../src/store/writer';
import { QueryScheduler } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { parseQuery } from '../../src/query/model';
import { allRows } from '../../src/query/result';
import { type ServeOptions, serveQueries } from '../../src/query/server';
import { checkSocketFolder, socketPath } from '../../src/query/socket-path';
import { openSource } from '../../src/query/open-source';
import { childScript } from '../support/child';
import { Cleanup } from '../support/cleanup';
import { END_NS, START_NS, queryPoints } from '../support/query-points';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';

const since = String(START_NS / 1_000_000_000n);
const HUGE = 'SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b';
const cleanup = new Cleanup();
let folder: string;

beforeEach(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-serve-')), (name) =>
    rm(name, { recursive: true }),
  );
});

afterEach(() => cleanup.run());

/** Counts the questions that were begun. */
class CountedAnswers extends LocalAnswers {
  begun = 0;

  override begin(signal: AbortSignal): Promise<Session> {
    this.begun++;
    return super.begin(signal);
  }
}

/** A store with points, served by this process. */
async function served(
  options: ServeOptions = {},
  file = path.join(folder, 'store.duckdb'),
  timer = systemTimer,
) {
  const exporter = cleanup.add(new StoreWriter({ path: file }), (opened) => opened.close());
  await exporter.open();
  await exporter.write(queryPoints());
  const answers = new CountedAnswers(exporter);
  const server = cleanup.add(
    await serveQueries({ scheduler: new QueryScheduler(answers, timer) }, options),
    (opened) => opened.close(),
  );
  const source = cleanup.add(await openSource(`duckdb:${file}`), (opened) => opened.close());
  return { exporter, server, source, file, answers };
}

/** Opens a store in another process, which answers queries and continues to write. */
async function serving(file: string): Promise<ChildProcess> {
  const script = cleanup.add(childScript('support/serving-child.ts'), (opened) => opened.remove());
  const child = spawn(process.execPath, [script.file, file], {
    env: script.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup.add(child, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  expect(first.toString()).toBe('ready\n');
  return child;
}

function post(socket: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath: socket, method: 'POST', path: '/query', agent: false },
      (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('end', () => resolve(text));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

it('reads while another process writes, and reads the file after that process was killed', async () => {
  const file = path.join(folder, 'store.duckdb');
  const child = await serving(file);
  const query = parseQuery({ since, series: 'tx_outputs' }, END_NS);
  const source = cleanup.add(await openSource(`duckdb:${file}`), (opened) => opened.close());
  const through = await allRows(await source.run(query));
  expect(through).toHaveLength(queryPoints().filter(({ series }) => series === 'tx_outputs').length);

  // The writer continues, so later answers have more points.
  const count = parseQuery(
    { since: '1970-01-01', until: '2100-01-01', series: 'tx', agg: ['count'] },
    END_NS,
  );
  const counts: number[] = [];
  while (new Set(counts).size < 3) counts.push(Number((await allRows(await source.run(count)))[0]?.[0]));
  expect(counts).toEqual([...counts].sort((a, b) => a - b));

  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await stat(socketPath(file))).isSocket()).toBe(true);
  const after = cleanup.add(await openSource(`duckdb:${file}`), (opened) => opened.close());
  expect(await allRows(await after.run(query))).toEqual(through);
  expect(Number((await allRows(await after.run(count)))[0]?.[0])).toBeGreaterThanOrEqual(counts.at(-1) ?? 0);
});

it('reports when the node goes away in the middle of an answer', async () => {
  const file = path.join(folder, 'store.duckdb');
  const child = await serving(file);
  const source = cleanup.add(await openSource(`duckdb:${file}`), (opened) => opened.close());
  const { rows } = await source.raw('SELECT range FROM range(100000000)');
  const reading = (async () => {
    for await (const batch of rows) if (batch.length > 0) child.kill('SIGKILL');
  })();
  await expect(reading).rejects.toThrow('the node that has the store open interrupted the query');
});

it('replaces a socket left behind, and nobody else may use the new one', async () => {
  const file = path.join(folder, 'store.duckdb');
  const child = await serving(file);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const { server, source } = await served({}, file);
  expect(server.path).toBe(socketPath(file));
  expect((await stat(server.path)).mode & 0o777).toBe(0o600);
  expect(await allRows(await source.raw('SELECT 1'))).toEqual([[1]]);
});

it('leaves no socket behind', async () => {
  const { server } = await served();
  await server.close();
  await expect(stat(server.path)).rejects.toThrow('ENOENT');
});

it('continues with the store that the exporter has reopened', async () => {
  const { exporter, source } = await served();
  await exporter.close();
  await expect(source.raw('SELECT 1')).rejects.toThrow('is not open');
  await exporter.open();
  expect(await allRows(await source.raw('SELECT 1'))).toEqual([[1]]);
});

it('interrupts a query that takes too long, and the writer does not wait for it', async () => {
  const { exporter, source } = await served({ timeoutMs: 500 });
  const heavy = source.raw(HUGE).catch((error: unknown) => String(error));
  const shifted = queryPoints().map((point) => ({ ...point, time: point.time + 7_200_000_000_000n }));
  expect(await exporter.write(shifted)).toMatchObject({ acked: shifted.length });
  expect(await heavy).toContain('the query took longer than 0.5 s');
});

it('interrupts a query whose reader takes no rows', async () => {
  const timer = new TestTimer();
  const { source } = await served({ timeoutMs: 500 }, undefined, timer.start);
  const { rows } = await source.raw('SELECT range FROM range(100000000)');
  const iterator = rows[Symbol.asyncIterator]();
  await iterator.next();
  timer.pass(500);
  const rest = (async () => {
    while ((await iterator.next()).done !== true);
  })();
  await expect(rest).rejects.toThrow('the query took longer than 0.5 s');
});

it('lets a query wait for its turn, and passes on the turn of a client that left', async () => {
  const { file, server } = await served();
  const running: Promise<unknown>[] = [];
  for (let index = 0; index < 2; index++) {
    const source = await openSource(`duckdb:${file}`);
    const heavy = source.raw(HUGE).catch((error: unknown) => error);
    setTimeout(() => void source.close(), 200);
    running.push(heavy);
  }
  expect(await post(server.path, '{"raw":"SELECT 5 AS five"}')).toBe(
    '{"columns":[{"name":"five","type":"int"}]}\n[5]\n{"rows":1}\n',
  );
  await Promise.all(running);
});

it('limits the number of rows, and says that the limit was reached', async () => {
  const { source } = await served({ maxRows: 5000 });
  await expect(allRows(await source.raw('SELECT * FROM range(100000)'))).rejects.toThrow(
    'the answer has more than 5000 rows',
  );
  expect(await allRows(await source.raw('SELECT * FROM range(5000)'))).toHaveLength(5000);
});

it('ends running queries when it closes', async () => {
  const { server, source, answers } = await served();
  const heavy = source.raw(HUGE).catch((error: unknown) => String(error));
  await until('the query to run', () => answers.begun === 1);
  await server.close();
  expect(await heavy).toContain('the node is stopping');
});

it('transfers every type of value over the socket', async () => {
  const { source, exporter } = await served();
  const statement = `SELECT 'é"\n' s, 9007199254740993 b, 'nan'::DOUBLE n, '-inf'::DOUBLE i, make_timestamp_ns(7) t, NULL u, true f, 1.5::DOUBLE d`;
  const through = await source.raw(statement);
  expect(await allRows(through)).toEqual([
    ['é"\n', 9_007_199_254_740_993n, NaN, -Infinity, 7n, null, true, 1.5],
  ]);
  expect(through.columns.map(({ type }) => type).join(' ')).toBe(
    'string int float float time int bool float',
  );
  await expect(source.raw('DROP TABLE tx')).rejects.toThrow('--raw is read-only');
  const query = parseQuery(
    { since, series: 'peers', agg: ['count'], by: ['user_agent'], every: '5m' },
    END_NS,
  );
  const answer = await allRows(await source.run(query));
  await exporter.close();
  expect(answer.length).toBeGreaterThan(50);
});

it.each([
  ['', 'the request is not JSON'],
  ['null', 'must have a query or a raw statement'],
  ['{"raw":5}', 'must have a query or a raw statement'],
  ['{"query":{"series":5}}', 'must have a query or a raw statement'],
  ['{"query":{"series":"tx","by":"node"}}', 'must have a query or a raw statement'],
  ['{"query":{"series":"tx","where":"nope = 1"}}', 'no column nope'],
  [`{"raw":"${'x'.repeat(1_000_001)}"}`, 'longer than a million characters'],
])('answers a request with an error: %#', async (body, message) => {
  const { server } = await served();
  const line = JSON.parse(await post(server.path, body)) as { error: string; usage: boolean };
  expect(line.usage).toBe(true);
  expect(line.error).toContain(message);
});

it('uses its own folder for a socket whose path would be too long', async () => {
  const deep = path.join(folder, 'd'.repeat(60), 'e'.repeat(60));
  await mkdir(deep, { recursive: true });
  const file = path.join(deep, 'store.duckdb');
  const { server, source } = await served({}, file);
  expect(Buffer.byteLength(server.path)).toBeLessThan(104);
  expect(path.dirname(path.dirname(server.path))).toBe(os.tmpdir());
  expect((await stat(path.dirname(server.path))).mode & 0o777).toBe(0o700);
  expect(await allRows(await source.raw('SELECT 1'))).toEqual([[1]]);

  // The same socket through another path to the store.
  const link = path.join(folder, 'link');
  await symlink(deep, link);
  expect(socketPath(path.join(link, 'store.duckdb'))).toBe(server.path);
  expect(socketPath(path.relative(process.cwd(), file))).toBe(server.path);
});

it('refuses a socket folder that others can access', async () => {
  const file = path.join(folder, 'store', 'store.duckdb');
  const check = (name: string) => () => checkSocketFolder(path.join(folder, name, 'x.sock'), file, true);
  expect(check('new')).not.toThrow();
  expect((await stat(path.join(folder, 'new'))).mode & 0o777).toBe(0o700);
  await symlink(path.join(folder, 'new'), path.join(folder, 'link'));
  expect(check('link')).toThrow('a folder of your own with mode 0700');
  await chmod(path.join(folder, 'new'), 0o750);
  expect(check('new')).toThrow('a folder of your own with mode 0700');
  await writeFile(path.join(folder, 'file'), '');
  expect(check('file')).toThrow('a folder of your own with mode 0700');
  expect(check('l'.repeat(100))).toThrow('too long a path for a socket; set TMPDIR');
});

it('reads the file directly if a plain file is in the place of the socket', async () => {
  const file = path.join(folder, 'store.duckdb');
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  await exporter.close();
  await writeFile(socketPath(file), '');
  const source = cleanup.add(await openSource(`duckdb:${file}`), (opened) => opened.close());
  expect(await allRows(await source.raw('SELECT count(*) FROM tx'))).toEqual([[0]]);
});

it('raises the memory limit while queries run, and lowers it afterwards', async () => {
  const { exporter, source } = await served();
  const ask = "SELECT current_setting('memory_limit')";
  expect(await allRows(await source.raw(ask))).toEqual([['953.6 MiB']]);
  await expect(source.raw('SELECT nothing').then(allRows)).rejects.toThrow();
  const connection = await exporter.store.connect();
  await until('the memory to be back', async () => {
    const reader = await connection.runAndReadAll(ask);
    return reader.getRows()[0]?.[0] === '61.0 MiB';
  });
});
