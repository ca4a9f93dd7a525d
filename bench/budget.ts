// Measures what the budget of a stranger costs for each message. Transactions of an inbound peer are cut out
// of a stream, checked, parsed, judged and turned into points, with the budget and the read turns, and
// without both. The two ways run alternately and are measured in processor time. The first rounds only warm
// up the JIT compiler.

import { SystemClock } from '#dist/lib/clock';
import { Emitter } from '#dist/metrics/emitter';
import { PeerBudget, sharedBudget } from '#dist/p2p/budget/peer-budget';
import { ReadTurns } from '#dist/p2p/budget/read-turns';
import type { Sender } from '#dist/p2p/budget/sender';
import { encodeFrame, FrameReader } from '#dist/wire/framing';
import { readHash } from '#dist/wire/hash';
import { parseTransaction } from '#dist/wire/transaction';
import { judging } from './support/judging';
import { median } from './support/median';
import { makeTransaction } from './support/transactions';

const MESSAGES = 20_000;
const CHUNK_BYTES = 65_536;
const WARM_UP = 5;
const ROUNDS = 31;
const MAGIC = 0xdab5bffa;

/** The requests for half of the transactions. The other half is unrequested. */
const ASKED = Array.from({ length: MESSAGES / 2 }, () => ({ type: 5, hash: readHash(Buffer.alloc(32), 0) }));

const frames = Array.from({ length: MESSAGES }, () => {
  const { bytes, start, end } = makeTransaction([]);
  return encodeFrame(MAGIC, 'tx', bytes.subarray(start, end));
});
const stream = Buffer.concat(frames);
const chunks: Buffer[] = [];
for (let at = 0; at < stream.length; at += CHUNK_BYTES) chunks.push(stream.subarray(at, at + CHUNK_BYTES));

const monotonicMs = (): number => performance.now();
let points = 0;
const { emit } = new Emitter({ node: 'bench' }, { clock: new SystemClock(), sink: { push: () => points++ } });
const judge = judging(emit);

function plain(): void {
  const frames = new FrameReader(MAGIC, {
    arrived: () => undefined,
    message: (_, payload) => judge(parseTransaction(payload)),
    violation: () => undefined,
  });
  for (const chunk of chunks) frames.push(chunk);
}

async function budgeted(): Promise<void> {
  const now = monotonicMs();
  const shared = sharedBudget(1e9, now);
  const budget = new PeerBudget({ kind: 'inbound', shared, now });
  budget.requested(ASKED);
  const frames = new FrameReader(MAGIC, {
    arrived: () => undefined,
    message: (_, payload) => {
      if (budget.message('tx', payload.length + 24, turns.now) !== 'granted') throw new Error('refused');
      const transaction = parseTransaction(payload);
      const { inputs, outputs } = transaction;
      if (budget.demand(3 + inputs.length + outputs.length, turns.now) !== 'granted') throw new Error('shed');
      judge(transaction);
    },
    violation: () => undefined,
  });
  const turns = new ReadTurns({ monotonicMs });
  const peer: Sender = {
    ...{
      outbound: true,
      isNamed: true,
      ended: false,
      isNotReading: false,
      pause: () => undefined,
      resume: () => undefined,
    },
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

/** The processor time of a message in nanoseconds. */
async function measure(run: () => void | Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / MESSAGES;
}

async function main(): Promise<void> {
  const rounds: { readonly plain: number; readonly budgeted: number }[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const times = { plain: await measure(plain), budgeted: await measure(budgeted) };
    if (round >= 0) rounds.push(times);
  }
  // Each ratio is taken within a round, because other programs slow down both ways alike.
  const ratio = median(rounds.map((times) => times.budgeted / times.plain));
  const plainNs = median(rounds.map((times) => times.plain));
  const budgetedNs = median(rounds.map((times) => times.budgeted));
  console.log(
    `budget: a transaction takes ${ratio.toFixed(3)} times as long with a budget ` +
      `(${plainNs.toFixed(0)} ns without, ${budgetedNs.toFixed(0)} ns with; ${points} points)`,
  );
}

void main();
