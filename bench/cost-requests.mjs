// Processor time of the bookkeeping of requests, at 1, 10 and 100 times the size: an item of `inv` beside
// more pending blocks, more wanted transactions and more peers; the end of a connection; somebody who dials
// us. A cost that grows with what strangers can fill would make each message dearer. Names as arguments
// choose curves; the exit status tells whether all are flat (support/cost-curve.mjs).
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { costCurve, SCALES } from './support/cost-curve.mjs';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const { decodeInventory, encodeInventory, INV_BLOCK, INV_TX } = require('../dist/wire/messages/inventory.js');
const { BlockRequests } = require('../dist/p2p/block-requests.js');
const { Connections } = require('../dist/p2p/connections.js');
const { refusalOf } = require('../dist/p2p/join/inbound-limits.js');
const { TransactionRequests } = require('../dist/p2p/transaction-requests.js');

const ITEMS = 20_000;
const LEAVERS = 5_000;

let lastId = 0;
const clock = { monotonicMs: () => 0, uniqueNs: () => 0n };
const items = (type, count) => {
  const bytes = randomBytes(32 * count);
  return Array.from({ length: count }, (_, i) => ({ type, hash: bytes.latin1Slice(32 * i, 32 * i + 32) }));
};
const host = (n) => `${20 + (n % 200)}.${(n >> 8) & 255}.${n & 255}.1`;
const peer = (more = {}) => ({
  ...{ id: ++lastId, host: host(lastId), port: 8333, kind: 'inbound', outbound: false, openedAt: 0 },
  ...{ claims: { services: 9n }, claimsWitness: true, wtxidRelay: true, established: true, ended: false },
  request: () => undefined,
  ...more,
});
const peers = (count) => Array.from({ length: count }, () => peer());

const wanted = process.argv.slice(2);
/** Measures one curve; `setUp` makes a round ready for a size. */
async function curve(name, setUp) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) return;
  await costCurve(
    `cost-requests: ${name}`,
    SCALES.map((scale) => `${scale}x`),
    SCALES.map((scale) => () => setUp(scale)),
  );
}

/** A small inv, again and again, and what it announces: so that as much waits at the end as at the start. */
function invs(requests, type, from) {
  const messages = Array.from({ length: ITEMS / 2 }, () => encodeInventory(items(type, 2)));
  const work = () => {
    for (const message of messages) {
      const batch = decodeInventory(message);
      requests.announced(from, batch);
      for (const { hash } of batch)
        if (type === INV_TX) requests.received(hash, hash, from);
        else requests.received(hash, from);
    }
  };
  return { count: ITEMS, work };
}

await curve('inv of blocks, 300 to 30,000 pending', (size) => {
  const requests = new BlockRequests({ clock });
  for (const each of peers(60)) requests.announced(each, items(INV_BLOCK, 5 * size));
  return invs(requests, INV_BLOCK, peer({ kind: 'kept', outbound: true }));
});

await curve('inv of blocks, 10 to 1,000 peers', (size) => {
  const requests = new BlockRequests({ clock });
  const all = peers(10 * size);
  for (const each of all) requests.announced(each, items(INV_BLOCK, 2));
  return invs(requests, INV_BLOCK, all[0]);
});

await curve('inv of transactions, 1,000 to 100,000 wanted', (size) => {
  const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
  for (const each of peers(40)) requests.announced(each, items(INV_TX, 25 * size));
  return invs(requests, INV_TX, peer({ kind: 'kept', outbound: true }));
});

await curve('inv of transactions, 10 to 1,000 peers', (size) => {
  const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
  const all = peers(10 * size);
  for (const each of all) {
    requests.connected(each);
    requests.announced(each, items(INV_TX, 2));
  }
  return invs(requests, INV_TX, all[0]);
});

await curve('inv of one transaction that 10 to 1,000 peers announce, and lets lapse', (size) => {
  const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
  const all = peers(10 * size);
  const rounds = 2_000 / size;
  return {
    count: rounds * all.length,
    work: () => {
      for (let round = 0; round < rounds; round++) {
        const inv = items(INV_TX, 1);
        for (const each of all) requests.announced(each, inv);
        for (const each of all) requests.notFound(each, inv);
      }
    },
  };
});

await curve('a connection with 2 announcements and its end, 10 to 1,000 peers', (size) => {
  const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
  const blocks = new BlockRequests({ clock });
  for (const each of peers(10 * size)) {
    requests.connected(each);
    requests.announced(each, items(INV_TX, 20));
    blocks.announced(each, items(INV_BLOCK, 20));
  }
  const leavers = peers(LEAVERS).map((each) => [each, items(INV_TX, 1), items(INV_BLOCK, 1)]);
  const work = () => {
    for (const [each, transactions, ofBlocks] of leavers) {
      requests.connected(each);
      requests.announced(each, transactions);
      blocks.announced(each, ofBlocks);
      requests.ended(each);
      blocks.ended(each);
    }
  };
  return { count: leavers.length, work };
});

await curve('somebody who dials us, 100 to 10,000 peers', (size) => {
  const connections = new Connections('mainnet');
  for (const each of peers(100 * size)) connections.add(each);
  const limits = { network: 'mainnet', max: 100_000 };
  const work = () => {
    for (let i = 0; i < ITEMS; i++) refusalOf(host(i), connections, limits, 0);
  };
  return { count: ITEMS, work };
});
