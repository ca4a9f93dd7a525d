import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { StoreWriter } from '../../src/store/writer';
import { runPanelCommand } from '../../src/panels/panel-command';
import { parseQuery } from '../../src/query/model';
import { allRows } from '../../src/query/result';
import type { QueryCommandOptions } from '../../src/query/query-command';
import { openSource } from '../../src/query/open-source';
import { Cleanup } from '../support/cleanup';
import { END_NS, START_NS, queryPoints } from '../support/query-points';

const cleanup = new Cleanup();
let from = '';
const since = String(START_NS / 1_000_000_000n);

beforeAll(async () => {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-panels-')), (name) =>
    rm(name, { recursive: true }),
  );
  const file = path.join(folder, 'btcdmon.duckdb');
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  await exporter.write(queryPoints());
  await exporter.close();
  from = `duckdb:${file}`;
});

afterAll(() => cleanup.run());

async function run(
  series: string,
  options: Partial<QueryCommandOptions> = {},
): Promise<{ out: string; err: string }> {
  const texts = { out: '', err: '' };
  const into = (name: 'out' | 'err'): Writable =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        // CSV ends its lines as RFC 4180 requires.
        texts[name] += chunk.toString().replaceAll('\r\n', '\n');
        done();
      },
    });
  await runPanelCommand(
    { series, from, since, format: 'csv', ...options },
    { stdout: into('out'), stderr: into('err'), env: {}, nowNs: END_NS },
  );
  return texts;
}

it('puts lines side by side, in buckets, and scales rates', async () => {
  expect((await run('@smart-relay', { every: '30m' })).out).toBe(
    'time,transactions by txid,transactions by wtxid,blocks,known,requested,not found\n',
  );
  const rows = (await run('@messages-received', { every: '30m' })).out.trimEnd().split('\n');
  // The range begins 7 s after a minute at which no half hour begins: three buckets, the outer ones cut.
  expect(rows).toHaveLength(4);
  const at = rows[0]?.split(',').indexOf('inv') ?? 0;
  const perMinute = rows.slice(1).map((row) => Number(row.split(',')[at]));
  const source = await openSource(from);
  const where = "node = 'alpha'";
  const question = { series: 'msg_recv', since, where, agg: ['rate', 'inv'], every: '30m' };
  const perSecond = await allRows(await source.run(parseQuery(question, END_NS)));
  await source.close();
  expect(perMinute).toEqual(perSecond.map(([, rate]) => Number((Number(rate) * 60).toPrecision(12))));
  expect(Math.min(...perMinute)).toBeGreaterThan(60);
});

it('shows in a table the commands that occurred', async () => {
  const { out } = await run('@messages-received', { every: '30m', format: 'table', limit: 1 });
  const [names, , row, rest] = out.split('\n');
  expect(names).toMatch(/^time +inv +tx +other$/);
  expect(row).toMatch(/^20\S+Z( +[\d.]+){3}$/);
  expect(rest).toBe('');
});

it('groups by tags over the whole range', async () => {
  const { out } = await run('@user-agents');
  const rows = out.trimEnd().split('\n');
  expect(rows[0]).toBe('user_agent,handshakes');
  expect(rows.length).toBeGreaterThan(9);
});

it('says when there is nothing', async () => {
  expect(await run('@reorgs', { format: 'table', where: "node = 'alpha'" })).toMatchObject({
    err: 'nothing found\n',
  });
});

it('shows one node, says which one, and takes another', async () => {
  const { out, err } = await run('@bandwidth', { format: 'table' });
  expect(err).toBe(`of alpha; the store has alpha, beta beta: choose with --where "node = 'NAME'"\n`);
  const of = (where: string) => run('@bandwidth', { format: 'table', where });
  expect(await of("node = 'alpha'")).toEqual({ out, err: '' });
  const other = await of("node = 'beta beta'");
  expect(other.out).not.toBe(out);
  // Who combines nodes on purpose gets both.
  const both = await of("node = 'alpha' OR node = 'beta beta'");
  expect([both.err, both.out === out || both.out === other.out]).toEqual(['', false]);
  // What the panel is about beside the choice of the node stays a condition.
  const narrowed = await of("node = 'alpha' AND bytes_recv > 5000");
  expect(narrowed.out).not.toBe(out);
});

it.each<readonly [string, Partial<QueryCommandOptions>, string]>([
  ['@peer', {}, 'there is no query @peer; did you mean peers?'],
  [
    '@peers',
    { agg: ['count'] },
    '--agg: @peers has its own; it takes --since, --until, --every, --where and --limit',
  ],
  ['@peers', { raw: 'SELECT 1' }, '--raw: @peers has its own'],
  ['@peers', { since: '10', until: '9' }, 'is not before --until'],
  ['@peers', { every: 'often' }, '--every often'],
  ['@peers', { where: 'x = 1' }, 'series peers has no column x'],
  ['@peers', { limit: '-1' }, '--limit -1: not a whole number'],
  ['@peers', { format: 'xml' }, '--format xml: use one of'],
  ['@user-agents', { every: '1h' }, '--every 1h: @user-agents covers the whole range; leave --every out'],
])('%s %j', async (name, options, message) => {
  await expect(run(name, options)).rejects.toThrow(message);
});
