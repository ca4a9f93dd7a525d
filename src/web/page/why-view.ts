import type { PolicyVerdict, StoredPoint, WhyAnswer, WhyFact, WhyStep } from '../../why/why-answer';
import { type Api, ApiError } from './api';
import { type Content, byId, el, setText } from './dom';
import { digits, formatDuration, formatTime } from './format';
import { copiedLink, idLink, isHash, isId } from './ids';
import { findLink, whyLink } from './place';

/** The view that tells everything that is known of a transaction, a block or a peer. */
export class WhyView {
  private readonly input = byId('why-id', 'input');
  private readonly status = byId('why-status', 'p');
  private readonly answer = byId('why-answer', 'div');
  private shown: string | null = null;
  private running: AbortController | null = null;

  constructor(private readonly api: Pick<Api, 'why'>) {
    byId('why-form', 'form').addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      const href = whyLink(text);
      if (text === '') return;
      // The same address is asked for again.
      if (location.hash === href) void this.ask(text);
      else location.assign(href);
    });
  }

  /** Shows what is known of an object; null for none. A text that is already shown is not asked for again. */
  show(text: string | null): void {
    if (text === null || text === this.shown) return;
    this.input.value = text;
    void this.ask(text);
  }

  private async ask(text: string): Promise<void> {
    this.running?.abort();
    const control = (this.running = new AbortController());
    this.shown = text;
    this.say('Looking', false);
    this.answer.replaceChildren();
    try {
      const answer = await this.api.why(text, control.signal);
      this.draw(answer);
    } catch (error) {
      if (control.signal.aborted) return;
      // The next visit of this address asks again.
      this.shown = null;
      this.say(error instanceof ApiError ? error.message : String(error), true);
    }
  }

  private draw(answer: WhyAnswer): void {
    const { kind, id, matches, facts, timeline, policies, stored, notKnown, asked } = answer;
    this.say(saidOf(answer), kind === null && matches.length === 0);
    this.answer.replaceChildren(
      ...[
        kind === null ? null : el('h3', {}, WORDS[kind], ' ', copiedLink(id)),
        matches.length === 0
          ? null
          : el('ul', { class: 'why-matches' }, ...matches.map((it) => el('li', {}, idLink(it)))),
        facts.length === 0 ? null : factList(facts),
        part('What happened', timeline.length === 0 ? null : stepTable(timeline)),
        part('Relay policies', policies.length === 0 ? null : policyTable(policies)),
        part('In the store', stored.length === 0 ? null : storedTable(stored)),
        part(
          'Not known',
          notKnown.length === 0
            ? null
            : el('ul', { class: 'why-gaps' }, ...notKnown.map((it) => el('li', {}, it))),
        ),
        kind === null
          ? null
          : el('p', {}, el('a', { href: findLink(asked) }, 'Search for it with a statement')),
      ].filter((it) => it !== null),
    );
  }

  private say(text: string, failed: boolean): void {
    setText(this.status, text);
    this.status.classList.toggle('failed', failed);
  }
}

const WORDS = { transaction: 'Transaction', block: 'Block', peer: 'Peer' } as const;

function saidOf({ kind, matches, asked, node }: WhyAnswer): string {
  if (matches.length > 0) return `${asked} fits several.`;
  if (kind === null) return `Nothing is known of ${asked}.`;
  return node === null ? 'From the store.' : `From the record of ${node} and the store.`;
}

function part(title: string, content: HTMLElement | null): HTMLElement | null {
  return content === null ? null : el('div', {}, el('h3', {}, title), content);
}

function factList(facts: readonly WhyFact[]): HTMLElement {
  return el(
    'dl',
    { class: 'why-facts' },
    ...facts.map(({ name, value, unit }) =>
      el('div', {}, el('dt', {}, name), el('dd', {}, ...valueOf(value), unit === '' ? null : ` ${unit}`)),
    ),
  );
}

function stepTable(steps: readonly WhyStep[]): HTMLElement {
  const first = steps[0]?.timeMs ?? 0;
  return table(
    'What happened',
    ['Time', 'After', 'What', 'Peer', 'About'],
    [
      ...steps.map(({ timeMs, what, peer, about }) => [
        [el('time', { datetime: new Date(timeMs).toISOString() }, formatTime(timeMs))],
        [afterOf(timeMs - first)],
        [what],
        peer === null ? [] : valueOf(peer),
        about === null ? [] : valueOf(about),
      ]),
    ],
  );
}

function policyTable(policies: readonly PolicyVerdict[]): HTMLElement {
  const names = [...new Set(policies.flatMap(({ rules }) => rules.map(({ rule }) => rule)))];
  return table(
    'Relay policies',
    ['Rule', ...policies.map(({ program }) => program)],
    [
      [
        'would relay it',
        ...policies.map(({ refusedBy }) => (refusedBy === null ? 'yes' : `no: ${refusedBy}`)),
      ].map((text) => [el('strong', {}, text)]),
      ...names.map((name) => [
        [name],
        ...policies.map(({ rules }): readonly Content[] => {
          const found = rules.find(({ rule }) => rule === name);
          if (found === undefined) return [el('span', { class: 'muted' }, 'no such rule')];
          const { value, limit, unit, outcome } = found;
          const has = value === null ? 'not known' : digits(value);
          return [
            el('span', { class: `why-${outcome}` }, `${outcome}: ${has}${unit === '' ? '' : ` ${unit}`}`),
            el('small', { class: 'muted' }, ` (${limit})`),
          ];
        }),
      ]),
    ],
  );
}

function storedTable(points: readonly StoredPoint[]): HTMLElement {
  return table(
    'In the store',
    ['Series', 'Time', 'Node', 'Columns'],
    [
      ...points.map(({ series, timeMs, node, values }) => [
        [series],
        timeMs === null ? [] : [el('time', { datetime: new Date(timeMs).toISOString() }, formatTime(timeMs))],
        [node],
        Object.entries(values).flatMap(([name, value], index): Content[] => [
          `${index === 0 ? '' : ', '}${name} `,
          ...valueOf(value),
        ]),
      ]),
    ],
  );
}

function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (readonly Content[])[])[],
): HTMLElement {
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    el(
      'table',
      { class: 'data' },
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
      el('tbody', {}, ...rows.map((row) => el('tr', {}, ...row.map((cell) => el('td', {}, ...cell))))),
    ),
  );
}

/** A value, with a link where it is an id. */
function valueOf(value: string | number | boolean): readonly Content[] {
  if (typeof value === 'number') return [el('data', { value, title: String(value) }, digits(value))];
  if (typeof value === 'boolean') return [value ? 'yes' : 'no'];
  if (!isId(value)) return [value];
  return [isHash(value) ? copiedLink(value) : idLink(value)];
}

function afterOf(ms: number): string {
  if (ms >= 10_000) return `+${formatDuration(ms)}`;
  return ms >= 1_000 ? `+${(ms / 1_000).toFixed(2)} s` : `+${ms.toFixed(1)} ms`;
}
