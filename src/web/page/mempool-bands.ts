import type { LiveMempool } from '../../live/live';
import { byId, el, setText } from './dom';
import { digits, formatValue } from './format';

/** A band in the picture. */
export interface DrawnBand {
  /** `2` for 2 to 2.5 sat/vB. */
  readonly label: string;
  readonly title: string;
  readonly vsize: number;
  /** Whether the next block will probably contain it; `unknown` where the fees are not known. */
  readonly kind: 'next' | 'later' | 'unknown';
}

/** Fewest bands that are drawn, so that a small mempool does not fill the picture with one. */
const LEAST_BANDS = 10;

/** What waits with unknown fees, and the bands from the lowest to the highest with something in it. */
export function bandsToDraw(mempool: LiveMempool): readonly DrawnBand[] {
  const { unknownVsize: vsize } = mempool;
  const title = `fee not known: ${formatValue(vsize, 'vB')}`;
  const unknown: readonly DrawnBand[] = vsize > 0 ? [{ label: '?', title, vsize, kind: 'unknown' }] : [];
  return [...unknown, ...knownBands(mempool)];
}

function knownBands({ bands, nextBlockRate }: LiveMempool): readonly DrawnBand[] {
  const filled = bands.flatMap(([, vsize], at) => (vsize > 0 ? [at] : []));
  const first = filled[0];
  if (first === undefined) return [];
  const last = Math.min(bands.length - 1, Math.max(filled.at(-1) ?? first, first + LEAST_BANDS - 1));
  return bands.slice(first, last + 1).map(([from, vsize], index) => {
    const to = bands[first + index + 1]?.[0];
    const range = to === undefined ? `${from} sat/vB and more` : `${from} to ${to} sat/vB`;
    return {
      ...{ label: String(from), vsize, title: `${range}: ${formatValue(vsize, 'vB')}` },
      kind: nextBlockRate === null || from >= nextBlockRate ? 'next' : 'later',
    };
  });
}

/** The mempool as bands of feerate; those that the next block will probably contain are coloured. */
export class MempoolBands {
  private readonly host = byId('mempool-bands', 'div');
  private readonly said = byId('mempool-said', 'p');
  private shown = '';

  show(mempool: LiveMempool | null): void {
    const key = JSON.stringify(mempool);
    if (mempool === null || key === this.shown) return;
    this.shown = key;
    const bands = bandsToDraw(mempool);
    const largest = Math.max(1, ...bands.map(({ vsize }) => vsize));
    const every = Math.ceil(bands.length / 12);
    // The lowest feerate has a label, also where `?` comes before it.
    const first = bands[0]?.kind === 'unknown' ? 1 : 0;
    this.host.replaceChildren(
      ...bands.map(({ label, title, vsize, kind }, at) => {
        const bar = el('span', { class: `band-bar ${kind}` });
        bar.style.height = `${(vsize / largest) * 100}%`;
        return el(
          'div',
          { class: 'band', title },
          el('div', { class: 'band-room' }, bar),
          el('span', { class: 'band-label' }, at < first || (at - first) % every === 0 ? label : ''),
        );
      }),
    );
    const known = bands.reduce((sum, { vsize, kind }) => (kind === 'unknown' ? sum : sum + vsize), 0);
    const { transactions, unknownVsize } = mempool;
    const waits = transactions === 1 ? '1 transaction waits' : `${digits(transactions)} transactions wait`;
    const text = `${waits}: ${formatValue(known, 'vB')} by feerate in sat/vB, ${formatValue(unknownVsize, 'vB')} with a fee that is not known.`;
    setText(this.said, transactions === 0 ? 'No transaction waits for a block.' : text);
    this.host.setAttribute('aria-label', text);
  }
}
