import type { Health, LiveBlock, LivePeer, LiveTransaction } from '../../live/live';
import type { Api } from './api';
import { Arrivals } from './arrivals';
import { BlockStrip } from './block-strip';
import { byId, setText } from './dom';
import { formatValue } from './format';
import { LiveTable } from './live-table';
import { MempoolBands } from './mempool-bands';
import {
  type PeerRow,
  blockColumns,
  isMissing,
  peerColumns,
  peerText,
  transactionColumns,
} from './now-columns';
import { PeerFilter } from './peer-filter';
import { PeerParts } from './peer-parts';
import { PeerView } from './peer-view';
import { RatePerMinute } from './rate';
import { withStored } from './stored-blocks';
import type { LiveMessages } from './api-types';

const MOST_TRANSACTIONS = 100;

/** Transactions come up to ten a second, but nobody can read more than two new tables in a second. */
const DRAW_EVERY_MS = 500;

/** The tab of the current state: the chain, the mempool, transactions as they come, and the peers. */
export class Now {
  private readonly strip: BlockStrip;
  private readonly bands = new MempoolBands();
  private readonly arrivals: Arrivals;
  private readonly blocks: LiveTable<LiveBlock>;
  private readonly transactions: LiveTable<LiveTransaction>;
  private readonly peers: LiveTable<PeerRow>;
  private lastBlocks: readonly LiveBlock[] = [];
  private storedBlocks: readonly LiveBlock[] = [];
  private lastTransactions: readonly LiveTransaction[] = [];
  private readonly peerFilter: PeerFilter;
  private readonly peerView: PeerView;
  private readonly peerParts = new PeerParts();
  /** Null before the first list of peers. */
  private lastPeers: readonly LivePeer[] | null = null;
  private health: Health | null = null;
  private readonly rate: RatePerMinute;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private readonly held = byId('held', 'p');

  /** @param now the server's time in Unix milliseconds */
  constructor(now: () => number, api: Api) {
    this.rate = new RatePerMinute(now);
    this.strip = new BlockStrip(now);
    this.arrivals = new Arrivals(now);
    this.blocks = new LiveTable({
      caption: 'Last blocks',
      columns: blockColumns(now),
      key: ({ sha, timeMs }) => `${sha} ${timeMs}`,
      empty: 'No block has come yet.',
    });
    this.transactions = new LiveTable({
      caption: 'Last transactions',
      columns: transactionColumns(now),
      key: ({ sha, timeMs }) => `${sha} ${timeMs}`,
      empty: 'No transaction has come since the start.',
    });
    this.peers = new LiveTable({
      caption: 'Peers',
      columns: peerColumns(now, () => this.health?.height ?? null),
      key: (row) => (isMissing(row) ? `missing ${row.address}` : String(row.id)),
      rowClass: (row) => (isMissing(row) ? 'missing' : null),
      search: peerText,
      open: (row) => {
        if (!isMissing(row)) this.peerView.open(row);
      },
      empty: 'No peer is connected.',
    });
    this.peerView = new PeerView(api);
    this.peerFilter = new PeerFilter((text) => {
      this.peers.filter(text);
      this.countPeers();
    });
    byId('last-blocks', 'div').append(this.blocks.element);
    byId('last-transactions', 'div').append(this.transactions.element);
    byId('peer-table', 'div').append(this.peers.element);
    this.transactions.element.addEventListener('pointerleave', () => this.drawTransactions());
    setInterval(() => this.tick(), 1000);
  }

  /** Number of connected peers; null before the first list of them. */
  get peerCount(): number | null {
    return this.lastPeers?.filter(({ version }) => version !== null).length ?? null;
  }

  /** Applies an event of the stream; `status` tells whether a node is running at all. */
  take<K extends keyof LiveMessages>(kind: K, message: LiveMessages[K]): void {
    const takers: { readonly [name in keyof LiveMessages]: (message: LiveMessages[name]) => void } = {
      status: ({ live }) => {
        byId('live', 'div').hidden = !live;
        byId('not-live', 'p').hidden = live;
      },
      peers: (peers) => {
        this.lastPeers = peers;
        this.showPeers();
      },
      peersPart: (part) => {
        this.lastPeers = this.peerParts.add(part) ?? this.lastPeers;
        this.showPeers();
      },
      health: (health) => {
        this.health = health;
        this.bands.show(health.mempool);
        this.showPeers();
      },
      blocks: (blocks) => this.showBlocks(blocks),
      block: (block) => this.showBlocks([block, ...this.lastBlocks.filter(({ sha }) => sha !== block.sha)]),
      transactions: (transactions) => {
        this.lastTransactions = transactions;
        this.rate.begin(transactions.map(({ timeMs }) => timeMs));
        this.arrivals.begin(transactions);
        this.drawTransactions();
      },
      transaction: (transaction) => {
        this.rate.add(1 + (transaction.skipped ?? 0));
        this.lastTransactions = [transaction, ...this.lastTransactions].slice(0, MOST_TRANSACTIONS);
        this.arrivals.add([transaction]);
        this.drawing ??= setTimeout(() => this.drawTransactions(), DRAW_EVERY_MS);
      },
    };
    takers[kind](message);
  }

  /** Takes the last blocks of the store, newest first: those before the node was started. */
  takeStored(blocks: readonly LiveBlock[]): void {
    this.storedBlocks = blocks;
    this.showBlocks(this.lastBlocks);
  }

  /** The configured peers that are missing come first. */
  private showPeers(): void {
    if (this.lastPeers === null) return;
    this.peers.show([...(this.health?.dials ?? []), ...this.lastPeers]);
    this.countPeers();
  }

  private countPeers(): void {
    this.peerFilter.show(this.peers.count, (this.lastPeers?.length ?? 0) + (this.health?.dials.length ?? 0));
  }

  private showBlocks(blocks: readonly LiveBlock[]): void {
    this.lastBlocks = blocks;
    const shown = withStored(blocks, this.storedBlocks);
    this.blocks.show(shown);
    this.strip.show(shown);
  }

  /** Rows under the pointer do not move. */
  private drawTransactions(): void {
    this.drawing = undefined;
    const reading = this.transactions.element.matches(':hover');
    setText(this.held, reading ? 'Held while you point at it.' : '');
    if (!reading) this.transactions.show(this.lastTransactions);
  }

  private tick(): void {
    if (document.hidden) return;
    this.showBlocks(this.lastBlocks);
    this.peers.refresh();
    this.transactions.refresh();
    const perMinute = this.rate.perMinute();
    const median = medianOf(this.lastTransactions.flatMap(({ feeRate }) => feeRate ?? []));
    const rate = perMinute === null ? 'Counting' : formatValue(perMinute, 'per minute');
    const fees = median === null ? 'no fee is known yet' : `the median pays ${formatValue(median, 'sat/vB')}`;
    setText(
      byId('arrivals-said', 'p'),
      `${rate}; ${fees}. Higher dots pay more, larger ones take more room, orange ones are non-standard.`,
    );
  }
}

/** The median of some numbers, or null if there are none. */
export function medianOf(numbers: readonly number[]): number | null {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? null;
}
