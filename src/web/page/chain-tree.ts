import type { LiveChain, LiveTreeBlock } from '../../live/live';
import { type Content, el, setText, svg } from './dom';
import { UNKNOWN, digits, formatDuration, formatTime, formatValue, known } from './format';
import { copiedLink, idLink } from './ids';
import { whyLink } from './place';
import { type TreeRow, treeRows } from './tree-lanes';

/** Width of a lane and size of a block in the drawing, in pixels. */
const LANE_PX = 16;
const BLOCK_PX = 9;

const HEADS = [
  '',
  'Height',
  'State',
  'Miner',
  'Announced first by',
  'Announced by',
  'Mined',
  'Block',
] as const;

/** The tree of the chain: a row for each block, beside a drawing of the branches. */
export class ChainTreeView {
  readonly element = el('div', { class: 'card tree' });
  private readonly summary = el('p', { class: 'muted' });
  private readonly body = el('tbody');
  /** What is drawn. */
  private drawn = '';

  constructor() {
    this.element.append(
      el('h3', {}, 'Tree of the chain'),
      this.summary,
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Tree of the chain' },
        el(
          'table',
          { class: 'data live' },
          el('caption', { class: 'unseen' }, 'Tree of the chain'),
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              ...HEADS.map((head) =>
                head === ''
                  ? el('td')
                  : el('th', { scope: 'col', class: NUMBERS.has(head) ? 'number' : null }, head),
              ),
            ),
          ),
          this.body,
        ),
      ),
    );
  }

  /** @param nowMs the server's time */
  show(chain: LiveChain, nowMs: number): void {
    setText(this.summary, summaryOf(chain));
    // Rows are made anew only where something changed: whoever reads or has the focus there stays.
    const minute = Math.floor(nowMs / 60_000);
    const wanted = JSON.stringify([chain.blocks, minute]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    const focused = this.body.contains(document.activeElement)
      ? document.activeElement?.getAttribute('href')
      : null;
    const { rows, lanes } = treeRows(chain.blocks);
    this.body.replaceChildren(...rows.map((row) => drawRow(row, lanes, nowMs)));
    if (focused != null)
      [...this.body.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
  }
}

const NUMBERS: ReadonlySet<string> = new Set<(typeof HEADS)[number]>(['Height', 'Announced by', 'Mined']);

function summaryOf({ blocks, branches, moreBranches, stale, best }: LiveChain): string {
  if (blocks.length === 0) return 'No block is known.';
  const rate = best === 0 ? '' : ` (${formatValue((100 * stale) / (best + stale), 'percent')})`;
  const beside =
    branches === 0
      ? 'no branch beside the best chain is known'
      : `${digits(branches + moreBranches)} ${branches + moreBranches === 1 ? 'branch' : 'branches'}, ${digits(stale)} stale ${stale === 1 ? 'block' : 'blocks'}${rate}`;
  const more = moreBranches === 0 ? '' : `. The ${digits(branches)} highest are drawn`;
  return `Of the last ${digits(best)} heights: ${beside}${more}.`;
}

function drawRow(row: TreeRow, lanes: number, nowMs: number): HTMLElement {
  const { block, leftOut } = row;
  const drawing = el('td', { class: 'tree-lanes' }, drawLanes(row, lanes));
  drawing.style.width = drawing.style.minWidth = `${lanes * LANE_PX}px`;
  if (leftOut > 0)
    return el(
      'tr',
      {},
      drawing,
      el(
        'td',
        { class: 'muted', colspan: HEADS.length - 1 },
        `${digits(leftOut)} more ${leftOut === 1 ? 'block' : 'blocks'}`,
      ),
    );
  const { sha, height, status, pool, firstFrom, timeMs } = block;
  const cell = (className: string | null, ...content: readonly Content[]): HTMLElement =>
    el('td', { class: className }, ...content);
  return el(
    'tr',
    { 'data-status': status },
    drawing,
    cell('number strong', el('a', { href: whyLink(sha) }, digits(height))),
    cell(`tree-${status}`, stateOf(block)),
    cell(null, pool ?? UNKNOWN),
    cell(null, firstFrom === null ? UNKNOWN : idLink(firstFrom)),
    cell('number', spreadOf(block)),
    cell(
      'number age',
      el(
        'time',
        { datetime: new Date(timeMs).toISOString(), title: formatTime(timeMs) },
        `${formatDuration(nowMs - timeMs)} ago`,
      ),
    ),
    cell('hash', copiedLink(sha)),
  );
}

/** What became of a block. */
function stateOf({ status, isTip, reason }: LiveTreeBlock): string {
  switch (status) {
    case 'active':
      return isTip ? 'best block' : 'in the best chain';
    case 'valid-fork':
      return 'stale';
    case 'headers-only':
      return 'headers only';
    case 'invalid':
      return reason === null ? 'invalid' : `invalid: ${reason}`;
  }
}

/** By how many peers it was announced, and which part of those connected that is. */
function spreadOf({ peers, connected }: LiveTreeBlock): string {
  if (peers === null || connected === null || connected === 0) return known(peers, digits);
  const share = Math.min(100, Math.round((100 * peers) / connected));
  return `${digits(peers)} of ${digits(connected)}, ${formatValue(share, 'percent')}`;
}

/** The lines of the branches in a row, and its block. It says nothing that the row does not. */
function drawLanes(
  { block, leftOut, lane, goesUp, goesDown, passing, leaving }: TreeRow,
  lanes: number,
): Node {
  const x = (of: number): number => (of + 0.5) * LANE_PX;
  const upright = (of: number, from: string, to: string, isDotted = false): Node =>
    svg('line', { x1: x(of), x2: x(of), y1: from, y2: to, class: isDotted ? 'dotted' : null });
  return svg(
    'svg',
    { width: lanes * LANE_PX, height: '100%', 'aria-hidden': 'true', focusable: 'false' },
    ...passing.map((of) => upright(of, '0', '100%')),
    ...leaving.flatMap((of) => [
      upright(of, '0', '50%'),
      svg('line', { x1: x(lane), x2: x(of), y1: '50%', y2: '50%' }),
    ]),
    ...(goesUp ? [upright(lane, '0', '50%', leftOut > 0)] : []),
    ...(goesDown ? [upright(lane, '50%', '100%', leftOut > 0)] : []),
    ...(leftOut > 0
      ? []
      : [svg('circle', { cx: x(lane), cy: '50%', r: BLOCK_PX / 2, class: `tree-${block.status}` })]),
  );
}
