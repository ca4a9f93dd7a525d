import { type Api, ApiError } from './api';
import { ChainTreeView } from './chain-tree';
import { equals } from './command-line';
import { el, setText } from './dom';
import { poolTable, poolTableElement } from './pool-days';
import type { Refreshed } from './refresher';
import { StoredTree } from './stored-tree';
import { type StoreTimes, type View, boundsOf, panelParams } from './view';

/** How far back blocks are counted by pool. */
const POOL_RANGE = '7d';

/** Blocks by pool change with each block, and are counted anew once in so many milliseconds. */
const POOLS_EVERY_MS = 60_000;

export interface ChainModules {
  readonly api: Pick<Api, 'chain' | 'panel' | 'query'>;
  readonly view: () => View;
  readonly times: () => StoreTimes;
  /** Whether a node runs here, which knows its chain, and its name. */
  readonly isLive: () => boolean;
  readonly node: () => string | null;
  /** The server's time, Unix milliseconds. */
  readonly now: () => number;
}

/** The chain now: the tree of its branches, and who mined how much of it day by day. */
export class ChainView implements Refreshed {
  readonly element: HTMLElement;
  private readonly tree = new ChainTreeView();
  private readonly trouble = el('p', { class: 'muted', role: 'status' });
  private readonly pools = el('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Pools' });
  private readonly noPools = el(
    'p',
    { class: 'muted', hidden: true },
    'No block of the last 7 days is stored.',
  );
  private readonly poolCard: HTMLElement;
  /** When blocks were counted by pool, and for which view. */
  private counted = { atMs: -Infinity, of: '' };
  /** What the store has of blocks from before the start. */
  private readonly stored: StoredTree;

  constructor(private readonly modules: ChainModules) {
    this.stored = new StoredTree(modules.api, modules.node);
    this.poolCard = el(
      'div',
      { class: 'card', hidden: true },
      el('h3', {}, 'Blocks by mining pool and day'),
      el(
        'p',
        { class: 'muted' },
        'By the address or the tag in the coinbase; anybody can write the tag of another. Days begin at 0:00 UTC.',
      ),
      this.noPools,
      this.pools,
    );
    this.tree.element.hidden = true;
    this.element = el('div', { class: 'chain-view' }, this.trouble, this.tree.element, this.poolCard);
  }

  async load(signal: AbortSignal): Promise<void> {
    try {
      // The tree is asked of the node alone, and waits for no query.
      await Promise.all([this.loadTree(signal), this.loadPools(signal)]);
      setText(this.trouble, '');
    } catch (error) {
      if (!signal.aborted)
        setText(this.trouble, `${error instanceof ApiError ? error.message : String(error)}. Trying again.`);
      throw error;
    }
  }

  private async loadTree(signal: AbortSignal): Promise<void> {
    const { api, isLive, now } = this.modules;
    this.tree.element.hidden = !isLive();
    if (!isLive()) return;
    const chain = await api.chain(signal);
    this.tree.show(this.stored.fill(chain), now());
    if (await this.stored.ask(chain, now(), signal)) this.tree.show(this.stored.fill(chain), now());
  }

  private async loadPools(signal: AbortSignal): Promise<void> {
    const { api, view, times, now } = this.modules;
    const { node, network } = view();
    const of = JSON.stringify([node, network]);
    if (of === this.counted.of && now() - this.counted.atMs < POOLS_EVERY_MS) return;
    const week: View = { ...view(), range: POOL_RANGE };
    const params = panelParams(week, times());
    // One after the other, so that the panels and the user keep their connections.
    const blocks = await api.panel('pool-blocks', params, signal);
    const empty = await api.panel('empty-blocks', params, signal);
    const { since, until } = boundsOf(week, times());
    const between = await api.query(
      {
        query: {
          ...{ series: 'block_templates', agg: ['mean', 'since_parent'], every: '1d', since },
          ...(until === null ? {} : { until }),
          where: [
            equals('node', blocks.nodes),
            ...(network === null ? [] : [equals('network', network)]),
          ].join(' AND '),
        },
      },
      signal,
    );
    const table = poolTable({ blocks, empty, between });
    this.pools.replaceChildren(poolTableElement(table));
    this.pools.hidden = table.days.length === 0;
    this.noPools.hidden = table.days.length > 0;
    this.poolCard.hidden = false;
    this.counted = { atMs: now(), of };
  }
}
