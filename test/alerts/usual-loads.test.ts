import { ALERTS } from '../../src/alerts/alerts';
import { holding } from '../../src/alerts/holding';
import { reasonOf } from '../../src/alerts/reason';
import { UsualLoads } from '../../src/alerts/usual-loads';
import type { Query } from '../../src/query/model';
import { Cleanup } from '../support/cleanup';
import { type AlertStore, alertStore } from '../support/played-stories';

const HOUR_S = 3_600;
const WEEK_S = 7 * 24 * HOUR_S;

/** A quarter to the hour, so that the ten minutes before are of it. */
const NOW_S = 1_700_000_000 - (1_700_000_000 % HOUR_S) + 45 * 60;
const HOUR_BEGIN_S = NOW_S - 45 * 60;

/** A node: what it had in each minute of the present hour of each week, and lately. */
interface History {
  /** By week, the last one first; undefined for a week in which it did not run. */
  readonly weeks: readonly (number | undefined)[];
  /** For the three hours before, and for the last ten minutes. */
  readonly before: number;
  readonly lately: number;
  /** Minutes of each earlier hour in which it ran. */
  readonly ran?: number;
}

const mempool = (node: string, s: number, value: number): string =>
  `mempool,node=${node},network=mainnet num_tx=${value}i ${s}000000000`;
const violations = (node: string, s: number, value: number): string =>
  `rejects,node=${node},network=mainnet total_violations=${value}i ${s}000000000`;

function linesOf(
  node: string,
  { weeks, before, lately, ran = 60 }: History,
  line: typeof mempool,
): readonly string[] {
  const minutes = (beginS: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, minute) => beginS + minute * 60);
  const earlier = weeks.flatMap((value, week) =>
    value === undefined
      ? []
      : minutes(HOUR_BEGIN_S - (week + 1) * WEEK_S, ran).map((s) => line(node, s, value)),
  );
  const now = minutes(NOW_S - 190 * 60 + 30, 190);
  return [
    ...earlier,
    ...now.map((s) => line(node, s, s < NOW_S - 600 ? before : lately)),
    ...now.map(
      (s) => `btcdmon,node=${node},network=mainnet,series=blocks started=1i,emitted=1i ${s}000000000`,
    ),
  ];
}

describe('a surge', () => {
  const cleanup = new Cleanup();
  let store: AlertStore;
  let asked: Query[] = [];

  /** What surges of which nodes, as a process finds that has just started. */
  async function surges(usual = new UsualLoads(), atS = NOW_S): Promise<Record<string, string>> {
    const only = ALERTS.filter(({ slug }) => slug.endsWith('-surge'));
    asked = [];
    const held = await holding(
      only,
      BigInt(atS) * 1_000_000_000n,
      (queries) => {
        asked.push(...queries);
        return store.runAll(queries);
      },
      usual,
    );
    return Object.fromEntries(
      held.map(({ alert, labels, values }) => [
        `${alert.slug} ${labels['node'] ?? ''}`,
        reasonOf(alert, labels, values).replace(/^.*: /, ''),
      ]),
    );
  }

  beforeAll(async () => {
    const every = (value: number) => [value, value, value, value];
    store = await alertStore(
      [
        ...linesOf('routine', { weeks: every(30_000), before: 5_000, lately: 30_000 }, mempool),
        ...linesOf('quiet', { weeks: every(900), before: 900, lately: 6_000 }, mempool),
        ...linesOf('tiny', { weeks: every(3), before: 3, lately: 1_900 }, mempool),
        ...linesOf('fresh', { weeks: [900], before: 900, lately: 6_000 }, mempool),
        ...linesOf('freshflood', { weeks: [30_000], before: 5_000, lately: 30_000 }, mempool),
        ...linesOf('gaps', { weeks: every(30_000), before: 5_000, lately: 30_000, ran: 30 }, mempool),
        ...linesOf(
          'two',
          { weeks: [undefined, 30_000, undefined, 20_000], before: 5_000, lately: 30_000 },
          mempool,
        ),
        ...linesOf('attacked', { weeks: every(0), before: 0, lately: 4 }, violations),
        ...linesOf('scanned', { weeks: every(40), before: 1, lately: 40 }, violations),
      ],
      cleanup,
    );
  });
  afterAll(() => cleanup.run());

  it('is what is unusual for the hour of the week, where two weeks or more are known', async () => {
    expect(await surges()).toEqual({
      'mempool-surge quiet': '6,000 transactions, 900 before, and 900 are usual at this hour of the week',
      'violation-surge attacked':
        '40 violations within 10 minutes, 0 before, and 0 are usual at this hour of the week',
      // With one week, or with hours of which a half is missing, the fixed number decides.
      'mempool-surge freshflood': '30,000 transactions, 5,000 before',
      'mempool-surge gaps': '30,000 transactions, 5,000 before',
    });
  });

  it('is judged by the fixed number where nothing is known', async () => {
    const held = await holding(ALERTS, BigInt(NOW_S) * 1_000_000_000n, store.runAll);
    const names = held
      .filter(({ alert }) => alert.slug === 'mempool-surge')
      .map(({ labels }) => labels['node'])
      .sort();
    expect(names).toEqual(['freshflood', 'gaps', 'routine', 'two']);
  });

  it('has its history read once an hour, four hours for each rule, however often it is asked', async () => {
    const usual = new UsualLoads();
    const first = await surges(usual);
    const histories = (): number =>
      asked.filter(({ until }) => until < BigInt(NOW_S - WEEK_S / 2) * 1_000_000_000n).length;
    expect(histories()).toBe(12);
    expect(Object.keys(await surges(usual, NOW_S + 60))).toEqual(Object.keys(first));
    expect(histories()).toBe(0);
    // An hour later other hours are compared, and nobody has a history of them.
    await surges(usual, NOW_S + 21 * 60);
    expect(histories()).toBe(12);
    // After a restart nothing is forgotten.
    expect(await surges(new UsualLoads())).toEqual(first);
  });
});
