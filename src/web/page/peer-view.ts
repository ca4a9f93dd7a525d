import type { LivePeer } from '../../live/live';
import { type Api, ApiError } from './api';
import type { PeerAnswer } from './api-types';
import { button, byId, el, setText } from './dom';
import { UNKNOWN, digits, formatDuration, formatValue, networkWord } from './format';
import { findLink } from './place';

const EVERY_MS = 2_000;

/** Commands whose messages the node counts for each peer, in the order of the table. */
const COMMANDS = [
  ...['inv', 'tx', 'block', 'cmpctblock', 'headers', 'getdata', 'notfound', 'addr', 'addrv2', 'ping'],
] as const;

const SPY_WORDS: Readonly<Record<string, string>> = {
  netgroup: 'many connections of its netgroup',
  silent: 'announces nothing',
  undelivered: 'does not deliver what it announced',
  agents: 'many connections with its user agent and odd services',
};

type Fields = Readonly<Record<string, unknown>>;

/** A term and its value as text; null where it is left out. */
type Fact = readonly [term: string, text: string | null];

/** The view of one peer below their table. It follows the peer until it is closed or the peer has left. */
export class PeerView {
  private readonly section = byId('peer-view', 'section');
  private readonly name = el('h4', { id: 'peer-view-name', tabindex: -1 });
  private readonly said = el('p', { class: 'muted small', 'aria-live': 'polite' });
  private readonly parts = el('div', { class: 'peer-view-parts' });
  private timer: ReturnType<typeof setInterval> | undefined;
  private id: number | null = null;
  /** What had the focus before. */
  private before: Element | null = null;

  constructor(private readonly api: Pick<Api, 'peer'>) {
    const close = button({ class: 'tool' }, () => this.close(), 'Close');
    this.section.append(el('header', {}, this.name, close), this.said, this.parts);
    this.section.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.close();
    });
  }

  /** Shows a peer. */
  open({ id, address }: LivePeer): void {
    if (this.section.hidden) this.before = document.activeElement;
    this.id = id;
    setText(this.name, address);
    setText(this.said, '');
    this.parts.replaceChildren();
    this.section.hidden = false;
    this.name.focus({ preventScroll: true });
    this.section.scrollIntoView({ block: 'nearest' });
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      if (!document.hidden) void this.load(id);
    }, EVERY_MS);
    void this.load(id);
  }

  close(): void {
    clearInterval(this.timer);
    this.id = null;
    this.section.hidden = true;
    if (this.before instanceof HTMLElement) this.before.focus();
  }

  private async load(id: number): Promise<void> {
    try {
      const answer = await this.api.peer(id);
      if (this.id === id) this.show(answer);
    } catch (error) {
      if (!(error instanceof ApiError) || this.id !== id) return;
      const isGone = error.status === 404;
      if (isGone) clearInterval(this.timer);
      setText(this.said, isGone ? 'It has left. These are the last numbers.' : `${error.message}.`);
    }
  }

  private show({ session, messages }: PeerAnswer): void {
    setText(this.said, '');
    const link = el('a', { href: findLink(session.address ?? '') }, 'its earlier sessions');
    this.parts.replaceChildren(
      part('Who it is', whoFacts(session)),
      part('Inventory', inventoryFacts(session)),
      part('Conduct', conductFacts(session)),
      commandTable(messages),
      el('p', { class: 'small' }, 'The store has ', link, '.'),
    );
  }
}

function whoFacts(session: Fields): readonly Fact[] {
  const version = number(session, 'version');
  return [
    ['Session', text(session, 'session')],
    ['Direction', session['is_inbound'] === true ? 'in' : 'out'],
    ['Network', networkWord(text(session, 'address_network'))],
    ['Netgroup', text(session, 'netgroup')],
    ['Autonomous system', text(session, 'asn')],
    ['Labels', text(session, 'labels')],
    ['Transport', text(session, 'transport')],
    ['User agent', text(session, 'user_agent')],
    ['Version', version === null ? null : String(version)],
    ['Services', text(session, 'services')],
    ['Height', count(session, 'height') ?? count(session, 'start_height')],
    ['Clock', clockText(number(session, 'time_offset'))],
    ['Connected for', duration(number(session, 'duration'))],
  ];
}

function inventoryFacts(session: Fields): readonly Fact[] {
  return [
    ['Announced first', count(session, 'inv_first')],
    ['Announced later than others', count(session, 'inv_later')],
    ['Blocks announced', count(session, 'blocks_announced')],
    ['Asked for', count(session, 'requested')],
    ['Never delivered', count(session, 'undelivered')],
  ];
}

function conductFacts(session: Fields): readonly Fact[] {
  const ping = (name: string): string | null => withUnit(number(session, name), 'ms');
  const reasons = text(session, 'spy_reasons')?.split(',') ?? [];
  const score = number(session, 'spy_score');
  const why = reasons.map((reason) => SPY_WORDS[reason] ?? reason).join(', ');
  return [
    ['Ping, least', ping('ping_least')],
    ['Ping, median', ping('ping_median')],
    ['Fee filter', withUnit(number(session, 'fee_filter'), 'sat/vB')],
    ['Addresses told', count(session, 'addrs_told')],
    ['Violations', count(session, 'violations')],
    ['Spy score', score === null ? null : `${score} of 100${why === '' ? '' : `: ${why}`}`],
    ['Received', traffic(session, 'recv')],
    ['Sent', traffic(session, 'sent')],
  ];
}

/** Messages and bytes by command, those that there were. */
function commandTable(messages: Fields): HTMLElement {
  const cell = (way: string, command: string): string => {
    const bytes = number(messages, `${way}_${command}_bytes`);
    const sum = count(messages, `${way}_${command}`);
    return sum === null || bytes === null ? UNKNOWN : `${sum} (${formatValue(bytes, 'bytes')})`;
  };
  const isUsed = (command: string): boolean =>
    ['recv', 'sent'].some((way) => (number(messages, `${way}_${command}`) ?? 0) > 0);
  const rows = COMMANDS.filter(isUsed).map((command) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, command),
      ...['recv', 'sent'].map((way) => el('td', { class: 'number' }, cell(way, command))),
    ),
  );
  const head = ['Messages', 'Received', 'Sent'].map((title, i) =>
    el('th', { scope: 'col', class: i > 0 ? 'number' : null }, title),
  );
  return el(
    'div',
    {},
    el('table', { class: 'data' }, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows)),
  );
}

function part(title: string, facts: readonly Fact[]): HTMLElement {
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  return el(
    'div',
    {},
    el('h5', {}, title),
    el('dl', {}, ...known.flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)])),
  );
}

function number(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === 'number' ? value : null;
}

function text(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function count(fields: Fields, name: string): string | null {
  const value = number(fields, name);
  return value === null ? null : digits(value);
}

function withUnit(value: number | null, unit: 'ms' | 'sat/vB'): string | null {
  return value === null ? null : formatValue(value, unit);
}

function duration(seconds: number | null): string | null {
  return seconds === null ? null : formatDuration(seconds * 1_000);
}

function clockText(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (seconds === 0) return 'as ours';
  return `${digits(Math.abs(seconds))} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
}

function traffic(session: Fields, way: 'recv' | 'sent'): string | null {
  const bytes = number(session, `bytes_${way}`);
  const messages = count(session, `msg_${way}`);
  return bytes === null || messages === null
    ? null
    : `${formatValue(bytes, 'bytes')} in ${messages} messages`;
}
