import type { LiveBlock } from '../../live/live';
import { byId, el } from './dom';
import { digits, formatDuration, formatTime, formatValue } from './format';
import { idLink } from './ids';
import { whyLink } from './place';

/** Blocks that are drawn; a wide window shows them all. */
const MOST = 10;

/** The last blocks as blocks, the newest first. Each is filled as far as its size is of the largest one. */
export class BlockStrip {
  private readonly list = byId('block-strip', 'ol');
  private shown = '';

  /** @param now the server's time in Unix milliseconds */
  constructor(private readonly now: () => number) {}

  show(blocks: readonly LiveBlock[]): void {
    const drawn = blocks.slice(0, MOST);
    const key = JSON.stringify(drawn.map((block) => [block.sha, this.ageOf(block)]));
    if (key === this.shown) return;
    this.shown = key;
    const largest = Math.max(1, ...drawn.map(({ size }) => size));
    this.list.replaceChildren(...drawn.map((block) => this.draw(block, largest)));
  }

  private ageOf({ timeMs }: LiveBlock): string {
    return formatDuration(this.now() - timeMs);
  }

  private draw(block: LiveBlock, largest: number): HTMLElement {
    const { sha, height, status, size, numTx, totalFees, timeMs, firstFrom } = block;
    const fill = el('span', { class: 'block-fill', 'aria-hidden': 'true' });
    fill.style.height = `${Math.max(2, (size / largest) * 100)}%`;
    const line = (text: string): HTMLElement => el('span', { class: 'block-line', title: text }, text);
    return el(
      'li',
      { class: 'block', 'data-status': status },
      fill,
      el(
        'span',
        { class: 'block-line' },
        el(
          'a',
          { class: 'block-height', href: whyLink(sha), title: sha },
          height === null ? '–' : digits(height),
        ),
        status === 'accepted'
          ? null
          : el('span', { class: 'block-status', title: status }, status.replaceAll('_', ' ')),
      ),
      el(
        'time',
        { datetime: new Date(timeMs).toISOString(), title: formatTime(timeMs) },
        `${this.ageOf(block)} ago`,
      ),
      line(`${digits(numTx)} tx, ${formatValue(size, 'bytes')}`),
      line(totalFees === null ? 'fees not known' : `${formatValue(totalFees, 'sat')} fees`),
      firstFrom === null
        ? null
        : el('span', { class: 'block-line', title: firstFrom }, 'first: ', idLink(firstFrom)),
    );
  }
}
