import { button, byId, el, icon, setText } from './dom';
import { formatClock, formatDay } from './format';
import { ALL, RANGES, type StoreTimes, type View, boundsOf, isRange } from './view';
import type { Info } from './api-types';

export interface ToolbarModules {
  readonly view: () => View;
  readonly change: (change: Partial<View>) => void;
  readonly times: () => StoreTimes;
}

/** Time range, node, network, and whether panels are updated. */
export class Toolbar {
  private readonly ranges = byId('ranges', 'fieldset');
  private readonly custom = byId('custom', 'details');
  private readonly from = byId('from', 'input');
  private readonly to = byId('to', 'input');
  private readonly follow: HTMLButtonElement;

  constructor(private readonly modules: ToolbarModules) {
    for (const name of [...Object.keys(RANGES), ALL]) {
      const input = el('input', { type: 'radio', name: 'range', value: name, id: `range-${name}` });
      input.addEventListener('change', () => {
        if (input.checked && isRange(name)) modules.change({ range: name });
      });
      this.ranges.append(
        el('label', { class: 'choice' }, input, el('span', {}, name === ALL ? 'All' : name)),
      );
    }
    this.follow = button({ class: 'follow', id: 'follow' }, () =>
      modules.change({ live: !modules.view().live }),
    );
    byId('tools', 'div').append(this.follow);
    byId('custom-form', 'form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.apply();
    });
    this.custom.addEventListener('toggle', () => this.fillCustom());
    this.custom.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.custom.open = false;
      this.custom.querySelector('summary')?.focus();
    });
    this.show();
  }

  /** Shows the current view. */
  show(): void {
    const { range, live } = this.modules.view();
    for (const input of this.ranges.querySelectorAll('input')) input.checked = input.value === range;
    const fixed = typeof range !== 'string';
    const summary = byId('custom-summary', 'summary');
    setText(summary, fixed ? `${shortTime(range.fromMs)} – ${shortTime(range.toMs)}` : 'Custom');
    summary.classList.toggle('chosen', fixed);
    this.follow.replaceChildren(icon(live ? 'pause' : 'play'), live ? 'Hold' : 'Follow');
    this.follow.title = live ? 'Panels follow what comes in' : 'Panels are held';
    this.follow.disabled = fixed;
  }

  /**
   * Offers the nodes and networks of the store, if there is more than one. One of each is shown at a time, so
   * that a listener and the node that it watches, or two networks, are never summed.
   */
  offer({ nodes, networks, watched, shows, showsNetwork }: Info): void {
    const chosen = this.modules.view().node ?? shows;
    const names = [...new Set([...nodes, ...(chosen === '' ? [] : [chosen])])];
    const options = names.map((name) => ({
      value: name,
      text: watched.includes(name) ? `${name} (watched)` : name,
    }));
    this.offerIn('node', options, chosen);
    const network = this.modules.view().network ?? showsNetwork;
    const all = [...new Set([...networks, ...(network === '' ? [] : [network])])];
    this.offerIn(
      'network',
      all.map((name) => ({ value: name, text: name })),
      network,
    );
  }

  private offerIn(
    kind: 'node' | 'network',
    options: readonly { readonly value: string; readonly text: string }[],
    chosen: string,
  ): void {
    const select = byId(`choose-${kind}`, 'select');
    const label = byId(`label-${kind}`, 'label');
    label.hidden =
      options.filter(({ value }) => value !== '').length < 2 && this.modules.view()[kind] === null;
    const isShown = [...select.options].map(({ value, textContent }) => `${value} ${textContent}`);
    if (isShown.join('\n') !== options.map(({ value, text }) => `${value} ${text}`).join('\n'))
      select.replaceChildren(...options.map(({ value, text }) => el('option', { value }, text)));
    select.value = chosen;
    select.onchange = () => this.modules.change({ [kind]: select.value === '' ? null : select.value });
  }

  private fillCustom(): void {
    if (!this.custom.open) return;
    const { range } = this.modules.view();
    const { nowMs } = this.modules.times();
    const { since, until } = boundsOf({ range }, this.modules.times());
    const toMs = until === null ? nowMs : Date.parse(until);
    const fromMs = isRange(since) && since !== ALL ? toMs - RANGES[since] : Date.parse(since);
    this.from.value = localTime(fromMs);
    this.to.value = localTime(toMs);
    this.from.focus();
  }

  private apply(): void {
    const fromMs = new Date(this.from.value).getTime();
    const toMs = new Date(this.to.value).getTime();
    const wrong = Number.isNaN(fromMs) || Number.isNaN(toMs) || fromMs >= toMs;
    this.to.setCustomValidity(wrong ? 'The end must come after the begin.' : '');
    if (wrong) {
      this.to.reportValidity();
      this.to.setCustomValidity('');
      return;
    }
    this.custom.open = false;
    this.modules.change({ range: { fromMs, toMs } });
  }
}

/** Value of an input for a local time, to the minute. */
function localTime(ms: number): string {
  const date = new Date(ms);
  return `${formatDay(date)}T${formatClock(date, false)}`;
}

function shortTime(ms: number): string {
  return localTime(ms).slice(5).replace('T', ' ');
}
