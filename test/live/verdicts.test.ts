import { nextBlockRate } from '../../src/live/fees-verdict';
import type { Facts } from '../../src/live/facts';
import type { Question, Verdict } from '../../src/live/verdict';
import { verdictsOf } from '../../src/live/verdicts';
import { PANELS } from '../../src/panels/list';
import { NOW_MS, bandsOf, dialOf, facts, missing, peerAt } from '../support/facts';

const MINUTE = 60_000;

function verdict(question: Question, changes: Partial<Facts> = {}): Verdict {
  const found = verdictsOf(facts(changes)).find((it) => it.question === question);
  if (found === undefined) throw new Error(question);
  return found;
}
const toneAndAnswer = (question: Question, changes: Partial<Facts>): readonly string[] => {
  const { tone, answer } = verdict(question, changes);
  return [tone, answer];
};

it('is good where all is well, and says why', () => {
  expect(verdictsOf(facts()).map(({ question, tone, answer }) => [question, tone, answer])).toEqual([
    ['step', 'good', 'In step at 900,000'],
    ['peers', 'good', '1 peer'],
    ['fees', 'good', 'About 2 sat/vB'],
    ['monitor', 'good', 'Complete and in time'],
  ]);
  expect(verdict('step').reason).toBe('The last block came 4 min ago, and 1 peer agrees.');
  expect(verdict('fees').reason).toBe('1,234 transactions wait, about 2 blocks. The fees of 75 % are known.');
});

const NO_PEER = { peers: [], dials: [missing()] };

it.each<[string, Question, Partial<Facts>]>([
  ['no peer', 'step', NO_PEER],
  ['no peer', 'peers', NO_PEER],
  ['no peer', 'fees', NO_PEER],
  ['peers that have told nothing', 'peers', { peers: [peerAt(1, { version: null })], dials: [missing()] }],
  ['no block for an hour', 'step', { grewMs: NOW_MS - 61 * MINUTE }],
  ['a reorganisation of two blocks', 'step', { reorgDepth: 2 }],
  ['a chain that is being loaded', 'step', { height: 400_000 }],
  ['a node that is behind', 'step', { peers: [peerAt(899_998)] }],
  ['a configured peer that is missing', 'peers', { dials: [dialOf(), missing()] }],
  ['half of the peers gone', 'peers', { peerChange: { lately: 3, before: 8 } }],
  [
    'points lost',
    'monitor',
    { deliveries: [{ name: 'x', lost: 1, lostMs: NOW_MS - MINUTE, stuckForMs: null }] },
  ],
  [
    'points lost before',
    'monitor',
    { deliveries: [{ name: 'x', lost: 1, lostMs: NOW_MS - 60 * MINUTE, stuckForMs: null }] },
  ],
  [
    'points stuck',
    'monitor',
    { deliveries: [{ name: 'x', lost: 0, lostMs: null, stuckForMs: 11 * MINUTE }] },
  ],
  ['a loop that is late by seconds', 'monitor', { loop: { lagMs: 2_300, leastLagMs: null, stalledMs: 0 } }],
  ['a loop that is always late', 'monitor', { loop: { lagMs: 600, leastLagMs: 501, stalledMs: 0 } }],
  ['a loop that stalled', 'monitor', { loop: { lagMs: 1, leastLagMs: 1, stalledMs: 10_001 } }],
])('%s is never good: %s', (_, question, changes) => {
  expect(verdict(question, changes).tone).not.toBe('good');
});

it.each<[Question, Partial<Facts>]>([
  ['step', { grewMs: NOW_MS - 60 * MINUTE }],
  ['step', { reorgDepth: 1 }],
  ['step', { peers: [peerAt(899_999)] }],
  // A stranger that dials us may claim any height.
  ['step', { peers: [peerAt(900_000), peerAt(2_000_000_000, { outbound: false, address: 'x:1' })] }],
  ['peers', { peerChange: { lately: 1, before: 3 } }],
  ['monitor', { loop: { lagMs: 900, leastLagMs: 500, stalledMs: 10_000 } }],
])('what is within the limits is good: %s', (question, changes) => {
  expect(verdict(question, changes).tone).toBe('good');
});

const GENESIS_MS = Date.UTC(2011, 1, 2, 23, 16, 42);

it('says what a chain is that has only its genesis block, whose time is years ago', () => {
  const genesis = { height: 0, grewMs: GENESIS_MS, peers: [peerAt(0)] };
  const regtest = verdict('step', { ...genesis, network: 'regtest' });
  expect(regtest).toMatchObject({
    ...{ tone: 'unknown', answer: 'Only the genesis block' },
    reason: 'The chain has no further block, and the peer reports none.',
    advice: 'On regtest a block comes only if somebody asks for one.',
  });
  const public4 = verdict('step', { ...genesis, network: 'testnet4', peers: [peerAt(0), peerAt(0)] });
  expect(public4).toMatchObject({ tone: 'warn', answer: 'Only the genesis block' });
  expect(public4.reason).toBe('The chain has no further block, and the peers report none.');
  expect(public4.advice).toMatch(/^Compare the height with another source/);
  // What is loaded at the moment is told before.
  const loading = verdict('step', { ...genesis, peers: [peerAt(900_000)] });
  expect(loading.answer).toBe('Loading headers: 0 of 900,000');
});

it('names the day of the last block where the chain stood still before the start', () => {
  const day = 1_440 * MINUTE;
  const startedMs = NOW_MS - 5 * MINUTE;
  const old = { startedMs, grewMs: startedMs - 40 * day };
  expect(verdict('step', old)).toMatchObject({
    ...{ tone: 'warn', answer: 'The last block is of 2025-12-22' },
    reason: 'The best header is at 900,000, and the peer reports no newer one. The monitor began 5 min ago.',
  });
  const local = verdict('step', { ...old, network: 'simnet' });
  expect([local.tone, local.advice]).toEqual([
    'unknown',
    'On simnet a block comes only if somebody asks for one.',
  ]);
  expect(toneAndAnswer('step', { startedMs, grewMs: startedMs - day })).toEqual([
    'warn',
    'No block for 24 h 5 min',
  ]);
  // A block that came in this run is not from before.
  const since = { startedMs: NOW_MS - 3 * day, grewMs: NOW_MS - 2 * day };
  expect(toneAndAnswer('step', since)).toEqual(['warn', 'No block for 2 days']);
});

it('waits for the end of the first attempts, and no longer', () => {
  const first = { peers: [], startedMs: NOW_MS - 3_000, dials: [missing({ last: null, failures: 0 })] };
  expect(toneAndAnswer('peers', first)).toEqual(['unknown', 'Connecting']);
  expect(toneAndAnswer('step', first)).toEqual(['unknown', 'Not known yet']);
  expect(toneAndAnswer('peers', { ...first, dials: [missing()] })).toEqual(['bad', 'No peer is connected']);
  expect(toneAndAnswer('peers', { ...first, startedMs: NOW_MS - 16_000 })[0]).toBe('bad');
});

it('names missing peers, with the reason and what to do', () => {
  const reset = { reason: 'closed-by-peer', text: 'closed-by-peer', reached: 'connection' } as const;
  const simnet = missing({ endpoint: { host: '127.0.0.1', port: 18555 }, last: reset });
  expect(verdict('peers', { peers: [], dials: [simnet] }).reason).toBe(
    '127.0.0.1:18555 hangs up during the handshake: Another network? Try --network simnet.',
  );
  const four = [1, 2, 3, 4].map((port) => missing({ endpoint: { host: 'a.test', port } }));
  const { answer, reason } = verdict('peers', { dials: [dialOf(), ...four] });
  expect(answer).toBe('4 of 5 configured peers are missing');
  expect(reason).toMatch(/^a\.test:1 refuses .* a\.test:2 refuses .* 2 more are in the table of peers\.$/);
});

it('tells what a block costs from what pays most', () => {
  // 1.8 MvB are known, 0.6 are not: of the known ones three quarters of a block fit.
  expect(nextBlockRate(bandsOf({ 1: 900_000, 2: 600_000, 10: 300_000 }, 600_000))).toBe(2);
  expect(nextBlockRate(bandsOf({ 1: 900_000, 10: 99_000 }))).toBe(1);
  expect(nextBlockRate(bandsOf({ 1: 900_000, 10: 98_000 }))).toBeNull();
  expect(nextBlockRate(bandsOf({ 1_000: 2_000_000 }))).toBe(1_000);
});

it('says where an estimate would be a guess', () => {
  expect(toneAndAnswer('fees', { mempool: bandsOf({ 1: 9_000 }, 91_000) })[0]).toBe('unknown');
  expect(toneAndAnswer('fees', { mempool: bandsOf({}) })[0]).toBe('unknown');
  const young = { startedMs: NOW_MS - 5 * MINUTE, grewMs: NOW_MS - 6 * MINUTE };
  expect(toneAndAnswer('fees', young)).toEqual(['unknown', 'About 2 sat/vB']);
  expect(toneAndAnswer('fees', { ...young, grewMs: NOW_MS - MINUTE })[0]).toBe('good');
  const surge = { mempoolChange: { lately: 30_001, before: 10_000 } };
  expect(toneAndAnswer('fees', surge)).toEqual(['warn', 'About 2 sat/vB']);
  expect(toneAndAnswer('fees', { mempoolChange: { lately: 30_000, before: 10_000 } })[0]).toBe('good');
});

it('names panels that exist', () => {
  const names = new Set(PANELS.map(({ name }) => name));
  const all = [
    {},
    NO_PEER,
    { reorgDepth: 2 },
    { dials: [missing()] },
    { loop: { lagMs: 2_000, leastLagMs: 1, stalledMs: 1 } },
  ];
  const named = all.flatMap((changes) => verdictsOf(facts(changes)).map(({ panel }) => panel));
  expect(named.filter((name) => !names.has(name))).toEqual([]);
});
