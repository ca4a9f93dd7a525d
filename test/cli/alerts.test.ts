import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ALERTS } from '../../src/alerts/alerts';
import type { AlertsReport } from '../../src/alerts/report';
import { LineParser } from '../../src/collect/parse-line';
import { StoreWriter } from '../../src/store/writer';
import { pointsOf } from '../support/alert-points';
import { QUIET, STORIES } from '../support/alert-stories';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { BIN, runProgram } from '../support/program';
import { until } from '../support/until';

/** 2023-11-14T22:14:00Z. */
const START_S = 1_700_000_040;
const FAULT_S = START_S + 4 * 3_600;

/** Alerts about the machine, which may be slow. */
const OF_MACHINE = ['loop-lag', 'stall'];

const cleanup = new Cleanup();
let folder = '';

beforeAll(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-alerts-')), (name) =>
    rm(name, { recursive: true }),
  );
  const { courses } = STORIES.find(({ title }) => title === 'BtcdmonNoPeers') ?? {};
  const parser = new LineParser();
  const writer = new StoreWriter({ path: path.join(folder, 'story.duckdb') });
  await writer.open();
  await writer.write(
    pointsOf('alpha', { ...QUIET, ...courses }, START_S).flatMap((line) => {
      const point = parser.parse(line);
      return typeof point === 'string' ? [] : [point];
    }),
  );
  await writer.close();
});
afterAll(() => cleanup.run());

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function alerts(...args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [BIN, 'alerts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

const story = (): string => `duckdb:${path.join(folder, 'story.duckdb')}`;

it('evaluates a store at a time, and ends with status 1 where an alert fires', async () => {
  const at = String(FAULT_S + 6 * 60);
  const { status, stdout, stderr } = await alerts('--from', story(), '--at', at, '--format', 'json');
  expect([status, stderr]).toEqual([1, '']);
  const rows = JSON.parse(stdout) as Record<string, unknown>[];
  expect(rows.length).toBe(ALERTS.length);
  expect(rows[0]).toEqual({
    ...{ state: 'firing', severity: 'critical', alert: 'no-peers', node: 'alpha', network: 'mainnet' },
    ...{ exporter: null, since: '2023-11-15T02:17:00.000000000Z' },
    reason: 'alpha has had no peer for 5 minutes: at most 0 peers within 3 minutes',
  });
  // With no peer it also has fewer than an hour before, but not for long enough yet.
  expect(
    rows.slice(1).map(({ state, alert }) => (state === 'ok' ? state : `${String(state)} ${String(alert)}`)),
  ).toEqual(['pending few-peers', ...ALERTS.slice(2).map(() => 'ok')]);
});

it('evaluates a store that nobody has open at its newest point, and says so', async () => {
  const { status, stdout, stderr } = await alerts('--from', story());
  expect(stderr).toBe('evaluated at 2023-11-15T03:14:00.000000000Z, the time of the newest point\n');
  expect(stdout.split('\n')[0]).toMatch(/^state +severity +alert +node +network +exporter +since +reason$/);
  expect(stdout).toMatch(/^ok +critical +no-peers( +-){5}$/m);
  expect(status).toBe(0);
});

it.each([
  ['csv', /^state,severity,alert,node,network,exporter,since,reason\r\nok,critical,down,,,,,\r\n/],
  ['ndjson', /^\{"state":"ok","severity":"critical","alert":"down",/],
])('writes %s', async (format, expected) => {
  const { status, stdout } = await alerts('--from', story(), '--format', format);
  expect(stdout).toMatch(expected);
  expect(status).toBe(0);
});

it.each<readonly [readonly string[], RegExp]>([
  [['--format', 'yaml'], /--format yaml: give one of table, json, ndjson, csv/],
  [['--at', '25:00'], /--at 25:00: /],
  [['--at', '2023-02-30'], /--at 2023-02-30: not a time/],
  [['--at', 'now', '--at', '1h'], /--at now and 1h: give it once/],
  [['--from', 'nats://h'], /--from nats:…: use duckdb:PATH, parquet:DIR or influx\+http/],
  [['--form', 'json'], /unknown option or argument "form"; did you mean/],
])('refuses %j in one line', async (args, expected) => {
  const { status, stdout, stderr } = await alerts(...args);
  expect(stderr).toMatch(expected);
  expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
});

it('asks the node that has the store open; its page and /healthz say the same', async () => {
  const [peer, http] = [await freePort(), await freePort()];
  const program = cleanup.add(
    runProgram(
      ['--network', 'regtest', '--connect', `127.0.0.1:${peer}`, '--interval', '500ms', '--node', 'lonely'],
      folder,
      [],
      { BTCDMON_HTTP: `127.0.0.1:${http}` },
    ),
    (it) => it.stop(),
  );
  const url = `http://127.0.0.1:${http}`;
  const report = await until(
    'the first evaluation',
    async () => {
      const told = (await (await fetch(`${url}/api/alerts`)).json()) as AlertsReport;
      return typeof told.evaluatedMs === 'number' && told;
    },
    { giveUp: program.ended },
  );
  expect(report.problem).toBeNull();
  const others = report.alerts.filter(({ slug, state }) => state !== 'ok' && !OF_MACHINE.includes(slug));
  expect(others).toEqual([
    expect.objectContaining({
      slug: 'no-peers',
      state: 'pending',
      labels: { node: 'lonely', network: 'regtest' },
    }),
  ]);
  const health = await fetch(`${url}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { live: true, ready: true, reasons: [] }]);

  const asked = await alerts('--format', 'json');
  expect([asked.status, asked.stderr]).toEqual([0, '']);
  expect(JSON.parse(asked.stdout)).toHaveLength(ALERTS.length);
  expect((JSON.parse(asked.stdout) as unknown[])[0]).toMatchObject({
    ...{ state: 'pending', alert: 'no-peers', node: 'lonely', network: 'regtest' },
    reason: 'lonely has had no peer for 5 minutes: at most 0 peers within 3 minutes',
  });
  expect(await program.stop()).toBe(0);
  expect(program.log()).not.toContain("can't be evaluated");
  const left = await alerts('--format', 'ndjson');
  expect(left.stderr).toMatch(/^evaluated at .*, the time of the newest point\n$/);
  expect(left.stdout.split('\n').length).toBe(ALERTS.length + 1);
});
