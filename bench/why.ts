// Measures the record that `why` asks: what it costs to write, in microseconds of an id or transaction and
// as a share of parsing and hashing a transaction, how long answers take once its memory is full, and how far
// back it reaches on mainnet: 24 MB of memory and 500 of disk, or `--mb`, `--disk` (0: memory alone) and
// `--hours`. Then how long answers take whose facts are on disk, and how long they hold the event loop.
// `--store FILE` asks a store as well, such as that of `bench/panels.ts --store FILE`, of 30 days and 50
// million points.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { KeptFolder } from '#dist/why/kept/kept-folder';
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
import { displayOf, type Hash, readHash } from '#dist/wire/hash';
import { parseBlock } from '#dist/wire/block';
import { type Transaction, parseTransaction } from '#dist/wire/transaction';
import { medianMs, medianMsOf } from './support/median';
import { END_NS } from './support/month';
import { makeTransaction } from './support/transactions';

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    mb: { type: 'string', default: '24' },
    disk: { type: 'string', default: '500' },
    hours: { type: 'string', default: '25' },
  },
});
const COUNT = 4_000;
const RUNS = 60;
const MAX_BYTES = 24_000_000;

let ms = 0;
const peer = { id: 1, address: '192.0.2.1:8333', outbound: true, claims: null };
const accounts = new PeerAccounts({ nowMs: () => ms, monotonicMs: () => ms });
const limits = { keptMs: 86_400_000, maxBytes: MAX_BYTES, diskBytes: 0 };
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

/** Processor time of the program in milliseconds, with that of its threads. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Asks a record for objects. Tells how long it takes, and the processor time that it takes in all and at most
 * in one turn of the event loop: other programs of a busy machine add to the first alone.
 */
async function askRecord(
  what: string,
  asked: LiveWhyAnswers,
  objects: readonly (readonly [name: string, id: string])[],
): Promise<void> {
  for (const [name, id] of objects) {
    const times: { tookMs: number; usedMs: number; turnMs: number }[] = [];
    for (let run = 0; run < RUNS / 4; run++) {
      let isOver = false;
      let turnMs = 0;
      let last = processorMs();
      const watch = (): void => {
        const now = processorMs();
        turnMs = Math.max(turnMs, now - last);
        last = now;
        if (!isOver) setImmediate(watch);
      };
      const [beganMs, used] = [performance.now(), processorMs()];
      setImmediate(watch);
      await asked.answer(id);
      isOver = true;
      times.push({ tookMs: performance.now() - beganMs, usedMs: processorMs() - used, turnMs });
    }
    const [tookMs, usedMs, turnMs] = (['tookMs', 'usedMs', 'turnMs'] as const).map((key) => {
      const sorted = times.map((time) => time[key]).sort((a, b) => a - b);
      return (sorted[sorted.length >> 1] ?? 0).toFixed(1);
    });
    console.log(
      `why: ${name}: ${tookMs} ms from ${what}, of processor time ${usedMs} ms, ${turnMs} at most in one turn of the loop`,
    );
  }
}

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

/** A transaction like this one with ids of its own: the real ones are too few for a day. */
function renamed(transaction: Transaction, number: number): Transaction {
  const idOf = (text: string): Hash => readHash(createHash('sha256').update(text).digest(), 0);
  return Object.create(transaction, {
    wireTxid: { value: idOf(`${number}`) },
    wireWtxid: { value: idOf(`w${number}`) },
  }) as Transaction;
}

/** Lets hours of mainnet pass, tells how far back each part of the record reaches, and asks of the oldest. */
async function holds(): Promise<void> {
  const list = relayed();
  const [maxBytes, diskBytes, lasting] = [
    Number(values.mb) * 1e6,
    Number(values.disk) * 1e6,
    Number(values.hours),
  ];
  const place = mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-why-'));
  const clocks = { nowMs: () => ms, monotonicMs: () => ms };
  const folder =
    diskBytes === 0 ? null : await KeptFolder.open(place, { ...clocks, warn: (text) => console.log(text) });
  const keptMs = 30 * 86_400_000;
  const own = new WhyRecord({ keptMs, maxBytes, diskBytes }, { ...clocks, accounts, folder });
  const asked = new LiveWhyAnswers(own, { node: 'bench', network: 'mainnet', nowMs: () => ms });
  const waiting: Transaction[][] = Array.from({ length: PEERS }, () => []);
  let mempool: Transaction[] = [];
  let came = 0;
  const begun = ms;
  let early: Transaction | undefined;
  for (let id = 0; id < PEERS; id++) own.on.opened?.({ peer: { ...peer, id } });
  for (let second = 0; second < lasting * 3_600; second++) {
    ms = begun + second * 1_000;
    const from = (came += RATE) % (list.length - RATE);
    const fresh = list.slice(from, from + RATE).map((it, at) => renamed(it, came + at));
    if (second === 3_600) [early] = fresh;
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
      const sender = { ...peer, id: transaction.wireTxid.charCodeAt(0) % PEERS };
      own.on.transaction?.({ peer: sender, transaction, first: true, receivedMs: ms });
    }
    mempool.push(...fresh);
    if (second % BLOCK_S !== BLOCK_S - 1) continue;
    const wireHash = readHash(createHash('sha256').update(`block ${second}`).digest(), 0);
    const mined = { ...(block as object), wireHash, transactions: mempool } as never;
    own.on.blockConnected?.({ block: mined, height: second });
    mempool = [];
    // Real seconds would give it the time to write. An answer waits for it.
    await asked.answer(other);
  }
  const hours = (dropped: number | null): string =>
    dropped === null ? `more than ${lasting}` : ((ms - dropped) / 3_600_000).toFixed(1);
  let records = 0;
  await own.transactions.eachReceived({}, () => (records += 1));
  const bytes = Math.max(own.transactions.bytes, own.transactions.keptBytes) / records;
  console.log(
    `why: ${(own.bytes / 1e6).toFixed(1)} MB of memory and ${(own.keptBytes / 1e6).toFixed(1)} of disk at ${RATE} ` +
      `transactions a second (${list === transactions ? 'made' : 'of real blocks'}) and ${PEERS} peers reach back: ` +
      `transactions ${hours(own.transactions.dropped)} h (${bytes.toFixed(0)} bytes each), ` +
      `announcements ${hours(own.announced.dropped)} h, requests ${hours(own.asked.dropped)} h, blocks ${hours(own.mined.dropped)} h`,
  );
  const [txid, wtxid] = [early?.wireTxid, early?.wireWtxid].map((hash) => displayOf(hash ?? ('' as Hash)));
  const [oldest] = own.blocks.list();
  await askRecord(`${(own.keptBytes / 1e6).toFixed(0)} MB of disk`, asked, [
    ['a transaction of the first hour', txid ?? ''],
    ['its wtxid', wtxid ?? ''],
    ['the beginning of its txid', (txid ?? '').slice(0, 12)],
    ['four digits that fit several', 'abcd'],
    ['the first block', oldest === undefined ? '' : displayOf(oldest.hash)],
    ['a peer', peer.address],
    ['an unknown id', other],
  ]);
  await own.close();
  rmSync(place, { recursive: true });
}

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

async function main(): Promise<void> {
  await askRecord('a full record', answers, [
    ['a transaction', transactions[7]?.txid ?? ''],
    ['a wtxid', transactions[7]?.wtxid ?? ''],
    ['the beginning of a txid', (transactions[9]?.txid ?? '').slice(0, 12)],
    ['a block', displayOf((block as { wireHash: never }).wireHash)],
    ['a peer', peer.address],
    ['an unknown id', other],
  ]);
  await holds();
  if (values.store !== undefined) await askStore(values.store);
}

void main();
