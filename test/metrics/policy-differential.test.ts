import { propagation } from '../../src/metrics/collectors/propagation';
import { familyOf } from '../../src/metrics/client-families';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { INV_TX, INV_WTX } from '../../src/wire/messages/inventory';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { type Bench, benchOf, somePeer } from '../support/points';
import { buildTransaction, hex, multisigScript, SCRIPTS, type TransactionSpec } from '../wire/build';
import { outputs, times } from '../policy/specs';

const AGENTS = {
  core: '/Satoshi:31.0.0/',
  commented: '/Satoshi:29.0.0(mine)/',
  btcd: '/btcwire:0.5.0/btcd:0.26.0/',
  knots: '/Satoshi:29.3.0/Knots:20260508/',
  spy: '/Satoshi:31.0.0/spy:1/',
} as const;

function peerOf(id: number, userAgent: string): PeerInfo {
  const claims = {
    version: 70_016,
    services: 1n,
    userAgent,
    time: 0n,
    startHeight: 5,
    relay: true,
    nonce: 0n,
  };
  return { ...somePeer, id, address: `192.0.2.${id}:8333`, claims };
}

const core = peerOf(1, AGENTS.core);
const commented = peerOf(2, AGENTS.commented);
const btcd = peerOf(3, AGENTS.btcd);
const knots = peerOf(4, AGENTS.knots);
const spy = peerOf(5, AGENTS.spy);
const ALL = [core, commented, btcd, knots, spy];

let bench: Bench;
beforeEach(() => begin());

function begin(): void {
  bench = benchOf([propagation]);
  for (const peer of ALL)
    if (peer.claims !== null) bench.bus.emit('handshake', { peer, claims: peer.claims });
}

let salt = 100;
const transactionOf = (spec: TransactionSpec): Transaction =>
  parseTransaction(buildTransaction({ lockTime: ++salt, ...spec }));

/** Has peers announce a transaction, the first one send it, and the others announce it afterwards. */
function relay(transaction: Transaction, fee: number | undefined, peers: readonly PeerInfo[]): void {
  const announce = (peer: PeerInfo): void => {
    const { wireTxid, wireWtxid } = transaction;
    const item = peer === btcd ? { type: INV_TX, hash: wireTxid } : { type: INV_WTX, hash: wireWtxid };
    bench.bus.emit('announced', { peer, items: [item], known: 0 });
  };
  const [first, ...others] = peers;
  if (first === undefined) return;
  announce(first);
  for (const peer of others.slice(0, 1)) announce(peer);
  const { size, vsize, wireTxid: txid } = transaction;
  if (fee !== undefined) bench.bus.emit('feeKnown', { txid, fee, size, vsize });
  bench.bus.emit('transaction', { peer: first, transaction, first: true, receivedMs: bench.clock.ms });
  for (const peer of others) announce(peer);
}

/** The points of the series after the announcements were gathered. */
function points(): Record<string, string> {
  bench.clock.ms += 30_000;
  bench.interval();
  const own = bench.lines().filter((line) => line.startsWith('policy_differential,'));
  return Object.fromEntries(
    own.map((line) => {
      const [tags = '', fields = ''] = line.split(' ');
      const [policy, rule] = ['policy', 'rule'].map((name) => new RegExp(`,${name}=([^,]+)`).exec(tags)?.[1]);
      return [`${policy} ${rule}`, fields];
    }),
  );
}

/** What each policy does with a transaction. */
function verdicts(spec: TransactionSpec, fee?: number): string[] {
  relay(transactionOf(spec), fee, [core]);
  return Object.keys(points());
}

const counts = (numTx: number, confirmed: number, pairs: readonly (readonly [number, number])[]): string =>
  [
    `num_tx=${numTx}i,confirmed=${confirmed}i`,
    ...pairs.map(([announced, peers], i) => {
      const family = ['core', 'btcd', 'knots', 'other'][i];
      return `${family}=${announced}i,${family}_peers=${peers}i`;
    }),
  ].join();

it('tells who would relay a transaction, who announced it, and that a block has it', () => {
  // Below 1 sat/vB, which Core 31 alone relays.
  const transaction = transactionOf({});
  relay(transaction, Math.ceil(transaction.vsize / 2), [core, btcd, core, spy]);
  const spread = counts(1, 0, [
    [1, 2],
    [1, 1],
    [0, 1],
    [1, 1],
  ]);
  expect(points()).toEqual({
    'btcd min-fee': spread,
    'core31 none': spread,
    'core29 min-fee': spread,
    'knots min-fee': spread,
  });
  expect(points()).toEqual({});
  bench.bus.emit('blockConnected', { block: { wireHash: transaction.wireWtxid, transactions: [transaction] } as never, height: 1 }); // prettier-ignore
  const confirmed = counts(0, 1, times(4, [0, 0] as const));
  expect(points()).toEqual({
    'btcd min-fee': confirmed,
    'core31 none': confirmed,
    'core29 min-fee': confirmed,
    'knots min-fee': confirmed,
  });
  bench.bus.emit('blockConnected', { block: { wireHash: transaction.wireWtxid, transactions: [transaction] } as never, height: 1 }); // prettier-ignore
  expect(points()).toEqual({});
});

const data80 = hex(`6a4c50 ${'00'.repeat(80)}`);
const data81 = hex(`6a4c51 ${'00'.repeat(81)}`);
const pay = SCRIPTS.witness_v1_taproot;
const RICH = 1_000_000;

/** Each rule on which policies differ, with its transaction and a neighbour on which they agree. */
const DIFFERENCES: readonly (readonly [
  name: string,
  faulty: TransactionSpec,
  verdicts: readonly string[],
  neighbour: TransactionSpec,
])[] = [
  ['version', { version: 3 }, ['version', 'none', 'none', 'none'], { version: 2 }],
  ['no version', { version: 3 }, ['version', 'none', 'none', 'none'], { version: 4 }],
  [
    'scriptpubkey',
    outputs(SCRIPTS.witness_unknown),
    ['scriptpubkey', 'none', 'none', 'none'],
    outputs(SCRIPTS.nonstandard),
  ],
  [
    'bare-multisig',
    outputs(multisigScript(1, 1)),
    ['none', 'none', 'none', 'bare-multisig'],
    outputs(SCRIPTS.scripthash),
  ],
  [
    'a multisig of 4',
    outputs(multisigScript(1, 3)),
    ['none', 'none', 'none', 'bare-multisig'],
    outputs(multisigScript(1, 4)),
  ],
  [
    'bare-pubkey',
    outputs(SCRIPTS.pubkey),
    ['none', 'none', 'none', 'bare-pubkey'],
    outputs(SCRIPTS.pubkeyhash),
  ],
  [
    'datacarrier',
    outputs(data81, pay),
    ['datacarrier', 'none', 'datacarrier', 'datacarrier'],
    outputs(data80, pay),
  ],
  [
    'pushes of nulldata',
    outputs(hex('6a 02abcd 02abcd'), pay),
    ['datacarrier', 'none', 'none', 'none'],
    outputs(hex('6a 04abcdabcd'), pay),
  ],
  [
    'multi-op-return',
    outputs(data80, data80, pay),
    ['multi-op-return', 'none', 'multi-op-return', 'multi-op-return'],
    outputs(data80, pay),
  ],
  ['bare-datacarrier', outputs(data80), ['none', 'none', 'none', 'bare-datacarrier'], outputs(data80, pay)],
  ['parasite-cat21', { lockTime: 21 }, ['none', 'none', 'none', 'parasite-cat21'], { lockTime: 22 }],
  [
    'bad-txns-too-many-sigops',
    outputs(...times(201, SCRIPTS.multisig)),
    ['none', 'bad-txns-too-many-sigops', 'bad-txns-too-many-sigops', 'bad-txns-too-many-sigops'],
    outputs(...times(251, multisigScript(1, 4))),
  ],
  [
    'TRUC-violation',
    { version: 3, ...outputs(...times(245, SCRIPTS.witness_v0_scripthash)) },
    ['version', 'TRUC-violation', 'TRUC-violation', 'none'],
    { version: 2, ...outputs(...times(245, SCRIPTS.witness_v0_scripthash)) },
  ],
  [
    'dust',
    { outputs: [{ value: 329, script: pay }] },
    ['dust', 'none', 'none', 'dust'],
    { outputs: [{ value: 330, script: pay }] },
  ],
  [
    'an anchor',
    { outputs: [{ value: 0, script: SCRIPTS.anchor }, {}] },
    ['dust', 'none', 'none', 'none'],
    { outputs: [{ value: 240, script: SCRIPTS.anchor }, {}] },
  ],
];

it.each(DIFFERENCES)(
  'tells how policies differ by %s, and nothing of its neighbour',
  (name, faulty, wanted, neighbour) => {
    // Dust is relayed without a fee alone, where the fee is a fault of its own.
    const isDust = name === 'dust' || name === 'an anchor';
    const told = (spec: TransactionSpec): string[] => verdicts(spec, isDust ? undefined : RICH);
    const found = told(faulty).map((it) => it.split(' ')[1]);
    expect(found).toEqual(wanted);
    begin();
    expect(told(neighbour)).toEqual([]);
  },
);

it('tells the feerates at which policies differ, and nothing where all agree or the fee is not known', () => {
  const { vsize } = transactionOf({});
  const least = Math.ceil(vsize / 10);
  const outcomes = [least - 1, least, vsize - 1, vsize, undefined].map((fee) => {
    begin();
    return verdicts({}, fee).length;
  });
  expect(outcomes).toEqual([0, 4, 4, 0, 0]);
});

it('counts no transaction of a watched node, and none that nobody announced', () => {
  bench = benchOf([propagation], { judges: false });
  relay(transactionOf({ version: 3 }), RICH, [core]);
  expect(points()).toEqual({});
  begin();
  const transaction = transactionOf({ version: 3 });
  bench.bus.emit('transaction', { peer: core, transaction, first: true, receivedMs: 0 });
  expect(points()).toEqual({});
});

it('counts a peer that left as one that could have announced it', () => {
  relay(transactionOf({ version: 3 }), RICH, [knots, core]);
  bench.bus.emit('disconnected', { peer: knots, established: true, reason: 'closed-by-peer' });
  expect(points()['knots none']).toBe(
    counts(1, 0, [
      [1, 2],
      [0, 1],
      [1, 1],
      [0, 1],
    ]),
  );
});

it.each([
  [AGENTS.core, 'core'],
  [AGENTS.commented, 'core'],
  [AGENTS.btcd, 'btcd'],
  [AGENTS.knots, 'knots'],
  [AGENTS.spy, 'other'],
  ['', 'other'],
  ['/Satoshi:31.0.0', 'other'],
  [`/Satoshi:${'1'.repeat(240)}`, 'other'],
])('takes a peer of user agent %s for %s', (userAgent, family) => {
  expect(familyOf(userAgent)).toBe(family);
});
