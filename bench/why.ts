// Measures the record that `why` asks: what it costs to write, in microseconds of an id or transaction and
// as a share of parsing and hashing a transaction, how long answers take once its memory is full, and how far
// back its memory reaches on mainnet: 24 MB, or `--mb 130 --hours 27`.
// `--store FILE` asks a store as well, such as that of `bench/panels.ts --store FILE`, of 30 days and 50
// million points.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LiveWhyAnswers } from '#dist/why/live-why';
import { examinedBlock } from '#dist/mempool/examined-block';
import { answerWhy } from '#dist/why/answer-why';
import { WhyRecord } from '#dist/why/why-record';
import { LocalAnswers } from '#dist/query/local-answers';
import { QueryScheduler } from '#dist/query/query-scheduler';
import { PeerAccounts } from '#dist/metrics/sessions/peer-accounts';
import { openStore } from '#dist/store/store';
import { measuresOf } from '#dist/policy/measures';
import { INV_WTX } from '#dist/wire/messages/inventory';
import { displayOf } from '#dist/wire/hash';
import { parseBlock } from '#dist/wire/block';
import { type Transaction, parseTransaction } from '#dist/wire/transaction';
import { medianMs, medianMsOf } from './support/median';
import { END_NS } from './support/month';
import { makeTransaction } from './support/transactions';

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    mb: { type: 'string', default: '24' },
    hours: { type: 'string', default: '12' },
  },
});
const COUNT = 4_000;
const RUNS = 60;
const MAX_BYTES = 24_000_000;

let ms = 0;
const peer = { id: 1, address: '192.0.2.1:8333', outbound: true, claims: null };
const accounts = new PeerAccounts({ nowMs: () => ms, monotonicMs: () => ms });
const limits = { keptMs: 86_400_000, maxBytes: MAX_BYTES };
const record = new WhyRecord(limits, { monotonicMs: () => ms, accounts });
const answers = new LiveWhyAnswers(record, { node: 'bench', network: 'mainnet', nowMs: () => ms });

const transactions = Array.from({ length: COUNT }, () => makeTransaction([]));
const ids = (list: readonly Transaction[]): void => {
  for (const { wireTxid, wireWtxid } of list) if (wireTxid === wireWtxid) throw new Error('no witness');
};
ids(transactions);
const items = transactions.map(({ wireWtxid: hash }) => ({ type: INV_WTX, hash }));
const verdict = { reason: undefined, inputs: [], outputs: [] };
const us = (milliseconds: number): string => ((milliseconds / COUNT) * 1_000).toFixed(2);

const parsed = medianMs(RUNS, () => ids(transactions.map(({ bytes }) => parseTransaction(bytes))));
const announced = medianMs(RUNS, () => {
  ms += 1;
  record.on.announced?.({ peer, items, known: 0 });
});
const asked = medianMs(RUNS, () => record.on.requested?.({ peer, count: COUNT, items }));
const judged = medianMs(RUNS, () => {
  for (const transaction of transactions) {
    const measures = measuresOf(transaction, {});
    record.on.judged?.({ transaction, verdict, measures, fee: 1_000, receivedMs: ms, judgedMs: ms });
    record.on.transaction?.({ peer, transaction, first: true, receivedMs: ms });
  }
});
const block = {
  ...{ wireHash: transactions[0]?.wireTxid, hash: transactions[0]?.txid, transactions, size: 1, weight: 4 },
  ...{ time: 1, wirePrevHash: transactions[1]?.wireTxid },
} as never;
record.on.opened?.({ peer });
record.on.blockExamined?.(
  examinedBlock(
    {
      ...{ block, peerAddress: '', status: 'accepted', height: 1, reason: undefined, processTimeMs: 1 },
      totalTxFees: 1,
    },
    { numUnseen: 0, held: undefined },
  ),
);
const mined = medianMs(RUNS, () => record.on.blockConnected?.({ block, height: 1 }));
// The memory is full after these.
for (let round = 0; record.bytes < MAX_BYTES - 1_000_000 && round < 2_000; round++) {
  ms += 1;
  record.on.announced?.({ peer, items, known: 0 });
  record.on.requested?.({ peer, count: COUNT, items: items.slice(0, 500) });
  record.on.blockConnected?.({ block, height: 1 });
}
console.log(
  `why: an announced id ${us(announced)} µs, an id asked for ${us(asked)} µs, a transaction with its measures ` +
    `${us(judged)} µs (${((100 * judged) / parsed).toFixed(0)} % of parsing and hashing it), ` +
    `one of a block ${us(mined)} µs; ${(record.bytes / 1e6).toFixed(1)} MB`,
);

const other = 'ab'.repeat(32);
for (const [what, id] of [
  ['a transaction', transactions[7]?.txid ?? ''],
  ['a wtxid', transactions[7]?.wtxid ?? ''],
  ['the beginning of a txid', (transactions[9]?.txid ?? '').slice(0, 12)],
  ['a block', displayOf((block as { wireHash: never }).wireHash)],
  ['a peer', peer.address],
  ['an unknown id', other],
] as const)
  console.log(`why: ${what}: ${medianMs(9, () => answers.answer(id)).toFixed(1)} ms from a full record`);

/** Transactions a second, peers, and how often each announces, in seconds. */
const RATE = 7;
const PEERS = 8;
const TRICKLE_S = [2, 2, 2, 2, 2, 2, 2, 5] as const;
const BLOCK_S = 600;

const DATA = path.join(__dirname, '../../shared/data/blocks');

/** Real transactions with witnesses, as most of today have them, where they are there. */
function relayed(): readonly Transaction[] {
  if (!existsSync(DATA)) return transactions;
  const names = readdirSync(DATA).filter((name) => name.startsWith('mainnet'));
  return names
    .flatMap((name) => parseBlock(readFileSync(path.join(DATA, name))).transactions.slice(1))
    .filter(({ wireTxid, wireWtxid }) => wireTxid !== wireWtxid);
}

/** Lets hours of mainnet pass, and tells how far back each part of the record reaches. */
function holds(): void {
  const list = relayed();
  const [maxBytes, lasting] = [Number(values.mb) * 1e6, Number(values.hours)];
  const own = new WhyRecord({ keptMs: 30 * 86_400_000, maxBytes }, { monotonicMs: () => ms, accounts });
  const waiting: Transaction[][] = Array.from({ length: PEERS }, () => []);
  let mempool: Transaction[] = [];
  let came = 0;
  const begun = ms;
  for (let second = 0; second < lasting * 3_600; second++) {
    ms = begun + second * 1_000;
    const from = (came += RATE) % (list.length - RATE);
    const fresh = list.slice(from, from + RATE);
    for (const [id, announcing] of waiting.entries()) {
      announcing.push(...fresh);
      if (second % (TRICKLE_S[id] ?? 2) !== 0) continue;
      const told = announcing.splice(0).map(({ wireWtxid: hash }) => ({ type: INV_WTX, hash }));
      own.on.announced?.({ peer: { ...peer, id }, items: told, known: 0 });
      // One peer is asked for each transaction.
      const wanted = told.filter((_, at) => at % PEERS === id);
      own.on.requested?.({ peer: { ...peer, id }, count: wanted.length, items: wanted });
    }
    for (const transaction of fresh) {
      const measures = measuresOf(transaction, {});
      own.on.judged?.({ transaction, verdict, measures, fee: 1_000, receivedMs: ms, judgedMs: ms + 0.3 });
      own.on.transaction?.({ peer, transaction, first: true, receivedMs: ms });
    }
    mempool.push(...fresh);
    if (second % BLOCK_S !== BLOCK_S - 1) continue;
    const mined = { ...(block as object), transactions: mempool } as never;
    own.on.blockConnected?.({ block: mined, height: second });
    mempool = [];
  }
  const hours = (dropped: number | null): string =>
    dropped === null ? `more than ${lasting}` : ((ms - dropped) / 3_600_000).toFixed(1);
  let records = 0;
  own.transactions.eachReceived(() => (records += 1));
  const bytes = own.transactions.bytes / records;
  console.log(
    `why: ${values.mb} MB at ${RATE} transactions a second (${list === transactions ? 'made' : 'of real blocks'}) and ` +
      `${PEERS} peers reach back: transactions ${hours(own.transactions.dropped)} h (${bytes.toFixed(0)} bytes each), ` +
      `announcements ${hours(own.announced.dropped)} h, requests ${hours(own.asked.dropped)} h, blocks ${hours(own.mined.dropped)} h`,
  );
}

holds();

/** Asks the store for objects that it has and has not, as without a node. */
async function askStore(file: string): Promise<void> {
  const store = await openStore(file);
  const scheduler = new QueryScheduler(new LocalAnswers({ store }));
  const signal = new AbortController().signal;
  const raw = async (sql: string): Promise<string> =>
    scheduler.ask({ timeoutMs: 60_000, left: signal }, async (it) => {
      const { rows } = await it.answer({ raw: sql, isOwn: true });
      for await (const [row] of rows) return String(row?.[0]);
      return '';
    });
  const ask = (id: string): Promise<unknown> =>
    scheduler.ask({ timeoutMs: 60_000, left: signal }, (it) =>
      answerWhy(id, { live: () => Promise.resolve(null), run: (query) => it.run(query), nowNs: END_NS }),
    );
  for (const [what, id] of [
    ['a transaction of the last day', await raw('SELECT sha FROM tx ORDER BY time DESC LIMIT 1 OFFSET 5000')],
    ['an unknown txid', other],
    ['a block', await raw('SELECT sha FROM processed_blocks ORDER BY time LIMIT 1 OFFSET 2000')],
    ['a height', await raw('SELECT max(height) FROM processed_blocks')],
    ['a peer', await raw('SELECT address FROM peer_sessions LIMIT 1 OFFSET 1000')],
  ] as const)
    console.log(`why: ${what} (${id}): ${(await medianMsOf(7, () => ask(id))).toFixed(0)} ms from the store`);
  await scheduler.close();
  await store.close();
}

if (values.store !== undefined) void askStore(values.store);
