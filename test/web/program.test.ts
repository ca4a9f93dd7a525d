import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { createLog } from '../../src/lib/log';
import { openPage } from '../../src/app/serving';
import { StatusLine } from '../../src/lib/status-line';
import { openStore } from '../../src/store/store';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { type Program, outputOf, runProgram } from '../support/program';
import { until } from '../support/until';
import { type AskOptions, ask, post, say } from './ask';

const TOKEN = 'the-secret-of-this-test-0123456789';

const cleanup = new Cleanup();
let home = '';
beforeEach(() => {
  home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-page-')), (name) =>
    rmSync(name, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

function start(...args: string[]): Program {
  return cleanup.add(runProgram(args, home), (program) => program.kill());
}

/** The port of the page in a program's log. */
function portOf(program: Program): Promise<number> {
  const pattern = /"page":"http:\/\/127\.0\.0\.1:(\d+)\/"/;
  return until('the page', () => Number(pattern.exec(program.log())?.[1] ?? 0) || undefined, {
    giveUp: program.ended,
  });
}

/** The last line of a program that must end, and its status. */
async function failure(...args: string[]): Promise<string> {
  const program = runProgram(args, home);
  const ended = await until('its end', () => program.ended());
  await program.stop();
  return ended.trim();
}

it('serves a node that continues and loses nothing, whatever requests come', async () => {
  const peer = cleanup.add(await FakePeer.start({ network: 'regtest' }), (it) => it.stop());
  const tokenFile = path.join(home, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  chmodSync(tokenFile, 0o600);
  const node = start(
    ...['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '100ms'],
    ...['--http', '127.0.0.1:0', '--http-token-file', tokenFile],
  );
  const port = await portOf(node);
  const known: AskOptions = { headers: { authorization: `Bearer ${TOKEN}` } };
  const info = await ask(port, '/api/info', known);
  expect(info.json).toMatchObject({ network: 'regtest', live: true, exporters: [{ name: 'duckdb' }] });
  expect((await ask(port, '/api/info')).status).toBe(401);

  const cases = [
    post(port, '/api/query', { raw: 'DELETE FROM btcdmon' }, known),
    post(port, '/api/query', { raw: "SELECT repeat('x', 20000000)" }, known),
    post(port, '/api/query', { raw: 'SELECT range(300000)' }, known),
    post(port, '/api/query', { raw: 'SELECT nothing' }, known),
    post(port, '/api/query', { raw: `SELECT '${'x'.repeat(200_000)}'` }, known),
    post(port, '/api/query', { raw: 'SELECT range, range FROM range(300000)' }, known),
    post(
      port,
      '/api/query',
      { raw: 'SELECT 1' },
      { headers: { ...known.headers, origin: 'http://evil.example' } },
    ),
    ask(port, '/api/info', { headers: { ...known.headers, host: 'evil.example' } }),
    ask(port, '/api/info', { headers: { authorization: `Bearer wrong-${TOKEN}` } }),
    ask(port, '/assets/../../../etc/passwd', known),
    ask(port, '/api/panels/peers?since=5m', known),
  ];
  const answers = await Promise.all(cases);
  expect(answers.map(({ status }) => status)).toEqual([
    400, 400, 400, 400, 413, 200, 403, 421, 401, 404, 200,
  ]);
  expect(await say(port, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(readFileSync(`/proc/${node.pid ?? 0}/cmdline`, 'utf8')).not.toContain(TOKEN);

  expect(peer.connections).toHaveLength(1);
  const askForever = (): ReturnType<typeof post> =>
    post(port, '/api/query', { raw: 'SELECT count(*) FROM range(1000000000000)' }, known);
  const before = askForever();
  await until('new points', async () => {
    const { json } = await ask(port, '/api/info', known);
    return Number(json['newestMs']) > Number(info.json['nowMs']);
  });
  // A query has 15 s, which the points may have taken: so another one runs, or waits for the first, when the
  // node is told to stop.
  const forever = askForever();
  expect((await ask(port, '/api/info', known)).status).toBe(200);
  // A running query does not keep the node from ending in time.
  expect(await node.stop()).toBe(0);
  expect(await forever).toMatchObject({ status: 503, json: { error: 'the node is stopping' } });
  expect([503, 504]).toContain((await before).status);
  expect(node.log()).not.toContain(TOKEN);
  expect(node.log()).toContain('"message":"stopped"');
  expect(await outputOf(['audit'], home)).toContain('the store holds every one');
});

it('shows a store that no node has open, and only reads it', async () => {
  const peer = cleanup.add(await FakePeer.start({ network: 'regtest' }), (it) => it.stop());
  const node = start('-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '100ms');
  await until('points', () => peer.connections.length > 0, { giveUp: node.ended });
  const file = path.join(home, '.btcdmon', 'btcdmon.duckdb');
  expect(await failure('serve', '--http', '0')).toContain(
    `btcdmon-node: store ${file}: a running node has it open and shows it on its own page; see --http there`,
  );
  await until(
    'a stored point',
    async () =>
      (await outputOf(['query', 'btcdmon', '--limit', '1', '--format', 'csv'], home)).split('\n').length > 2,
  );
  expect(await node.stop()).toBe(0);

  const before = readFileSync(file);
  const shown = start('serve', '--http', '127.0.0.1:0');
  const port = await portOf(shown);
  const { json } = await ask(port, '/api/info');
  expect(json).toMatchObject({
    node: null,
    network: null,
    live: false,
    startedMs: null,
    networks: ['regtest'],
  });
  expect((await ask(port, '/api/panels/memory?since=1h')).json['rows']).not.toEqual([]);
  expect((await post(port, '/api/query', { raw: 'DELETE FROM btcdmon' })).status).toBe(400);
  expect(await shown.stop()).toBe(0);
  expect(readFileSync(file).equals(before)).toBe(true);
});

it('reports in one line why a store can’t be shown', async () => {
  const missing = path.join(home, 'missing.duckdb');
  const text = path.join(home, 'text.duckdb');
  const strange = path.join(home, 'strange.duckdb');
  const future = path.join(home, 'future.duckdb');
  writeFileSync(text, 'no database'.repeat(1_000));
  for (const [file, sql] of [
    [strange, 'CREATE TABLE x (y INTEGER)'],
    [future, 'CREATE TABLE btcdmon_meta (version INTEGER); INSERT INTO btcdmon_meta VALUES (99)'],
  ] as const) {
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  }
  const cases = [
    [`duckdb:${missing}`, 1, `store ${missing}: there is no such file; the folder has `],
    [`duckdb:${home}`, 1, `store ${home}: is a folder, not a file`],
    [`duckdb:${text}`, 1, `store ${text}: the file is not a DuckDB database`],
    [`duckdb:${strange}`, 1, `store ${strange}: a DuckDB database, but not a store of btcdmon-node`],
    [`duckdb:${future}`, 1, `store ${future}: has version 99`],
    [
      'influx+http://secret@h/db',
      2,
      '--from influx+http:…: serve can only show embedded stores and Parquet files; use duckdb:PATH or parquet:DIR',
    ],
    [
      'duckdb:',
      2,
      '--from duckdb:…: serve can only show embedded stores and Parquet files; use duckdb:PATH or parquet:DIR',
    ],
  ] as const;
  for (const [from, status, line] of cases) {
    const said = await failure('serve', '--from', from, '--http', '0');
    expect(said).toMatch(new RegExp(`^btcdmon-node ended with ${status}:\nbtcdmon-node: [^\n]+$`));
    expect(said).toContain(line);
  }
  expect(await failure('serve', '--http', 'off')).toContain(
    '--http off: serve has nothing to do without the page; leave it out',
  );
});

it('shows an older store, with what it lacks as empty, and says so', async () => {
  const file = path.join(home, 'older.duckdb');
  const made = await openStore(file);
  await made.makeTables(['tx', 'compact_blocks']);
  await made.close();
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(
    'DROP TABLE compact_blocks; INSERT INTO tx (tx_size) VALUES (1); ALTER TABLE tx DROP COLUMN vsize',
  );
  connection.closeSync();
  instance.closeSync();
  const shown = start('serve', '--from', `duckdb:${file}`, '--http', '127.0.0.1:0');
  const port = await portOf(shown);
  expect(shown.log()).toContain('a node that writes into it once adds what it lacks');
  expect(shown.log()).toContain('"series":["tx"]');
  expect((await ask(port, '/api/panels/mempool-size')).status).toBe(200);
  const empty = await post(port, '/api/query', { query: { series: 'compact_blocks' } });
  expect(empty).toMatchObject({ status: 200, json: { rows: [] } });
  expect((await post(port, '/api/query', { query: { series: 'tx' } })).status).toBe(200);
  const lacking = await post(port, '/api/query', { raw: 'SELECT tx_size, vsize FROM tx' });
  expect(lacking).toMatchObject({ status: 200, json: { rows: [[1, null]] } });
  expect(await shown.stop()).toBe(0);
});

it('fails with one line if the requested port is used', async () => {
  const port = await freePort();
  const other = cleanup.add(createServer().listen(port, '127.0.0.1'), (server) => server.close());
  await once(other, 'listening');
  const said = await failure('-c', '127.0.0.1:1', '-n', 'regtest', '--http', String(port));
  expect(said).toBe(
    `btcdmon-node ended with 1:\nbtcdmon-node: --http 127.0.0.1:${port}: another program listens there; give another port, or --http off`,
  );
  // The user did not ask for it, so the node runs without the page.
  const logged: string[] = [];
  const log = createLog('debug', new StatusLine({ write: (text) => logged.push(text) }));
  const settings = { host: '127.0.0.1', port, given: false, token: null, names: [] };
  expect(await openPage(settings, log)).toBeNull();
  expect(logged.join()).toContain(`no page: --http 127.0.0.1:${port}: another program listens there`);
  await expect(openPage({ ...settings, given: true }, log)).rejects.toMatchObject({ exitCode: 1 });
});

it('has no page for points that go elsewhere, and says so', async () => {
  const node = start(
    '-c',
    '127.0.0.1:1',
    '-n',
    'regtest',
    '-e',
    'prometheus://127.0.0.1:' + String(await freePort()),
  );
  // The environment of these tests turns it off.
  await until('it to listen', () => node.log().includes('"message":"listening"'), { giveUp: node.ended });
  expect(node.log()).not.toContain('"page"');
  expect(await failure('-c', '127.0.0.1:1', '-e', 'stdout:', '--http', '0')).toContain(
    '--http 0: shows the embedded store; add --export duckdb:PATH, or leave it out',
  );
});

it('serves the points of a collector', async () => {
  const collector = start(
    'collect',
    '--listen',
    `tcp://127.0.0.1:${await freePort()}`,
    '--http',
    '127.0.0.1:0',
  );
  const { json } = await ask(await portOf(collector), '/api/info');
  expect(json).toMatchObject({ network: null, live: false, exporters: [{ name: 'duckdb' }] });
  expect(await collector.stop()).toBe(0);
});
