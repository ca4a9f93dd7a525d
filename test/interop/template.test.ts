import { displayOf } from '../../src/wire/hash';
import { EventBus } from '../../src/lib/event-bus';
import type { MempoolEvents } from '../../src/mempool/mempool-events';
import { RelayView } from '../../src/mempool/relay-view';
import type { WaitingTransaction } from '../../src/mempool/waiting-transactions';
import { parseBlock } from '../../src/wire/block';
import { parseTransaction } from '../../src/wire/transaction';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { makeFreeCoins } from '../support/free-coins';
import { type TxIn, serialize } from '../support/transaction';
import { Wallet } from '../support/wallet';

const TRANSACTIONS = 5_000;
/** Weight of a block: about half of what the transactions take. */
const MAX_WEIGHT = 1_300_000;
const COIN_VALUE = 10_000;
/** Sequence of an input that may be replaced (BIP125). */
const REPLACEABLE = 0xffff_fffd;
/** Descendants of a coin; btcd allows 25 ancestors. */
const LONGEST_CHAIN = 20;

/** An output that everybody may spend. */
interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly value: number;
  /** How many unconfirmed transactions it descends from. */
  readonly depth: number;
  /** The feerate of the last of them. */
  readonly paid: number;
}

interface Template {
  readonly transactions: readonly {
    readonly hash: string;
    readonly txid?: string;
    readonly fee: number;
    readonly weight: number;
  }[];
}

/** What was sent to btcd and to a relay view, and both templates. */
interface Outcome {
  readonly conflicts: number;
  readonly children: number;
  readonly inPool: number;
  readonly inView: number;
  readonly replacements: readonly MempoolEvents['replacement'][];
  readonly theirs: Template['transactions'];
  readonly ours: readonly WaitingTransaction[];
}

/** Numbers from 0 to 1, the same in each run. */
function randoms(): () => number {
  let state = 7;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
}

/** A transaction that spends a coin to as many outputs as it is told, with padding, and pays a fee. */
function spend(coin: Coin, outputs: number, padding: number, rate: number): Buffer {
  const input: TxIn = { ...coin, script: Buffer.of(0x51), scriptSig: Buffer.alloc(0), witness: [] };
  // A push, OP_DROP and OP_TRUE.
  const script = Buffer.concat([Buffer.of(padding), Buffer.alloc(padding, 7), Buffer.of(0x75, 0x51)]);
  const make = (fee: number): Buffer => {
    const each = Math.floor((coin.value - fee) / outputs);
    const values = Array.from({ length: outputs }, (_, i) =>
      i === 0 ? coin.value - fee - each * (outputs - 1) : each,
    );
    return serialize(
      [input],
      values.map((value) => ({ value, script })),
      { sequence: REPLACEABLE },
    );
  };
  const fee = Math.min(Math.floor(coin.value * 0.8), Math.ceil(rate * make(0).length));
  return make(fee);
}

/**
 * Sends 5,000 transactions to a btcd, and what it accepts to a relay view: half of them alone, the others in
 * chains, and some that replace others.
 * @param childRate the feerate of a child whose parent pays `parent` sat/vB; `drawn` is that of another
 */
async function play(
  node: Btcd,
  wallet: Wallet,
  childRate: (parent: number, drawn: number) => number,
): Promise<Outcome> {
  const bus = new EventBus<MempoolEvents>();
  const view = new RelayView({ maxBytes: 300_000_000, expiryMs: 1e9, coinTransactions: 100_000 }, { bus });
  const replacements: MempoolEvents['replacement'][] = [];
  bus.on('replacement', (told) => replacements.push(told));
  const mined = await node.rpc<string[]>('generate', 101);
  const coins = await makeFreeCoins(node, wallet, TRANSACTIONS, mined.slice(0, 1));
  const height = await node.rpc<number>('getblockcount');
  for (let at = 1; at <= height; at++) {
    const hash = await node.rpc<string>('getblockhash', at);
    view.confirm(parseBlock(Buffer.from(await node.rpc<string>('getblock', hash, 0), 'hex')));
  }

  const random = randoms();
  const pick = <T>(list: T[]): T | undefined => list.splice(Math.floor(random() * list.length), 1)[0];
  const open: Coin[] = [];
  /** Coins whose spenders may be replaced. */
  const replaceable: Coin[] = [];
  const confirmed = coins.map((coin): Coin => ({ ...coin, value: COIN_VALUE, depth: 0, paid: 0 }));
  let conflicts = 0;
  let children = 0;
  for (let sent = 0; sent < TRANSACTIONS; sent++) {
    const kind = random();
    const rival = kind < 0.05 ? pick(replaceable) : undefined;
    const coin = rival ?? (kind < 0.5 ? pick(open) : undefined) ?? confirmed.pop();
    if (coin === undefined) break;
    const drawn = 1.5 * 30 ** random();
    let rate = coin.depth === 0 ? drawn : childRate(coin.paid, drawn);
    if (rival !== undefined) rate = rival.paid * 1.5 + 2;
    const bytes = spend(coin, coin.depth === 0 ? 2 : 1, 4 + Math.floor(random() * 70), rate);
    // It does not accept children of what was replaced.
    const isAccepted = await node.rpc('sendrawtransaction', bytes.toString('hex')).then(
      () => true,
      () => false,
    );
    if (!isAccepted) continue;
    const transaction = parseTransaction(bytes);
    view.add(transaction, sent);
    if (rival !== undefined) conflicts += 1;
    else if (coin.depth === 0 && random() < 0.3) replaceable.push({ ...coin, paid: rate });
    if (coin.depth > 0) children += 1;
    const depth = coin.depth + 1;
    if (depth < LONGEST_CHAIN)
      transaction.outputs.forEach(({ value }, vout) => {
        if (value > 2_500) open.push({ txid: transaction.txid, vout, value, depth, paid: rate });
      });
  }
  const pool = await node.rpc<string[]>('getrawmempool');
  const { transactions: theirs } = await node.rpc<Template>('getblocktemplate', {
    capabilities: ['coinbasevalue'],
    rules: ['segwit'],
  });
  const weight = theirs.reduce((sum, transaction) => sum + transaction.weight, 0);
  return {
    ...{ conflicts, children, replacements, theirs },
    inPool: pool.length,
    inView: view.gauges().transactions,
    ours: view.waiting.template(weight / 4),
  };
}

/** How our template compares with btcd's. */
function compare({ theirs, ours }: Outcome): { readonly fees: number; readonly shared: number } {
  const sum = (all: readonly { readonly fee: number }[]): number =>
    all.reduce((total, { fee }) => total + fee, 0);
  const names = new Set(theirs.map(({ hash }) => hash));
  const shared = ours.filter(({ txid }) => names.has(displayOf(txid))).length;
  return { fees: sum(ours) / sum(theirs), shared: shared / theirs.length };
}

btcd.describe('the order of the relay view', (btcdProgram) => {
  const cleanup = new Cleanup();
  let wallet: Wallet;
  let node: Btcd;

  beforeEach(async () => {
    wallet = new Wallet();
    node = cleanup.add(
      await Btcd.start(btcdProgram, {
        miningAddress: wallet.address('regtest'),
        nonStandard: true,
        // Otherwise a part of the block is for old transactions, whatever they pay.
        extraArgs: [`--blockmaxweight=${MAX_WEIGHT}`, '--blockprioritysize=0'],
      }),
      (it) => it.stop(),
    );
  });

  afterEach(() => cleanup.run());

  function expectPlayed({ conflicts, children, inPool, inView, replacements, theirs }: Outcome): void {
    expect(inView).toBe(inPool);
    expect(conflicts).toBeGreaterThan(100);
    expect(children).toBeGreaterThan(1_000);
    expect(replacements).toHaveLength(conflicts);
    expect(replacements.every(({ fee = 0, evicted }) => fee > (evicted.fees ?? 0))).toBe(true);
    expect(theirs.length).toBeGreaterThan(1_000);
    expect(theirs.length).toBeLessThan(inPool * 0.8);
  }

  it('fills a block with what btcd would mine, of 5,000 transactions with chains and conflicts', async () => {
    const outcome = await play(node, wallet, (parent, drawn) => Math.min(parent, drawn));
    expectPlayed(outcome);
    const { fees, shared } = compare(outcome);
    expect(fees).toBeGreaterThanOrEqual(0.98);
    expect(fees).toBeLessThan(1.02);
    expect(shared).toBeGreaterThanOrEqual(0.95);
  }, 600_000);

  // btcd 0.26 takes a transaction after its parents, and considers nothing but its own feerate. Core has
  // children pay for their parents, and so do we.
  it('fills it with more fees than btcd where children pay for their parents', async () => {
    const outcome = await play(node, wallet, (_, drawn) => drawn);
    expectPlayed(outcome);
  }, 600_000);
});
