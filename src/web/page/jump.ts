import { byId, el, setText } from './dom';

/** Something that was found. */
export interface Found {
  readonly title: string;
  /** What it is, or where. */
  readonly hint: string;
  /** Where it leads, as an address. */
  readonly href: string;
}

/**
 * The box that finds things by their words. It is a combobox: the arrow keys choose in its list, Enter goes
 * there, Escape closes it. Ctrl K leads to it from everywhere.
 */
export class Jump {
  private readonly input = byId('jump', 'input');
  private readonly list = byId('jump-list', 'ul');
  private readonly said = byId('jump-said', 'span');
  private found: readonly Found[] = [];
  private chosen = 0;

  constructor(private readonly find: (text: string) => readonly Found[]) {
    this.input.addEventListener('input', () => this.search());
    this.input.addEventListener('focus', () => this.search());
    this.input.addEventListener('blur', () => this.close());
    this.input.addEventListener('keydown', (event) => this.onKey(event));
    // The list is closed when the box loses the focus, which a click would take from it.
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    document.addEventListener('keydown', (event) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.input.focus();
      this.input.select();
    });
  }

  private search(): void {
    const text = this.input.value.trim();
    this.found = this.find(text);
    this.chosen = 0;
    this.list.replaceChildren(...this.found.map((found, index) => this.option(found, index)));
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    setText(this.said, text === '' ? '' : `${this.found.length || 'nothing'} found`);
    this.mark();
  }

  private option({ title, hint }: Found, index: number): HTMLElement {
    const option = el(
      'li',
      { role: 'option', id: `jump-${index}` },
      el('span', { class: 'jump-title' }, title),
      el('span', { class: 'jump-hint' }, hint),
    );
    option.addEventListener('click', () => this.go(index));
    return option;
  }

  private mark(): void {
    for (const [index, option] of [...this.list.children].entries())
      option.setAttribute('aria-selected', String(index === this.chosen));
    if (this.list.hidden) this.input.removeAttribute('aria-activedescendant');
    else this.input.setAttribute('aria-activedescendant', `jump-${this.chosen}`);
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && this.found.length > 0) {
      event.preventDefault();
      this.chosen = (this.chosen + step + this.found.length) % this.found.length;
      this.mark();
      document.getElementById(`jump-${this.chosen}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') this.go(this.chosen);
    else if (event.key === 'Escape') this.close();
  }

  private go(index: number): void {
    const found = this.found[index];
    if (found === undefined) return;
    this.input.value = '';
    this.close();
    this.input.blur();
    location.assign(found.href);
  }

  private close(): void {
    this.found = [];
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.mark();
  }
}
