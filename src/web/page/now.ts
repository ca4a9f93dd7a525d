import type { LiveBlock, LivePeer, LiveTransaction } from '../../live/live';
import { byId, el, setText } from './dom';
import { UNKNOWN, digits, formatDuration, formatValue } from './format';
import { LiveTable } from './live-table';
import { blockColumns, peerColumns, transactionColumns } from './now-columns';
import { RatePerMinute } from './rate';
import type { LiveMessages } from './api-types';

/** As many as the node keeps. */
const MOST_BLOCKS = 20;
const MOST_TRANSACTIONS = 100;

/** Transactions come up to ten a second, but nobody can read more than two new tables in a second. */
const DRAW_EVERY_MS = 500;

/** The section of the current state: figures, the last blocks and transactions, the peers. */
export class Now {
  private readonly blocks: LiveTable<LiveBlock>;
  private readonly transactions: LiveTable<LiveTransaction>;
  private readonly peers: LiveTable<LivePeer>;
  private lastBlocks: readonly LiveBlock[] = [];
  private lastTransactions: readonly LiveTransaction[] = [];
  /** Null before the first list of peers. */
  private lastPeers: readonly LivePeer[] | null = null;
  private readonly rate: RatePerMinute;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private readonly held = byId('held', 'p');

  /** @param now the server's time in Unix milliseconds */
  constructor(private readonly now: () => number) {
    this.rate = new RatePerMinute(now);
    this.blocks = new LiveTable({
      caption: 'Last blocks',
      columns: blockColumns(now),
      key: ({ sha, timeMs }) => `${sha} ${timeMs}`,
      empty: 'No block has come since the start.',
    });
    this.transactions = new LiveTable({
      caption: 'Last transactions',
      columns: transactionColumns(now),
      key: ({ sha, timeMs }) => `${sha} ${timeMs}`,
      empty: 'No transaction has come since the start.',
    });
    this.peers = new LiveTable({
      caption: 'Peers',
      columns: peerColumns(now),
      key: ({ id }) => String(id),
      empty: 'No peer is connected.',
    });
    byId('last-blocks', 'div').append(this.blocks.element);
    byId('last-transactions', 'div').append(this.transactions.element);
    byId('peer-table', 'div').append(this.peers.element);
    this.transactions.element.addEventListener('pointerleave', () => this.drawTransactions());
    setInterval(() => this.tick(), 1000);
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
        this.peers.show(peers);
      },
      blocks: (blocks) => this.showBlocks(blocks),
      block: (block) => this.showBlocks([block, ...this.lastBlocks]),
      transactions: (transactions) => {
        this.lastTransactions = transactions;
        this.rate.begin(transactions.map(({ timeMs }) => timeMs));
        this.drawTransactions();
      },
      transaction: (transaction) => {
        this.rate.add(1 + (transaction.skipped ?? 0));
        this.lastTransactions = [transaction, ...this.lastTransactions].slice(0, MOST_TRANSACTIONS);
        this.drawing ??= setTimeout(() => this.drawTransactions(), DRAW_EVERY_MS);
      },
    };
    takers[kind](message);
    this.figures();
  }

  private showBlocks(blocks: readonly LiveBlock[]): void {
    this.lastBlocks = blocks.slice(0, MOST_BLOCKS);
    this.blocks.show(this.lastBlocks);
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
    this.blocks.refresh();
    this.peers.refresh();
    this.transactions.refresh();
    this.figures();
  }

  private peerFigure(): void {
    if (this.lastPeers === null) {
      setFigure('peer-count', UNKNOWN);
      return;
    }
    const out = this.lastPeers.filter(({ outbound }) => outbound).length;
    setFigure('peer-count', digits(this.lastPeers.length), `${out} out, ${this.lastPeers.length - out} in`);
  }

  private figures(): void {
    const best = this.lastBlocks.find(({ status }) => status === 'accepted');
    const perMinute = this.rate.perMinute();
    setFigure('height', best?.height == null ? UNKNOWN : digits(best.height));
    setFigure('block-age', best === undefined ? UNKNOWN : formatDuration(this.now() - best.timeMs));
    this.peerFigure();
    setFigure('tx-rate', perMinute === null ? UNKNOWN : formatValue(perMinute, 'per minute'));
    const rates = this.lastTransactions.flatMap(({ feeRate }) => feeRate ?? []);
    const median = medianOf(rates);
    setFigure(
      'fee-rate',
      median === null ? UNKNOWN : formatValue(median, 'sat/vB'),
      median === null ? '' : `of the last ${rates.length}`,
    );
  }
}

function setFigure(id: string, text: string, hint?: string): void {
  const value = byId(`figure-${id}`, 'dd');
  const first = value.firstChild ?? value.appendChild(document.createTextNode(''));
  if (first.textContent !== text) first.textContent = text;
  if (hint === undefined) return;
  const small = value.querySelector('small') ?? value.appendChild(el('small'));
  setText(small, hint);
}

/** The median of some numbers, or null if there are none. */
export function medianOf(numbers: readonly number[]): number | null {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? null;
}
