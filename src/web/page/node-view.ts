import { type Api, ApiError } from './api';
import { chainNote } from './chain-note';
import { el, setText } from './dom';
import { UNKNOWN, digits, formatDuration, formatValue, known } from './format';
import { LiveTable } from './live-table';
import { NODE_PEER_COLUMNS, type NodePeer, nodePeers } from './node-peers';
import {
  NODE_QUERIES,
  type NodeQuery,
  type PointRow,
  nodeQueries,
  numberIn,
  pointsOf,
  textIn,
} from './node-queries';
import { nodeVersion } from './node-version';
import { TIP_COLUMNS, chainTips, clockColumns } from './node-tables';
import type { Refreshed } from './refresher';

/** The figures, by the key under which they are filled. */
const HEALTH = {
  state: 'Watched node',
  height: 'Height',
  peers: 'Peers',
  latency: 'RPC latency',
  uptime: 'Uptime',
} as const;
const CLOCKS = {
  p50: 'Transactions after the listener',
  p90: '90th percentile',
  ahead: 'Node first',
  announced: 'Announced after',
  version: 'Version',
} as const;

type Figure = keyof typeof HEALTH | keyof typeof CLOCKS;

export interface NodeModules {
  readonly api: Pick<Api, 'query'>;
  /** The watched node that is shown; null if the store has none. */
  readonly node: () => string | null;
  /** Time of the newest point of the store, Unix milliseconds; null for an empty one. */
  readonly newestMs: () => number | null;
  /** The server's time, Unix milliseconds. */
  readonly now: () => number;
}

/** The watched node now: its health, its peers, the two clocks and the tips of its chain. */
export class NodeView implements Refreshed {
  readonly element: HTMLElement;
  private readonly figures = new Map<Figure, HTMLElement>();
  private readonly warning = el('p', { class: 'notice warn', hidden: true });
  private readonly trouble = el('p', { class: 'muted', role: 'status' });
  private readonly peers: LiveTable<NodePeer>;
  private readonly blocks: LiveTable<PointRow>;
  private readonly tips: LiveTable<PointRow>;
  /** The node and the time of the points that are shown. */
  private asked = '';

  constructor(private readonly modules: NodeModules) {
    this.peers = new LiveTable({
      caption: 'Peers of the watched node',
      columns: NODE_PEER_COLUMNS,
      key: ({ address }) => address,
      empty: 'The node has told of no peers within the last minutes.',
    });
    this.blocks = new LiveTable({
      caption: 'Block delay behind the listener',
      columns: clockColumns(modules.now),
      key: (block) => textIn(block, 'sha'),
      empty: 'No block came to both within the last day.',
    });
    this.tips = new LiveTable({
      caption: 'Chain tips',
      columns: TIP_COLUMNS,
      key: (tip) => textIn(tip, 'sha'),
      empty: 'The node has told of no tips within the last minutes.',
    });
    this.element = el(
      'div',
      { class: 'node-view' },
      this.trouble,
      el('div', { role: 'status' }, this.warning),
      this.list(HEALTH),
      this.list(CLOCKS),
      el(
        'div',
        { class: 'tables' },
        card('Peers of the node', this.peers.element, 'card wide'),
        card('Block delay behind the listener', this.blocks.element),
        card('Chain tips', this.tips.element),
      ),
    );
  }

  async load(signal: AbortSignal): Promise<void> {
    const [node, newestMs] = [this.modules.node(), this.modules.newestMs()];
    if (node === null || newestMs === null) return;
    const asked = `${node} ${newestMs}`;
    if (asked === this.asked) {
      // Nothing new came; only the ages of the blocks change.
      this.blocks.refresh();
      return;
    }
    const queries = nodeQueries(node, newestMs);
    try {
      const answers: Partial<Record<NodeQuery, readonly PointRow[]>> = {};
      // One after the other, so that the panels and the user keep their connections.
      for (const name of NODE_QUERIES)
        answers[name] = pointsOf(await this.modules.api.query({ query: queries[name] }, signal));
      this.show(node, answers);
      this.asked = asked;
      setText(this.trouble, '');
    } catch (error) {
      if (!signal.aborted)
        setText(this.trouble, `${error instanceof ApiError ? error.message : String(error)}. Trying again.`);
      throw error;
    }
  }

  private show(
    node: string,
    {
      status = [],
      peers = [],
      tips = [],
      clock = [],
      blocks = [],
    }: Partial<Record<NodeQuery, readonly PointRow[]>>,
  ): void {
    const [health] = status;
    const shown = nodePeers(peers);
    this.peers.show(shown);
    this.blocks.show(blocks.toReversed());
    this.tips.show(chainTips(tips));
    const warnings = numberIn(health, 'warnings') ?? 0;
    setText(this.warning, warnings > 0 ? `${node} warns: ${textIn(health, 'warning')}` : '');
    this.warning.hidden = warnings === 0;
    this.health(node, health, shown);
    this.clocks(clock[0]);
    this.figure('version', nodeVersion(health) ?? UNKNOWN);
  }

  private health(node: string, health: PointRow | undefined, peers: readonly NodePeer[]): void {
    const isUp = health?.['is_up'];
    this.figure('state', isUp === true ? 'Up' : isUp === false ? 'No answer' : UNKNOWN, node);
    this.figure('height', known(numberIn(health, 'height'), digits), chainNote(health, peers));
    const inbound = peers.filter(({ isInbound }) => isInbound).length;
    this.figure(
      'peers',
      peers.length === 0 ? UNKNOWN : digits(peers.length),
      peers.length === 0 ? '' : `${peers.length - inbound} out, ${inbound} in`,
    );
    const longest = numberIn(health, 'rpc_longest');
    this.figure(
      'latency',
      known(numberIn(health, 'rpc_latency'), (ms) => formatValue(ms, 'ms')),
      longest === null ? '' : `longest ${formatValue(longest, 'ms')}`,
    );
    this.figure(
      'uptime',
      known(numberIn(health, 'uptime'), (s) => formatDuration(s * 1_000)),
    );
  }

  private clocks(clock: PointRow | undefined): void {
    const ms = (name: string): string => known(numberIn(clock, name), (value) => formatValue(value, 'ms'));
    const matched = numberIn(clock, 'matched');
    this.figure('p50', ms('p50'), 'median');
    this.figure('p90', ms('p90'));
    this.figure(
      'ahead',
      known(numberIn(clock, 'ahead'), digits),
      matched === null ? '' : `of ${digits(matched)} that both had`,
    );
    this.figure('announced', ms('announced_p50'), 'median');
  }

  private list(names: Readonly<Partial<Record<Figure, string>>>): HTMLElement {
    return el(
      'dl',
      { class: 'figures' },
      ...Object.entries(names).map(([name, title]) => {
        const value = el('dd', {}, UNKNOWN);
        this.figures.set(name as Figure, value);
        return el('div', {}, el('dt', {}, title), value);
      }),
    );
  }

  private figure(name: Figure, text: string, hint = ''): void {
    this.figures.get(name)?.replaceChildren(text, hint === '' ? '' : el('small', {}, hint));
  }
}

function card(title: string, table: HTMLElement, className = 'card'): HTMLElement {
  return el('div', { class: className }, el('h3', {}, title), el('div', { class: 'fixed' }, table));
}
