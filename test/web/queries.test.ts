import { runQueryCommand } from '../../src/query/query-command';
import { PANELS } from '../../src/panels/list';
import { runPanelCommand } from '../../src/panels/panel-command';
import net from 'node:net';
import { Writable } from 'node:stream';
import { Cleanup } from '../support/cleanup';
import { END_NS, START_NS, queryPoints } from '../support/query-points';
import { until } from '../support/until';
import { ask, post } from './ask';
import { type Served, servedPage } from './served';

const HUGE = 'SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b';
/** Fails after it has returned many rows. */
const LATE = "SELECT CASE WHEN range = 400000 THEN error('late') ELSE range END FROM range(500000)";

const since = String(START_NS / 1_000_000_000n);
const end = String(END_NS / 1_000_000_000n + 1n);

const cleanup = new Cleanup();
let served: Served;

beforeAll(async () => {
  served = await servedPage(cleanup);
});
afterAll(() => cleanup.run());

const raw = (sql: string) => post(served.port, '/api/query', { raw: sql });

/** Posts a statement like the page. */
const asked = (sql: string, format = 'json'): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ raw: sql, format }),
});

describe('a query', () => {
  it('is answered with columns and rows, times in milliseconds', async () => {
    const query = { series: 'blocks', since, until: end, limit: 2 };
    const { status, json, headers } = await post(served.port, '/api/query', { query });
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    const blocks = queryPoints().filter(({ series }) => series === 'blocks');
    const rows = json['rows'] as unknown[][];
    expect(rows).toHaveLength(2);
    expect(rows[1]?.[0]).toBeCloseTo(Number(blocks.at(-1)?.time) / 1e6, 2);
    expect(rows[1]).toContain(blocks.at(-1)?.fields['best_height']);
    expect(json).toMatchObject({ truncated: false, rawSinceMs: null, tookMs: expect.any(Number) as number });
    expect((json['columns'] as unknown[])[0]).toEqual({ name: 'time', type: 'time' });
  });

  it('may be a statement, and its unusual values arrive', async () => {
    const { json } = await raw(
      `SELECT 'é"\n</script>' s, 9007199254740993 b, 'nan'::DOUBLE n, '-inf'::DOUBLE i, make_timestamp_ns(1500000) t, NULL u, true f`,
    );
    expect(json['rows']).toEqual([
      ['é"\n</script>', '9007199254740993', 'NaN', '-Infinity', 1.5, null, true],
    ]);
  });

  it.each([
    [{ query: { series: 'nope' } }, 'there is no series nope'],
    [{ query: { series: 'tx', where: 'size >' } }, 'where, character 1'],
    [{ query: { series: 'tx', by: 'node' } }, 'the request must have a query or a raw statement'],
    [{ raw: 5 }, 'the request must have a query or a raw statement'],
    [{}, 'the request must have a query or a raw statement'],
    [null, 'the request must have a query or a raw statement'],
    [{ raw: 'SELECT 1', format: 'xml' }, 'format: use json, csv or csv-raw'],
    [{ raw: 'SELECT nothing' }, 'nothing'],
    [{ raw: 'SELECT * FROM nowhere' }, 'nowhere'],
    [{ raw: '' }, 'the statement is empty'],
    [{ raw: 'SELECT 1; SELECT 2' }, 'takes one SELECT statement'],
    [{ raw: 'INSERT INTO btcdmon_meta VALUES (9)' }, 'read-only'],
    [{ raw: 'DELETE FROM tx' }, 'read-only'],
    [{ raw: 'UPDATE tx SET tx_size = 0' }, 'read-only'],
    [{ raw: 'DROP TABLE tx' }, 'read-only'],
    [{ raw: 'CREATE TABLE x (y INTEGER)' }, 'read-only'],
    [{ raw: "ATTACH '/tmp/x.duckdb'" }, 'read-only'],
    [{ raw: "COPY tx TO '/tmp/x.csv'" }, 'disabled'],
    [{ raw: 'PRAGMA memory_limit = "9GB"' }, 'read-only'],
    [{ raw: "SET memory_limit = '9GB'" }, 'read-only'],
    [{ raw: 'EXPLAIN ANALYZE DELETE FROM tx' }, 'read-only'],
    [{ raw: 'SELECT * FROM checkpoint()' }, 'read-only'],
    [{ raw: "SELECT * FROM read_csv('/etc/passwd')" }, 'disabled'],
    [{ raw: "SELECT * FROM '/etc/passwd'" }, ''],
    [{ raw: 'INSTALL httpfs' }, 'read-only'],
    [{ raw: "SELECT repeat('x', 20000000)" }, 'values that are too large'],
  ])('is refused with one line: %j', async (body, line) => {
    const { status, json } = await post(served.port, '/api/query', body);
    expect([400, 500]).toContain(status);
    expect(json['error']).toContain(line);
    expect(json['error']).not.toContain('\n');
    expect(Object.keys(json)).toEqual(['error']);
    expect((await raw('SELECT count(*) FROM tx')).json['rows']).toEqual([
      [queryPoints().filter(({ series }) => series === 'tx').length],
    ]);
  });

  it('must be JSON, not compressed, and not too long', async () => {
    const send = (headers: Record<string, string>, body: string) =>
      ask(served.port, '/api/query', { method: 'POST', headers, body });
    const type = { 'content-type': 'application/json' };
    for (const wrong of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json-patch+json',
      '',
    ])
      expect((await send({ 'content-type': wrong }, '{"raw":"SELECT 1"}')).status).toBe(415);
    expect((await send({ ...type, 'content-encoding': 'gzip' }, 'x')).status).toBe(415);
    expect(
      (await send({ 'content-type': 'application/json; charset=utf-8' }, '{"raw":"SELECT 1"}')).status,
    ).toBe(200);
    expect(await send(type, '{')).toMatchObject({ status: 400, json: { error: 'the request is not JSON' } });
    const long = await send(type, JSON.stringify({ raw: `SELECT '${'x'.repeat(1_000_000)}'` }));
    expect([long.status, long.json]).toEqual([413, { error: 'the request has more than 64000 bytes' }]);
  });

  it('is cut off if it has too many rows, and says so', async () => {
    const { json } = await raw('SELECT range FROM range(200000)');
    expect(json['truncated']).toBe(true);
    expect(json['rows']).toHaveLength(50_000);
    const wide = await raw("SELECT repeat('x', 5000) FROM range(10000)");
    expect(wide.json['truncated']).toBe(true);
    expect(wide.text.length).toBeLessThan(17_000_000);
    expect((wide.json['rows'] as unknown[]).length).toBeGreaterThan(3_000);
    const whole = await raw('SELECT range FROM range(50000)');
    expect(whole.json['truncated']).toBe(false);
  });

  it('that never ends is stopped', async () => {
    const other = await servedPage(cleanup, { limits: { queryMs: 3_000 }, points: [] });
    for (const sql of [HUGE, 'SELECT count(*) FROM range(100000000000) WHERE range % 7 = 8']) {
      const { status, json } = await post(other.port, '/api/query', { raw: sql });
      expect([status, json['error']]).toEqual([504, 'the query took longer than 3 s; ask for less']);
      // It keeps its turn until DuckDB has stopped, which takes its time on a busy machine.
      await until('the next answer', async () => {
        return (await post(other.port, '/api/query', { raw: 'SELECT 1' })).status === 200;
      });
    }
  });

  it('stops when its client has gone', async () => {
    const gone = AbortSignal.timeout(300);
    const asking = fetch(`${served.url}api/query`, { ...asked(HUGE), signal: gone });
    await expect(asking).rejects.toThrow();
    const connection = await served.exporter.store.connect();
    await until('the memory that was lent to be back', async () => {
      const reader = await connection.runAndReadAll("SELECT current_setting('memory_limit')");
      return reader.getRows()[0]?.[0] === '61.0 MiB';
    });
    connection.closeSync();
  });
});

describe('a download', () => {
  const csv = (body: object) => post(served.port, '/api/query', { ...body, format: 'csv' });

  /** The output of the command `query`. */
  const written = async (run: typeof runQueryCommand, options: object): Promise<string> => {
    let text = '';
    const stdout = new Writable({
      write: (chunk: Buffer, _, done) => {
        text += chunk.toString();
        done();
      },
    });
    const io = { stdout, stderr: stdout, env: {}, nowNs: END_NS };
    // The command finds a node by the socket next to the store, which nobody serves here, so it would read
    // the file of another process.
    await run({ format: 'csv', from: `duckdb:${copy}`, ...options }, io);
    return text;
  };
  let copy = '';

  beforeAll(async () => {
    const other = await servedPage(cleanup);
    copy = other.file;
    await other.page.close();
    await other.scheduler.close();
    await other.exporter.close();
  });

  it.each([
    [{ series: 'tx', since, until: end }],
    [{ series: 'peers', since, until: end }],
    [{ series: 'tx_outputs', since, until: end, where: "script_type != 'pubkeyhash'" }],
    [{ series: 'btcdmon', since, until: end, agg: ['rate', 'emitted'], by: ['node'], every: '5m' }],
    [{ series: 'tx', since: '1970-01-01', until: '1971-01-01' }],
  ])('of a query equals the output of the command query: %j', async (query) => {
    const { status, text, headers } = await csv({ query });
    expect([status, headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(headers['content-disposition']).toBe(`attachment; filename="${query.series}.csv"`);
    expect(text).toBe(await written(runQueryCommand, query));
  });

  it('has no formulas, except in the raw format', async () => {
    const raw = `SELECT '=1+1' AS "+name", -5 AS n`;
    expect((await csv({ raw })).text).toBe("'+name,n\r\n'=1+1,-5\r\n");
    const { text } = await post(served.port, '/api/query', { raw, format: 'csv-raw' });
    expect(text).toBe('+name,n\r\n=1+1,-5\r\n');
    const path = `/api/panels/user-agents?since=${since}&until=${end}&format=csv-raw`;
    expect((await ask(served.port, path)).status).toBe(200);
  });

  it('of a statement equals the output of the command query', async () => {
    const sql = `SELECT 'a,"b"\r\n' AS "x ""y""", make_timestamp_ns(7) t, NULL n, 1.5 f, [1, 2] l FROM range(3000)`;
    const { text, headers } = await csv({ raw: sql });
    expect(headers['content-disposition']).toBe('attachment; filename="query.csv"');
    expect(text).toBe(await written(runQueryCommand, { raw: sql }));
  });

  it.each([
    ['chain-height'],
    ['reorgs'],
    ['output-types'],
    ['messages-received'],
    ['user-agents'],
    ['points-lost'],
  ])('of the panel %s equals the output of the command query', async (name) => {
    const path = `/api/panels/${name}?since=${since}&until=${end}&format=csv`;
    const { status, text, headers } = await ask(served.port, path);
    expect(status).toBe(200);
    expect(headers['content-disposition']).toBe(`attachment; filename="${name}.csv"`);
    expect(text).toBe(await written(runPanelCommand, { series: `@${name}`, since, until: end }));
  });

  it('reports an error before its first line', async () => {
    expect((await csv({ raw: 'DELETE FROM tx' })).json['error']).toContain('read-only');
    expect((await csv({ raw: "SELECT error('now')" })).json['error']).toContain('now');
  });

  it('has no proper end if it fails on the way', async () => {
    await expect(csv({ raw: LATE }).then(({ text }) => text.length)).rejects.toThrow('aborted');
  });
});

describe('a panel', () => {
  it('is answered over its range, and for one node if one is given', async () => {
    const path = `/api/panels/mempool-size?since=${since}&until=${end}`;
    const { status, json } = await ask(served.port, path);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      sinceMs: Number(since) * 1000,
      untilMs: Number(end) * 1000,
      bucketMs: expect.any(Number) as number,
      rawSinceMs: null,
      truncated: false,
    });
    const peers = `/api/panels/peers?since=${since}&until=${end}`;
    const all = (await ask(served.port, peers)).json['rows'] as unknown[];
    const one = (await ask(served.port, `${peers}&node=beta%20beta&network=mainnet`)).json[
      'rows'
    ] as unknown[];
    expect(one).not.toEqual(all);
    expect((await ask(served.port, `${peers}&node=nobody`)).json['rows']).toEqual([]);
  });

  it('is listed with everything that is needed to draw it', async () => {
    const { json } = await ask(served.port, '/api/panels');
    const panels = json['panels'] as { name: string; labels: string[] }[];
    expect(panels.map(({ name }) => name)).toEqual(PANELS.map(({ name }) => name));
    for (const panel of panels) {
      expect(panel).toMatchObject({
        title: expect.any(String) as string,
        theme: expect.any(String) as string,
        help: expect.any(String) as string,
        unit: expect.any(String) as string,
        plot: expect.any(String) as string,
        since: expect.any(String) as string,
      });
      expect(panel.labels.length).toBeGreaterThan(0);
    }
    expect(Object.keys(json['themes'] as object)).toContain('mempool');
  });

  it.each([
    ['nope', 404, 'there is no query @nope'],
    ['mempool-sise', 404, 'mempool-size'],
    ['mempool-size?since=never', 400, 'since never: not a time'],
    ['mempool-size?since=1h&until=2h', 400, 'is not before until'],
    ['mempool-size?since=1h&since=2h', 400, 'the parameter since is given twice'],
    [
      'mempool-size?range=1h',
      400,
      'there is no parameter range; there are since, until, node, network, format',
    ],
    ['mempool-size?format=xml', 400, 'format: use json, csv or csv-raw'],
  ])('is refused with one line: %s', async (path, status, line) => {
    const answer = await ask(served.port, `/api/panels/${path}`);
    expect(answer.status).toBe(status);
    expect(answer.json['error']).toContain(line);
  });
});

it('reports who it is and what it has', async () => {
  const { json } = await ask(served.port, '/api/info');
  const accounts = queryPoints().filter(({ series }) => series === 'btcdmon');
  const times = accounts.map(({ time }) => Number(time) / 1e6);
  expect(json).toMatchObject({
    node: 'tester',
    network: null,
    startedMs: null,
    live: false,
    nodes: ['alpha', 'beta beta'],
    networks: ['mainnet', 'testnet4'],
    exporters: [],
  });
  expect(json['oldestMs']).toBeCloseTo(Math.min(...times), 2);
  expect(json['newestMs']).toBeCloseTo(Math.max(...times), 2);
});

it('refuses clients when there are too many requests', async () => {
  const other = await servedPage(cleanup);
  const gone = new AbortController();
  const heavy = Array.from({ length: 32 }, () =>
    fetch(`${other.url}api/query`, { ...asked(HUGE), signal: gone.signal }).catch(() => undefined),
  );
  await until('the line to be full', async () => {
    // A request that has to wait takes a place in the queue, and returns it.
    const left = AbortSignal.timeout(1_000);
    const response = await fetch(`${other.url}api/query`, { ...asked('SELECT 1'), signal: left });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: '30 queries wait already; try again later' });
    return Number(response.headers.get('retry-after')) > 0;
  });
  // Requests without a query still work.
  expect((await ask(other.port, '/')).status).toBe(200);
  gone.abort();
  await Promise.all(heavy);
  // The server learns later than the client that it has gone.
  await until('the next answer', async () => {
    return (await post(other.port, '/api/query', { raw: 'SELECT 1' })).status === 200;
  });
});

it('releases pipelined answers of a client that has gone', async () => {
  const raw = "SELECT repeat('x', 1000) FROM range(15000)";
  const question = JSON.stringify({ raw });
  const length = `Content-Length: ${question.length}`;
  // The stream never ends, so the answer after it stays in memory.
  const text = [
    'GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `POST /api/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`,
    question,
  ].join('');
  const eager = Array.from({ length: 4 }, () =>
    cleanup.add(net.connect(served.port, '127.0.0.1'), (socket) => socket.destroy()),
  );
  for (const socket of eager) socket.resume().write(text);
  const status = async (): Promise<number> => (await post(served.port, '/api/query', { raw })).status;
  await until('no room for more', async () => (await status()) === 503);
  for (const socket of eager) socket.destroy();
  await until('room again', async () => (await status()) === 200);
});
