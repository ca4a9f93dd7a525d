// What a stranger's budget costs each message: transactions cut out of a stream, checked, read, judged and
// made points of, as those of an inbound peer are, beside the same without budget and turns. Both take turns
// in processor time; the first rounds are for the compilers.
import { createRequire } from 'node:module';
import { judging } from './support/judging.mjs';
import { makeTransaction } from './support/transactions.mjs';

const require = createRequire(import.meta.url);
const { PeerBudget, sharedPoints } = require('../dist/p2p/budget/peer-budget.js');
const { ReadTurns } = require('../dist/p2p/budget/read-turns.js');
const { SystemClock } = require('../dist/lib/clock.js');
const { Emitter } = require('../dist/metrics/emitter.js');
const { encodeFrame, FrameReader } = require('../dist/wire/framing.js');
const { parseTransaction } = require('../dist/wire/transaction.js');

const MESSAGES = 20_000;
const CHUNK_BYTES = 65_536;
const WARM_UP = 5;
const ROUNDS = 31;
const MAGIC = 0xdab5bffa;

/** What half of the transactions was asked for by; the others are unasked. */
const ASKED = Array.from({ length: MESSAGES / 2 }, () => ({ type: 5, hash: '' }));

const frames = Array.from({ length: MESSAGES }, () => {
  const { bytes, start, end } = makeTransaction([]);
  return encodeFrame(MAGIC, 'tx', bytes.subarray(start, end));
});
const stream = Buffer.concat(frames);
const chunks = [];
for (let at = 0; at < stream.length; at += CHUNK_BYTES) chunks.push(stream.subarray(at, at + CHUNK_BYTES));

const monotonicMs = () => performance.now();
let points = 0;
const { emit } = new Emitter({ node: 'bench' }, { clock: new SystemClock(), sink: { push: () => points++ } });
const judge = judging(emit);

function plain() {
  const frames = new FrameReader(MAGIC, {
    arrived: () => undefined,
    message: (_, payload) => judge(parseTransaction(payload)),
    violation: () => undefined,
  });
  for (const chunk of chunks) frames.push(chunk);
}

async function budgeted() {
  const now = monotonicMs();
  const shared = sharedPoints(1e9, now);
  const budget = new PeerBudget({ kind: 'inbound', txPerSecond: 1e9, shared, now });
  budget.requested(ASKED);
  const frames = new FrameReader(MAGIC, {
    arrived: () => undefined,
    message: (name, payload) => {
      if (budget.message(name, payload.length + 24, turns.now) !== 'granted') throw new Error('refused');
      const transaction = parseTransaction(payload);
      const { inputs, outputs } = transaction;
      if (budget.demand(3 + inputs.length + outputs.length, turns.now) !== 'granted') throw new Error('shed');
      judge(transaction);
    },
    violation: () => undefined,
  });
  const turns = new ReadTurns({ monotonicMs });
  const peer = {
    ...{ outbound: true, ended: false, isNotReading: false, pause: () => undefined, resume: () => undefined },
    handle: (mayGoOn) => frames.run(mayGoOn),
    close: () => undefined,
  };
  for (const chunk of chunks) {
    frames.add(chunk);
    turns.arrived(peer);
    while (frames.held > 400) await new Promise((resolve) => setImmediate(resolve));
  }
  turns.stop();
}

const times = { plain: [], budgeted: [] };
for (let round = -WARM_UP; round < ROUNDS; round++)
  for (const [name, run] of Object.entries({ plain, budgeted })) {
    const start = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(start);
    if (round >= 0) times[name].push(((user + system) * 1_000) / MESSAGES);
  }
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
// Each round is compared with itself: what else the machine does meets both alike.
const ratio = median(times.budgeted.map((ns, round) => ns / times.plain[round]));
console.log(
  `budget: ${ratio.toFixed(3)} times the time of a transaction without it ` +
    `(${median(times.plain).toFixed(0)} and ${median(times.budgeted).toFixed(0)} ns each; ${points} points)`,
);
