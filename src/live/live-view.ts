import { isJudged } from '../chain/chain-events';
import type { ChainTree } from '../chain/chain-tree';
import type { Handlers } from '../lib/event-bus';
import type { ExaminedBlock } from '../mempool/examined-block';
import type { JudgedTransaction } from '../mempool/mempool-events';
import type { Collector, MonitorEvents } from '../metrics/collector';
import type { Hash } from '../wire/hash';
import { type Complain, guard } from '../metrics/guard';
import type { FieldsOf } from '../metrics/schema';
import type { PeerAccounts } from '../metrics/sessions/peer-accounts';
import { messageFields, sessionFields } from '../metrics/sessions/session-fields';
import { BAND_FLOORS, type FeeBands } from '../mempool/fee-bands';
import type { ExporterStats } from '../metrics/collector';
import type { DialState } from '../p2p/dial-state';
import { formatEndpoint } from '../p2p/endpoint';
import type { NetworkName } from '../wire/networks';
import { BlockNotes } from './block-notes';
import { dialWords } from './dial-words';
import { nextBlockRate } from './fees-verdict';
import type {
  Health,
  Live,
  LiveBlock,
  LiveChain,
  LiveEvent,
  LivePeer,
  LiveSession,
  LiveTransaction,
} from './live';
import { liveChain } from './live-chain';
import { livePeer } from './live-peer';
import { verdictsOf } from './verdicts';
import { Vitals } from './vitals';

const MAX_BLOCKS = 20;
const MAX_TRANSACTIONS = 100;

/** How long a reading of the whole mempool is used, in milliseconds. */
const MEMPOOL_FRESH_MS = 10_000;

/** The run that a live view shows. */
export interface LiveViewOptions {
  readonly node: string;
  readonly network: NetworkName;
}

/** The parts of a running node that the live view asks. */
export interface LiveSources {
  /** Height of the best header, and the time in it in Unix seconds. */
  readonly chain: () => { readonly height: number; readonly time: number };
  readonly tree: () => ChainTree;
  readonly dials: () => readonly DialState[];
  readonly mempool: () => FeeBands;
  /** Number of its transactions. */
  readonly transactions: () => number;
  readonly exporters: () => readonly ExporterStats[];
}

export interface LiveViewModules {
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
  /** The accounts of the open connections, which a collector keeps. */
  readonly accounts: PeerAccounts;
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
  readonly network: NetworkName;
  readonly startedMs: number;
  readonly on: Handlers<MonitorEvents>;
  /** By hash in reversed hex, the oldest first. */
  private readonly lastBlocks = new Map<string, LiveBlock>();
  /** By txid, the oldest first. */
  private readonly lastTransactions = new Map<Hash, LiveTransaction>();
  private readonly listeners = new Set<(event: LiveEvent) => void>();
  private readonly notes = new BlockNotes();
  private readonly vitals: Vitals;
  private sources: LiveSources | null = null;
  /** When the best chain last grew in this run. */
  private grewMs = 0;
  private mempool: { readonly atMs: number; readonly bands: FeeBands } | null = null;

  constructor(
    { node, network }: LiveViewOptions,
    private readonly modules: LiveViewModules,
  ) {
    this.node = node;
    this.network = network;
    this.startedMs = modules.nowMs();
    this.vitals = new Vitals(modules.nowMs);
    this.on = {
      handshake: () => this.notes.greeted(),
      disconnected: ({ established }) => {
        if (established) this.notes.left();
      },
      blockAnnounced: ({ peer, hash }) => this.notes.announced(hash, peer, modules.nowMs()),
      newBest: () => (this.grewMs = modules.nowMs()),
      reorg: ({ depth }) => this.vitals.reorg(depth),
      blockExamined: (event) => this.examined(event),
      judged: (event) => this.judged(event),
      feeKnown: ({ txid, fee, vsize }) => this.feeKnown(txid, fee / vsize),
    };
  }

  /** Begins to ask the parts of the node, which are made later than the page that shows them. */
  follow(sources: LiveSources): void {
    this.sources = sources;
  }

  readonly interval = (): void => {
    this.notes.expire(this.modules.nowMs());
    if (this.sources === null) return;
    const { transactions, exporters } = this.sources;
    this.vitals.sample({ peers: this.modules.accounts.greeted, transactions: transactions() }, exporters());
  };

  /** Takes what was measured of the event loop in an interval. */
  loopMeasured(lagMs: number | undefined, stalledMs: number): void {
    this.vitals.loop(lagMs ?? 0, stalledMs);
  }

  peers(): readonly LivePeer[] {
    return this.modules.accounts.list().map(livePeer);
  }

  sessions(): readonly FieldsOf<'peer_sessions'>[] {
    const { accounts } = this.modules;
    return accounts.list().map(([peer, account]) => sessionFields(accounts.sessionOf(peer, account)));
  }

  session(id: number): LiveSession | null {
    const { accounts } = this.modules;
    const found = accounts.list().find(([peer]) => peer.id === id);
    if (found === undefined) return null;
    const session = accounts.sessionOf(...found);
    return { session: sessionFields(session), messages: messageFields(session) };
  }

  health(): Health {
    if (this.sources === null) return { height: null, grewMs: null, dials: [], verdicts: [], mempool: null };
    const { network, startedMs, vitals } = this;
    const nowMs = this.modules.nowMs();
    const { height, time } = this.sources.chain();
    const grewMs = Math.min(nowMs, Math.max(this.grewMs, time * 1_000));
    const dials = this.sources.dials();
    const mempool = this.feeBands(this.sources);
    const verdicts = verdictsOf({
      ...{ network, nowMs, startedMs, height, grewMs, dials, peers: this.peers() },
      ...{ peerChange: vitals.peerChange, reorgDepth: vitals.reorgDepth, mempool },
      ...{ mempoolChange: vitals.transactionChange, deliveries: vitals.deliveries, loop: vitals.loopFacts },
    });
    const missing = dials.filter(({ connected }) => connected === null);
    return {
      ...{ height, grewMs, verdicts },
      mempool: {
        transactions: mempool.transactions,
        bands: BAND_FLOORS.map((from, band) => [from, mempool.vsizes[band] ?? 0]),
        unknownVsize: mempool.unknownVsize,
        nextBlockRate: nextBlockRate(mempool),
      },
      dials: missing.map((dial) => ({
        ...{ address: formatEndpoint(dial.endpoint), ...dialWords(dial, network), failures: dial.failures },
        nextTryMs: dial.waitMs === null ? null : nowMs + dial.waitMs,
      })),
    };
  }

  chain(): LiveChain | null {
    return this.sources === null ? null : liveChain(this.sources.tree(), this.notes);
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
  private examined({ judged, pool }: ExaminedBlock): void {
    const { block, status, height, reason, processTimeMs, totalTxFees } = judged;
    if (!isJudged(status)) return;
    this.notes.judged(block.wireHash, { pool: pool ?? null, reason: reason ?? null });
    const entry: LiveBlock = {
      timeMs: this.modules.nowMs(),
      sha: block.hash,
      height: height ?? null,
      status,
      size: block.size,
      numTx: block.transactions.length,
      totalFees: totalTxFees ?? null,
      processMs: processTimeMs ?? null,
      firstFrom: this.notes.get(block.wireHash)?.firstFrom ?? null,
    };
    keep(this.lastBlocks, block.hash, entry, MAX_BLOCKS);
    this.tell({ kind: 'block', block: entry });
  }

  /** The fee of a transaction that came before its parent. */
  private feeKnown(txid: Hash, feeRate: number): void {
    const entry = this.lastTransactions.get(txid);
    if (entry !== undefined) this.lastTransactions.set(txid, { ...entry, feeRate });
  }

  private feeBands({ mempool }: LiveSources): FeeBands {
    const atMs = this.modules.nowMs();
    const age = atMs - (this.mempool?.atMs ?? -Infinity);
    if (this.mempool === null || age < 0 || age > MEMPOOL_FRESH_MS) this.mempool = { atMs, bands: mempool() };
    return this.mempool.bands;
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
