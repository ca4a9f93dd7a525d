import { setTimeout as sleep } from 'node:timers/promises';
import { INV_BLOCK, INV_TX, type InventoryItem } from '../../../src/wire/messages/inventory';
import { wireHash } from '../../../src/wire/hash';
import type { Btcd } from '../btcd';
import type { Spendable, Payment, Signed, Wallet } from '../wallet';
import { until } from '../until';
import { ChainFacts } from './chain-facts';
import type { BtcdLine } from './btcd-line';
import type { Listener } from './listener';
import { feeOf, type Judged, type ScriptRecord, STANDARD, type Verdicts } from './record';
import type { ScriptedPeer } from './scripted-peer';
import type { TransactionFields } from '../transaction';

/** The number of the scripted peer among the peers of a listener. The btcds of the line have 0 to 2. */
export const SCRIPTED = 3;

/** What a listener stored at a quiet moment, and what it must have stored. */
export interface Checkpoint {
  readonly name: string;
  readonly policy: string;
  readonly expected: object;
  readonly stored: object;
}

/** How long no byte may move before a moment counts as quiet. */
const QUIET_MS = 400;

/**
 * How long bytes may be on their way: a busy machine delays the btcds, the listeners and the recorders
 * between them.
 */
export const ON_THE_WAY_MS = 60_000;

/** The btcds, the scripted peer and the listeners, with methods that act on them and wait for them. */
export class Stage {
  readonly checkpoints: Checkpoint[] = [];
  readonly facts = new ChainFacts();

  constructor(
    readonly line: BtcdLine,
    readonly scripted: ScriptedPeer,
    readonly listeners: readonly Listener[],
    readonly wallet: Wallet,
    readonly record: ScriptRecord,
  ) {}

  /** A transaction that spends one coin and leaves `fee`. */
  pay(
    coin: Spendable,
    fee: number,
    type: Payment['type'] = 'pubkeyhash',
    frame: TransactionFields = {},
  ): Signed {
    return this.wallet.sign([coin], [{ type, value: coin.value - fee }], frame);
  }

  /** Sends transactions to a btcd, and waits until its side of the line and the listeners have them. */
  async send(
    node: Btcd,
    transactions: readonly Signed[],
    options: { verdicts?: Verdicts; feeKnown?: boolean; reach?: readonly Btcd[] } = {},
  ): Promise<void> {
    const { verdicts = STANDARD, feeKnown = true, reach = this.line.nodes } = options;
    for (const transaction of transactions) {
      await node.rpc('sendrawtransaction', transaction.hex);
      this.note(transaction, verdicts, feeKnown);
    }
    const txids = transactions.map(({ txid }) => txid);
    for (const each of reach)
      await until('the btcds to have a transaction', async () => {
        const mempool = new Set(await each.rpc<string[]>('getrawmempool'));
        return txids.every((txid) => mempool.has(txid));
      });
    await this.untilHeard(txids);
  }

  /** Has the scripted peer announce a transaction that it has, and waits until the listeners have it. */
  async offer(transaction: Signed, { verdicts = STANDARD, feeKnown = true } = {}): Promise<void> {
    this.note(transaction, verdicts, feeKnown);
    this.record.unmined.add(transaction.txid);
    const hash = wireHash(transaction.txid);
    this.scripted.has(hash, { command: 'tx', payload: Buffer.from(transaction.hex, 'hex') });
    this.scripted.announce([{ type: INV_TX, hash }]);
    await this.untilHeard([transaction.txid]);
  }

  /** Records a transaction that the listeners are about to receive. */
  note(transaction: Signed, verdicts: Verdicts = STANDARD, feeKnown = true): void {
    const fee = feeKnown ? feeOf(transaction) : undefined;
    this.record.relayed.set(transaction.txid, { transaction, verdicts, fee });
  }

  async untilHeard(txids: readonly string[]): Promise<void> {
    const list = txids.map((txid) => `'${txid}'`).join();
    const sql = `SELECT count(*) AS n FROM tx WHERE sha IN (${list}) HAVING count(*) >= ${txids.length}`;
    for (const listener of this.listeners) await listener.untilRow(`${txids.length} transactions`, sql);
  }

  /**
   * Has a btcd mine one block, and waits until its side of the line has it and the listeners have judged it.
   * @param becomesBest whether the listeners must take it for the best
   */
  async mine(
    node: Btcd,
    { reach = this.line.nodes, becomesBest = true }: { reach?: readonly Btcd[]; becomesBest?: boolean } = {},
  ): Promise<string> {
    const [sha = ''] = await node.rpc<string[]>('generate', 1);
    await this.spread(sha, { reach, becomesBest });
    return sha;
  }

  /** Waits until a btcd's block has arrived everywhere, and records it. */
  async spread(
    sha: string,
    options: { reach: readonly Btcd[]; becomesBest: boolean; unseen?: number },
  ): Promise<void> {
    const { reach, becomesBest, unseen = 0 } = options;
    for (const each of reach)
      await until('the btcds to have a block', async () => (await each.rpc('getbestblockhash')) === sha);
    for (const each of reach.slice(0, 1)) await this.facts.learn(each, sha);
    const from = this.line.nodes.flatMap((node, i) => (reach.includes(node) ? [i] : []));
    await this.judged({ sha, status: becomesBest ? 'accepted' : 'side_chain', from, unseen });
    if (becomesBest) this.record.bests.push(sha);
  }

  /** Records a judgement and waits until the listeners have made it. */
  async judged(judged: Judged): Promise<void> {
    const { record } = this;
    record.judged.push(judged);
    const times = record.judged.filter(({ sha }) => sha === judged.sha).length;
    const sql = `SELECT count(*) AS n FROM processed_blocks WHERE sha = '${judged.sha}' HAVING count(*) >= ${times}`;
    for (const listener of this.listeners) await listener.untilRow(`a block ${judged.status}`, sql);
  }

  /** An item that announces a block. */
  blockItem(sha: string): InventoryItem {
    return { type: INV_BLOCK, hash: wireHash(sha) };
  }

  /**
   * When no byte moves, compares the relay views with the btcds' mempools and with what only the scripted
   * peer has.
   */
  async checkpoint(name: string, orphans = 0): Promise<void> {
    await this.line.untilQuiet(QUIET_MS);
    for (const listener of this.listeners) {
      const deadline = Date.now() + ON_THE_WAY_MS;
      let [expected, stored] = await this.views(listener, orphans);
      // Nothing moves as well while one of them stands still. What then never comes, the test will tell.
      while (JSON.stringify(expected) !== JSON.stringify(stored) && Date.now() < deadline)
        [expected, stored] = await this.views(listener, orphans);
      this.checkpoints.push({ name, policy: listener.policy, expected, stored });
    }
  }

  /** What a listener's relay view must have now, and what it tells of it in its next interval. */
  private async views(listener: Listener, orphans: number): Promise<[expected: object, stored: object]> {
    const expected = await this.expectedView(orphans);
    const since = `${BigInt(Date.now()) * 1_000_000n}`;
    const stored = await listener.untilRow(
      'a quiet interval',
      `SELECT num_tx, size, num_orphans, m.fees_known FROM mempool AS v, btcdmon AS m
       WHERE epoch_ns(v.time) > ${since} AND epoch_ns(m.time) > ${since} AND m.rss IS NOT NULL LIMIT 1`,
    );
    return [expected, stored];
  }

  /** Waits until every listener has written another interval. */
  async untilWritten(): Promise<void> {
    const since = `${BigInt(Date.now()) * 1_000_000n}`;
    for (const listener of this.listeners)
      await listener.untilRow(
        'an interval',
        `SELECT 1 AS one FROM inv WHERE epoch_ns(time) > ${since} LIMIT 1`,
      );
  }

  pause(ms: number): Promise<void> {
    return sleep(ms);
  }

  private async expectedView(orphans: number): Promise<object> {
    const mempools = await Promise.all(this.line.nodes.map((node) => node.rpc<string[]>('getrawmempool')));
    const txids = [...new Set([...mempools.flat(), ...this.record.unmined])].filter(
      (txid) => !this.record.lost.has(txid),
    );
    const relayed = txids.map((txid) => {
      const known = this.record.relayed.get(txid);
      if (known === undefined) throw new Error(`${txid} is in a mempool, and the script did not send it`);
      return known;
    });
    const size = relayed.reduce((sum, { transaction }) => sum + transaction.hex.length / 2, 0);
    const known = relayed.filter(({ fee }) => fee !== undefined).length;
    return {
      num_tx: relayed.length,
      size,
      num_orphans: orphans,
      fees_known: relayed.length === 0 ? null : (known / relayed.length) * 100,
    };
  }
}
