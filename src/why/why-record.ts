import { isJudged } from '../chain/chain-events';
import { UNKNOWN_POOL } from '../chain/miner';
import type { Handlers } from '../lib/event-bus';
import type { Collector, MonitorEvents } from '../metrics/collector';
import type { PeerAccounts } from '../metrics/sessions/peer-accounts';
import { messageFields, sessionFields } from '../metrics/sessions/session-fields';
import type { Hash } from '../wire/hash';
import { INV_TX, INV_WTX, type InventoryItem, kindOfItem } from '../wire/messages/inventory';
import type { KeptWhere } from './chunk-log';
import { FormerNames, nameOfBlock } from './former-names';
import { ItemLog } from './item-log';
import type { KeptFolder } from './kept/kept-folder';
import { KnownBlocks } from './known-blocks';
import { KnownPeers } from './known-peers';
import type { TransactionFact } from './transaction-facts';
import { TransactionLog } from './transaction-log';

/** What the groups of ids tell. */
const ANNOUNCED_BY_TXID = 1;
export const ANNOUNCED_BY_WTXID = 2;
export const NOT_FOUND = 3;
export const ASKED = 4;
const IN_BLOCK = 5;

/**
 * The parts of the memory, and of the disk. What strangers fill has its own, so that it displaces nothing
 * else.
 */
const ANNOUNCED_PART = 0.37;
const ASKED_PART = 0.085;
const MINED_PART = 0.045;
const TRANSACTIONS_PART = 0.5;

/** How long and in how much memory a node remembers what happened to transactions, blocks and peers. */
export interface WhyLimits {
  readonly keptMs: number;
  readonly maxBytes: number;
  /** The most bytes on disk for what no longer fits into memory; 0 for none. */
  readonly diskBytes: number;
}

export interface WhyModules {
  /** A clock whose readings are not recorded: the record makes no points. */
  readonly monotonicMs: () => number;
  /** Accounts of the open connections, which a collector keeps. */
  readonly accounts: PeerAccounts;
  /** Where it is kept on disk; null for memory alone. */
  readonly folder?: KeptFolder | null;
}

/**
 * Remembers what happened to each transaction, block and peer, for the command `why`. It follows the events
 * like a collector, makes no points, and its memory and disk are bounded. Times are on the monotonic clock.
 * Facts about transactions survive a restart. Blocks and connections do not, but their names do.
 */
export class WhyRecord implements Collector {
  readonly name = 'why';
  readonly on: Handlers<MonitorEvents>;
  readonly announced: ItemLog;
  readonly asked: ItemLog;
  /** The transactions of blocks that joined the best chain. */
  readonly mined: ItemLog;
  readonly transactions: TransactionLog;
  readonly blocks = new KnownBlocks();
  readonly peers = new KnownPeers();
  /** Addresses of connections that are no longer remembered, and blocks of former runs, by number. */
  readonly former = new FormerNames();
  readonly startedMs: number;
  /** Height of the best block that has arrived; null before one has. */
  bestHeight: number | null = null;
  /** Who sent a transaction that is not judged yet. */
  private sender: { readonly txid: Hash; readonly connection: number } | null = null;
  /** The last fee that became known. It is no fact of its own if its transaction is judged next. */
  private lastFee: { readonly timeMs: number; readonly txid: Hash; readonly fee: number } | null = null;
  private connects = 0;
  /** The last `inv`. Its items are requested before the event that announces them, so its time is kept. */
  private lastInv: { readonly connection: number; readonly timeMs: number } | null = null;

  constructor(
    readonly limits: WhyLimits,
    readonly modules: WhyModules,
  ) {
    const part = (name: string, share: number, isOfBlocks = false) =>
      [share * limits.maxBytes, this.whereOf(name, share, isOfBlocks)] as const;
    this.announced = new ItemLog(...part('announced', ANNOUNCED_PART));
    this.asked = new ItemLog(...part('asked', ASKED_PART));
    this.mined = new ItemLog(...part('mined', MINED_PART, true));
    this.transactions = new TransactionLog(...part('transactions', TRANSACTIONS_PART));
    this.startedMs = modules.monotonicMs();
    this.on = { ...this.peerEvents(), ...this.transactionEvents(), ...this.blockEvents() };
  }

  /** Bytes of memory of the facts about transactions; blocks and connections have bounds of their own. */
  get bytes(): number {
    return this.logs.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes on disk. */
  get keptBytes(): number {
    return this.logs.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
  }

  /** How far back facts about transactions go, also those of former runs. */
  get reachesMs(): number {
    return Math.min(this.startedMs, ...this.logs.flatMap(({ oldestKeptMs }) => oldestKeptMs ?? []));
  }

  /** The time up to which facts were dropped because there was no more room; null where none were. */
  get dropped(): number | null {
    const times = this.logs.flatMap(({ dropped }) => dropped ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }

  /** The place that is full if facts were dropped, as answers name it. */
  get roomText(): string {
    return this.modules.folder == null ? 'Its memory (--why-size)' : 'Its disk (--why-disk)';
  }

  /** What is told of a transaction with this txid or wtxid, in order. */
  findTransaction(id: Hash): Promise<readonly TransactionFact[]> {
    this.noteFee();
    return this.transactions.find(id);
  }

  /** Writes what is in memory alone to disk, for the next run. */
  async close(): Promise<void> {
    this.noteFee();
    await Promise.all(this.logs.map((log) => log.close()));
    await this.modules.folder?.close();
  }

  readonly interval = (): void => {
    this.noteFee();
    const until = this.modules.monotonicMs() - this.limits.keptMs;
    for (const part of [...this.logs, this.blocks, this.peers]) part.expire(until);
  };

  private get logs(): readonly (ItemLog | TransactionLog)[] {
    return [this.announced, this.asked, this.mined, this.transactions];
  }

  /** Where a log is kept on disk; null for memory alone. */
  private whereOf(name: string, share: number, isOfBlocks: boolean): KeptWhere | null {
    const { folder = null } = this.modules;
    if (folder === null) return null;
    const where = { folder, name, maxBytes: share * this.limits.diskBytes };
    const { blocks, peers, former } = this;
    if (!isOfBlocks)
      return {
        ...where,
        nameOf: (number) => peers.get(number)?.address ?? former.peer(number),
        named: (number, text) => {
          if (peers.get(number) === undefined) former.peerNamed(number, text);
        },
      };
    return {
      ...where,
      nameOf: (number) => {
        const found = blocks.ofConnection(number);
        return found === null
          ? undefined
          : nameOfBlock({ hash: found.block.hash, height: found.connection.height });
      },
      named: (number, text) => former.blockNamed(number, text),
    };
  }

  private peerEvents(): Handlers<MonitorEvents> {
    const { peers, modules } = this;
    const { monotonicMs, accounts } = modules;
    return {
      opened: ({ peer }) => void peers.of(peer, monotonicMs()),
      handshake: ({ peer }) => (peers.of(peer, monotonicMs()).greetedMs ??= monotonicMs()),
      violation: ({ peer, reason }) => peers.violated(peer, reason, monotonicMs()),
      disconnected: ({ peer, reason }) => {
        // The collector of sessions closes the account after this.
        const account = accounts.get(peer);
        const session = account === undefined ? null : accounts.sessionOf(peer, account, monotonicMs());
        peers.left(
          peer,
          {
            reason,
            session: session === null ? null : sessionFields(session),
            messages: session === null ? null : messageFields(session),
          },
          monotonicMs(),
        );
      },
    };
  }

  private transactionEvents(): Handlers<MonitorEvents> {
    const { monotonicMs } = this.modules;
    const { transactions } = this;
    return {
      received: ({ peer, command }) => {
        if (command === 'inv') this.lastInv = { connection: peer.id, timeMs: monotonicMs() };
      },
      announced: ({ peer: { id: of }, items }) => {
        const timeMs = this.lastInv?.connection === of ? this.lastInv.timeMs : monotonicMs();
        this.lastInv = null;
        this.announced.add({ of, timeMs }, items, announcedBy, hashOf);
      },
      requested: ({ peer: { id: of }, items = [] }) => {
        const timeMs = monotonicMs();
        this.asked.add({ of, timeMs }, items, (item) => (isTransaction(item) ? ASKED : null), hashOf);
        for (const { type, hash } of items)
          if (kindOfItem(type) === 'block') this.blocks.asked(hash, of, timeMs);
      },
      notFound: ({ peer: { id: of }, items = [] }) =>
        this.announced.add(
          { of, timeMs: monotonicMs() },
          items,
          (item) => (isTransaction(item) ? NOT_FOUND : null),
          hashOf,
        ),
      // A transaction is judged before or after the listeners of this event hear of it.
      transaction: ({ peer, transaction: { wireTxid: txid }, first }) => {
        if (first && !transactions.setSender(txid, peer.id)) this.sender = { txid, connection: peer.id };
      },
      transactionShed: ({ peer, transaction }) =>
        transactions.add({
          ...{ kind: 'shed', timeMs: monotonicMs(), txid: transaction.wireTxid, connection: peer.id },
        }),
      judged: ({ transaction, verdict, measures, fee = null, receivedMs, judgedMs }) => {
        if (this.lastFee?.txid === transaction.wireTxid) this.lastFee = null;
        transactions.addReceived(transaction, {
          ...{ timeMs: receivedMs, fee, reason: verdict.reason ?? null },
          connection: this.sender?.txid === transaction.wireTxid ? this.sender.connection : null,
          checkedAfterMs: judgedMs === undefined ? null : judgedMs - receivedMs,
          measures,
        });
        this.sender = null;
      },
      feeKnown: ({ txid, fee }) => {
        this.noteFee();
        this.lastFee = { timeMs: monotonicMs(), txid, fee };
      },
      removed: ({ txid, reason }) => {
        // The block itself tells of its transactions.
        if (reason !== 'block') transactions.add({ kind: 'removed', timeMs: monotonicMs(), txid, reason });
      },
      conflict: ({ txid, conflictsWith: other, prevTxid, prevIndex, fee = null, otherFee = null }) =>
        transactions.add({
          ...{ kind: 'conflict', timeMs: monotonicMs(), txid, other, prevTxid, prevIndex, fee, otherFee },
        }),
    };
  }

  private noteFee(): void {
    if (this.lastFee !== null) this.transactions.add({ kind: 'fee', ...this.lastFee });
    this.lastFee = null;
  }

  private blockEvents(): Handlers<MonitorEvents> {
    const { blocks } = this;
    const { monotonicMs } = this.modules;
    return {
      blockAnnounced: ({ peer, hash }) => blocks.announce(hash, peer.id, monotonicMs()),
      block: ({ peer, block: { wireHash }, requested, receivedMs }) => {
        // Unrequested blocks are kept if they are judged; a peer could fill the memory with others.
        const block = requested ? blocks.came(wireHash) : blocks.get(wireHash);
        if (block === undefined) return;
        block.received ??= { connection: peer.id, timeMs: receivedMs, wasRequested: requested };
      },
      compactBlock: ({ hash, ...outcome }) => {
        const block = blocks.get(hash);
        if (block !== undefined) block.compact ??= outcome;
      },
      blockExamined: ({ judged, numInputs, numOutputs, numUnseen, pool }) => {
        const { block, status, height = null, reason = null, processTimeMs, totalTxFees } = judged;
        if (!isJudged(status)) return;
        blocks.came(block.wireHash).judged = {
          ...{ timeMs: monotonicMs(), status, height, reason, processMs: processTimeMs ?? null },
          ...{ size: block.size, weight: block.weight, numTx: block.transactions.length },
          ...{ numInputs, numOutputs, numUnseen, fees: totalTxFees ?? null, time: block.time },
          ...{ coinbaseTxid: block.transactions[0]?.wireTxid ?? null, prev: block.wirePrevHash },
          pool: pool ?? UNKNOWN_POOL,
        };
      },
      blockConnected: ({ block, height }) => {
        const timeMs = monotonicMs();
        const number = (this.connects += 1);
        blocks.came(block.wireHash).connections.push({ number, height, timeMs, leftMs: null });
        this.mined.add(
          { of: number, timeMs },
          block.transactions,
          () => IN_BLOCK,
          ({ wireTxid }) => wireTxid,
        );
      },
      blockDisconnected: ({ hash }) => {
        const last = blocks.get(hash)?.connections.at(-1);
        if (last !== undefined) last.leftMs = monotonicMs();
      },
      newBest: ({ height }) => (this.bestHeight = height),
    };
  }
}

/** What an item of an `inv` tells of a transaction; null for another one. */
function announcedBy({ type }: InventoryItem): number | null {
  if (type === INV_WTX) return ANNOUNCED_BY_WTXID;
  return type === INV_TX ? ANNOUNCED_BY_TXID : null;
}

function isTransaction({ type }: InventoryItem): boolean {
  return kindOfItem(type) === 'tx';
}

function hashOf({ hash }: InventoryItem): Hash {
  return hash;
}
