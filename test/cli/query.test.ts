import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { StoreWriter } from '../../src/store/writer';
import { queryCommand } from '../../src/cli/query';
import { parseQuery } from '../../src/query/model';
import { runQueryCommand } from '../../src/query/query-command';
import { Cleanup } from '../support/cleanup';
import { END_NS, queryPoints } from '../support/query-points';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');
const cleanup = new Cleanup();
let folder: string;

beforeAll(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-cli-')), (name) =>
    rm(name, { recursive: true }),
  );
  const exporter = new StoreWriter({ path: path.join(folder, 'btcdmon.duckdb') });
  await exporter.open();
  await exporter.write(queryPoints());
  await exporter.close();
});

afterAll(() => cleanup.run());

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program; `reads` is how many bytes of its output are read before the pipe is closed. */
async function run(args: readonly string[], reads = Infinity): Promise<Outcome> {
  const child = spawn(process.execPath, [BIN, 'query', '--data-dir', folder, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    if (stdout.length >= reads) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

const range = ['--since', '2023-11-14', '--until', '2023-11-15'];

it.each<readonly [readonly string[], RegExp]>([
  [['tx', ...range, '--agg', 'count'], /^count\n-+\n *\d+\n$/],
  [['tx', ...range, '--agg', 'count', '--format', 'json'], /^\[\n\{"count":\d+\}\n\]\n$/],
  [['tx', ...range, '--agg', 'max', 'tx_size', '--format=csv'], /^max_tx_size\r\n\d+\r\n$/],
  [
    ['tx', ...range, '--agg', 'count', '--by', 'node,network', '--format', 'csv'],
    /^node,network,count\r\nalpha,mainnet,\d+\r\n/,
  ],
  [
    ['tx', ...range, '--agg', 'count', '--by', 'node', 'network', '--format', 'csv'],
    /^node,network,count\r\n/,
  ],
  [
    ['--agg', 'count', '--by', 'node', '--format', 'ndjson', ...range, 'tx'],
    /^\{"node":"alpha","count":\d+\}\n/,
  ],
  [['blocks', ...range, '--limit', '2', '--format', 'ndjson'], /^(\{"time":"2023-11-14T.*\}\n){2}$/],
  [['--raw', 'SELECT count(*) AS n FROM tx', '--format', 'csv'], /^n\r\n\d+\r\n$/],
])('%j', async (args, expected) => {
  const { status, stdout, stderr } = await run(args);
  expect(stderr).toBe('');
  expect(stdout).toMatch(expected);
  expect(status).toBe(0);
});

it('says that nothing was found', async () => {
  expect(await run(['tx', '--since', '1m'])).toMatchObject({ status: 0, stderr: 'nothing found\n' });
});

it.each<readonly [readonly string[], number, string]>([
  [[], 2, 'name a series, such as query tx; there are bandwidth,'],
  [['txs'], 2, 'there is no series txs; did you mean tx?'],
  [['tx', '--where', 'size = 1'], 2, '--where, character 1: series tx has no column size'],
  [['tx', '--since', '1h', '--since', '2h'], 2, '--since 1h and 2h: give it once'],
  [['tx', '--raw', 'SELECT 1'], 2, 'leave out the series tx, or --raw'],
  [['--raw', 'SELECT 1', '--limit', '5'], 2, 'put --limit into it'],
  [['--raw', 'DROP TABLE tx'], 2, '--raw is read-only'],
  [['tx', '--from', 'duckdb:nowhere/x.duckdb'], 1, 'does not exist'],
  [['tx', '--from', 'influx+http://127.0.0.1:1/x'], 1, 'nobody listens there; is InfluxDB running?'],
])('%j ends with status %i', async (args, status, message) => {
  const outcome = await run(args);
  expect(outcome.stderr).toContain(message);
  expect(outcome.stderr.trimEnd()).not.toContain('\n');
  expect(outcome).toMatchObject({ status, stdout: '' });
});

it('ends quietly where its reader goes away', async () => {
  const outcome = await run(['--raw', 'SELECT range, range + 1 FROM range(3000000)'], 1000);
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
});

it('shows a hundred rows on a terminal, and says that there may be more', async () => {
  const text = { stdout: '', stderr: '' };
  const writable = (name: 'stdout' | 'stderr') =>
    Object.assign(
      new PassThrough().on('data', (chunk: Buffer) => (text[name] += chunk.toString())),
      {
        isTTY: name === 'stdout',
      },
    );
  const io = { stdout: writable('stdout'), stderr: writable('stderr'), env: {}, nowNs: END_NS };
  const from = `duckdb:${path.join(folder, 'btcdmon.duckdb')}`;
  await runQueryCommand({ series: 'tx', from }, io);
  expect(text.stdout.trimEnd().split('\n')).toHaveLength(102);
  expect(text.stderr).toBe('100 rows shown, there may be more; --limit 0 shows all\n');
  text.stdout = text.stderr = '';
  await runQueryCommand({ series: 'tx', from, limit: '0' }, io);
  expect(text.stdout.trimEnd().split('\n').length).toBeGreaterThan(1000);
  expect(text.stderr).toBe('');
});

it('gives examples in its help that name real series and columns', async () => {
  const { stdout, status } = await run(['--help']);
  expect(status).toBe(0);
  expect(queryCommand.describe).toBeTruthy();
  const examples = stdout.slice(stdout.indexOf('Examples:'));
  expect(examples).toContain('--where "script_type !=');
  const at = { since: '1h' };
  for (const args of [
    { series: 'tx_outputs', where: "script_type != 'pubkeyhash'" },
    { series: 'peers', since: '1d', agg: ['count', 'version'], by: ['user_agent'] },
    { series: 'tx_outputs', agg: ['p90', 'value'], every: '5m' },
    { series: 'msg_recv', agg: ['rate', 'tx'], every: '1m' },
  ])
    expect(() => parseQuery({ ...at, ...args }, END_NS)).not.toThrow();
});
