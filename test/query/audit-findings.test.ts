import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Point } from '../../src/metrics/point';
import { audit } from '../../src/query/audit';
import { readLonely, reportLonely, reportOverlaps } from '../../src/query/audit-findings';
import { openSource } from '../../src/query/open-source';
import { StoreWriter } from '../../src/store/writer';

const S = 1_000_000_000n;
const START = 1_700_000_000n * S;
const range = { since: START - 60n * S, until: START + 3_600n * S };

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-findings-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Accounts of a run about itself and its peers, one a minute, from a second after the start on. */
function run(node: string, from: number, minutes: number, connected: (minute: number) => number): Point[] {
  const tags = { node, network: 'regtest' };
  const started = Number(START / 1_000_000n) + from * 1_000;
  return Array.from({ length: minutes }, (_, minute): Point[] => {
    const time = START + BigInt(from + minute * 60 + 1) * S;
    return [
      { series: 'peers', time, tags, fields: { total_connected: connected(minute) } },
      {
        series: 'btcdmon',
        time: time + 1n,
        tags: { ...tags, series: 'peers' },
        fields: { started, emitted: minute + 1 },
      },
      {
        series: 'btcdmon',
        time: time + 2n,
        tags: { ...tags, series: 'btcdmon' },
        fields: { started, emitted: 2 * minute },
      },
    ] as unknown as Point[];
  }).flat();
}

/** What audit finds in a store of these points, beside missing points. */
async function findings(points: readonly Point[]): Promise<string> {
  const file = path.join(folder, 'store.duckdb');
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(points);
  await writer.close();
  const source = await openSource(`duckdb:${file}`, {});
  let text = '';
  const write = (line: string): void => void (text += line);
  reportOverlaps(await audit(source, range), write);
  reportLonely(await readLonely(source, range), write);
  await source.close();
  return text;
}

it('names two runs of one node that overlap', async () => {
  const points = [
    ...run('alice', 0, 10, () => 1),
    ...run('alice', 150, 10, () => 1),
    ...run('bob', 60, 10, () => 1),
  ];
  const found = await findings(points.sort((a, b) => (a.time < b.time ? -1 : 1)));
  expect(found).toBe(
    'alice regtest: 2 runs overlap, of 2023-11-14T22:13:20.000Z and 2023-11-14T22:15:50.000Z; two processes write under one name ' +
      '(give each its own --node), or a clock was set back between them\n',
  );
});

it('names a node that never had a peer, and neither one that had nor runs one after the other', async () => {
  const found = await findings([
    ...run('alone', 0, 5, () => 0),
    ...run('alice', 0, 5, () => 0),
    ...run('alice', 400, 5, (minute) => (minute === 3 ? 1 : 0)),
  ]);
  expect(found).toMatch(/^alone regtest: had no peer in this period, [^\n]*--network\)\n$/);
});
