import type { ProcessedBlock } from '../chain/chain-events';
import type { Handlers } from '../lib/event-bus';
import type { JudgedTransaction } from '../mempool/mempool-events';
import type { Collector, MonitorEvents } from '../metrics/collector';
import type { Hash } from '../wire/hash';
import { type Complain, guard } from '../metrics/guard';
import type { Live, LiveBlock, LiveEvent, LivePeer, LiveTransaction } from './live';
import { PeerTable } from './peer-table';

const MAX_BLOCKS = 20;
const MAX_TRANSACTIONS = 100;

/** The run that a live view shows. */
export interface LiveViewOptions {
  readonly node: string;
  readonly network: string;
}

export interface LiveViewModules {
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
  /** Called when a listener fails. */
  readonly complain: Complain;
}

/**
 * Follows the events like a collector, and is guarded like one. Its memory is bounded by the number of
 * connections or by constants, and it keeps no bytes of messages.
 */
export class LiveView implements Live, Collector {
  readonly name = 'live view';
  readonly node: string;
  readonly network: string;
  readonly startedMs: number;
  readonly on: Handlers<MonitorEvents>;
  private readonly table: PeerTable;
  /** By hash (as people write it), the oldest first. */
  private readonly lastBlocks = new Map<string, LiveBlock>();
  /** By txid, the oldest first. */
  private readonly lastTransactions = new Map<Hash, LiveTransaction>();
  private readonly listeners = new Set<(event: LiveEvent) => void>();

  constructor(
    { node, network }: LiveViewOptions,
    private readonly modules: LiveViewModules,
  ) {
    this.node = node;
    this.network = network;
    this.startedMs = modules.nowMs();
    const table = new PeerTable(modules.nowMs);
    this.table = table;
    this.on = {
      bytesRead: ({ peer, bytes }) => table.read(peer, bytes),
      bytesWritten: ({ peer, bytes }) => table.written(peer, bytes),
      received: ({ peer }) => table.received(peer),
      sent: ({ peer }) => table.sent(peer),
      pong: ({ peer, rttMs }) => table.pong(peer, rttMs),
      disconnected: ({ peer }) => table.left(peer),
      processedBlock: (event) => this.processed(event),
      judged: (event) => this.judged(event),
      feeKnown: ({ txid, fee, vsize }) => this.feeKnown(txid, fee / vsize),
    };
  }

  peers(): readonly LivePeer[] {
    return this.table.list();
  }

  blocks(): readonly LiveBlock[] {
    return [...this.lastBlocks.values()].reverse();
  }

  transactions(): readonly LiveTransaction[] {
    return [...this.lastTransactions.values()].reverse();
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    const run = guard('live view listener', this.modules.complain);
    const guarded = (event: LiveEvent): void => run(() => listener(event));
    this.listeners.add(guarded);
    return () => this.listeners.delete(guarded);
  }

  /** Shows a relayed transaction, with the verdict of the policy. */
  private judged({ transaction, verdict, fee }: JudgedTransaction): void {
    const { txid: sha, vsize, inputs, outputs } = transaction;
    const entry: LiveTransaction = {
      timeMs: this.modules.nowMs(),
      sha,
      vsize,
      numInputs: inputs.length,
      numOutputs: outputs.length,
      value: outputs.reduce((sum, { value }) => sum + value, 0),
      feeRate: fee === undefined ? null : fee / vsize,
      nonStandardReason: verdict.reason ?? null,
    };
    keep(this.lastTransactions, transaction.wireTxid, entry, MAX_TRANSACTIONS);
    this.tell({ kind: 'transaction', transaction: entry });
  }

  /** A duplicate or unrequested block is not judged, and a peer could fill the list with such blocks. */
  private processed({ block, status, height, processTimeMs, totalTxFees }: ProcessedBlock): void {
    if (status === 'duplicate' || status === 'unrequested') return;
    const entry: LiveBlock = {
      timeMs: this.modules.nowMs(),
      sha: block.hash,
      height: height ?? null,
      status,
      size: block.size,
      numTx: block.transactions.length,
      totalFees: totalTxFees ?? null,
      processMs: processTimeMs ?? null,
    };
    keep(this.lastBlocks, block.hash, entry, MAX_BLOCKS);
    this.tell({ kind: 'block', block: entry });
  }

  /** The fee of a transaction that came before its parent. */
  private feeKnown(txid: Hash, feeRate: number): void {
    const entry = this.lastTransactions.get(txid);
    if (entry !== undefined) this.lastTransactions.set(txid, { ...entry, feeRate });
  }

  private tell(event: LiveEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

/**
 * Puts an entry at the end, even if it is in the list already: an orphan is judged again when its parent
 * arrives.
 */
function keep<Key, T>(list: Map<Key, T>, key: Key, entry: T, most: number): void {
  list.delete(key);
  list.set(key, entry);
  for (const [oldest] of list) {
    if (list.size <= most) break;
    list.delete(oldest);
  }
}
