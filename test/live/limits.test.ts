import type { AlertName } from '../../src/alerts/alert';
import { ALERTS } from '../../src/alerts/alerts';
import { type Values, parseCondition } from '../../src/alerts/condition';
import type { Facts } from '../../src/live/facts';
import type { Question } from '../../src/live/verdict';
import { verdictsOf } from '../../src/live/verdicts';
import { Vitals } from '../../src/live/vitals';
import { NOW_MS, facts, peerAt } from '../support/facts';

function alertOf(name: AlertName) {
  const alert = ALERTS.find((one) => one.name === name);
  if (alert === undefined) throw new Error(name);
  return alert;
}

/** How long the period of an alert's first query is, in milliseconds. */
function periodMs(name: AlertName): number {
  const [query] = Object.values(alertOf(name).queries);
  if (query === undefined || !('ago' in query)) throw new Error(name);
  return (query.ago[0] - query.ago[1]) * 1_000;
}

function isGood(question: Question, changes: Partial<Facts>): boolean {
  return verdictsOf(facts(changes)).find((it) => it.question === question)?.tone === 'good';
}

const LOOP = { lagMs: 1, leastLagMs: 1, stalledMs: 0 };
const SAME_RUN = { C: 18, D: 1, E: 1 };

/** The values of an alert and the facts of a verdict for the same number; the last that is well, the next. */
const TURNS: readonly [
  AlertName,
  Question,
  (value: number) => Values,
  (value: number) => Partial<Facts>,
  readonly [well: number, not: number],
][] = [
  ['BtcdmonReorganisation', 'step', (A) => ({ A }), (reorgDepth) => ({ reorgDepth }), [1, 2]],
  [
    'BtcdmonFewPeers',
    'peers',
    (A) => ({ A, B: 8 }),
    (lately) => ({ peerChange: { lately, before: 8 } }),
    [4, 3.9],
  ],
  [
    'BtcdmonFewPeers',
    'peers',
    (B) => ({ A: 1, B }),
    (before) => ({ peerChange: { lately: 1, before } }),
    [3.9, 4],
  ],
  [
    'BtcdmonMempoolSurge',
    'fees',
    (A) => ({ A, B: 10, ...SAME_RUN }),
    (lately) => ({ mempoolChange: { lately, before: 10 } }),
    [20_000, 20_001],
  ],
  [
    'BtcdmonMempoolSurge',
    'fees',
    (A) => ({ A, B: 10_000, ...SAME_RUN }),
    (lately) => ({ mempoolChange: { lately, before: 10_000 } }),
    [30_000, 30_001],
  ],
  [
    'BtcdmonLoopLag',
    'monitor',
    (A) => ({ A }),
    (leastLagMs) => ({ loop: { ...LOOP, leastLagMs } }),
    [500, 501],
  ],
  [
    'BtcdmonStall',
    'monitor',
    (A) => ({ A }),
    (stalledMs) => ({ loop: { ...LOOP, stalledMs } }),
    [10_000, 10_001],
  ],
  [
    'BtcdmonNodeBehind',
    'step',
    (behind) => ({ A: 900_000 - behind, B: 900_000 }),
    (behind) => ({ peers: [peerAt(900_000 - behind)] }),
    [1, 2],
  ],
];

it.each(TURNS)(
  '%s and the verdict on the same turn at the same value',
  (name, question, values, told, [well, not]) => {
    const holds = parseCondition(alertOf(name).condition);
    expect([holds(values(well)), isGood(question, told(well))]).toEqual([false, true]);
    expect([holds(values(not)), isGood(question, told(not))]).toEqual([true, false]);
  },
);

it.each<[AlertName, Question, (sinceMs: number) => Partial<Facts>, boolean]>([
  ['BtcdmonNoBlock', 'step', (sinceMs) => ({ grewMs: NOW_MS - sinceMs }), true],
  [
    'BtcdmonPointsStuck',
    'monitor',
    (stuckForMs) => ({ deliveries: [{ name: 'x', lost: 0, lostMs: null, stuckForMs: stuckForMs - 1 }] }),
    true,
  ],
])('%s and its verdict look back equally far', (name, question, told, isGoodBefore) => {
  const ms = periodMs(name);
  expect(isGood(question, told(ms))).toBe(isGoodBefore);
  expect(isGood(question, told(ms + 1))).toBe(!isGoodBefore);
});

it('points that were lost are bad for as long as the alerts about them look back', () => {
  for (const name of ['BtcdmonPointsLost', 'BtcdmonPointsDamaged'] as const) {
    const toneAfter = (ms: number) =>
      verdictsOf(facts({ deliveries: [{ name: 'x', lost: 1, lostMs: NOW_MS - ms, stuckForMs: null }] })).find(
        ({ question }) => question === 'monitor',
      )?.tone;
    expect([toneAfter(periodMs(name) - 1), toneAfter(periodMs(name))]).toEqual(['bad', 'warn']);
  }
});

it('reorganisations and the event loop are remembered for as long as their alerts look back', () => {
  let nowMs = NOW_MS;
  const vitals = new Vitals(() => nowMs);
  const after = (ms: number) => {
    nowMs = NOW_MS + ms;
    return { depth: vitals.reorgDepth, ...vitals.loopFacts };
  };
  vitals.reorg(3);
  expect(after(periodMs('BtcdmonReorganisation') - 1).depth).toBe(3);
  expect(after(periodMs('BtcdmonReorganisation')).depth).toBe(0);
  expect(periodMs('BtcdmonLoopLag')).toBe(periodMs('BtcdmonStall'));
  nowMs = NOW_MS;
  vitals.loop(700, 9);
  const loopAfter = (ms: number) => {
    nowMs = NOW_MS + ms;
    vitals.loop(0, 0);
    return vitals.loopFacts.stalledMs;
  };
  expect(loopAfter(periodMs('BtcdmonStall') - 1)).toBe(9);
  expect(loopAfter(periodMs('BtcdmonStall'))).toBe(0);
});
