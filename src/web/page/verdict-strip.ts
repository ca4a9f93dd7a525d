import type { Question, Verdict } from '../../live/verdict';
import { byId, el, setText, withCode } from './dom';
import { panelLink } from './place';

const QUESTIONS: Readonly<Record<Question, string>> = {
  step: 'Is my node in step?',
  peers: 'Are its peers healthy?',
  fees: 'What will the next block cost?',
  monitor: 'Can I trust these numbers?',
};

/** The tones for those who can't see colours. */
const TONES: Readonly<Record<Verdict['tone'], string>> = {
  good: 'Good',
  warn: 'Warning',
  bad: 'Bad',
  unknown: 'Not known',
};

/** One question with its answer. */
interface Card {
  readonly element: HTMLElement;
  readonly tone: HTMLElement;
  readonly answer: HTMLAnchorElement;
  readonly reason: HTMLElement;
  readonly advice: HTMLElement;
  shown: string;
}

/** The answers to the questions of a user. The verdict on the monitor is shown only if it is not good. */
export class VerdictStrip {
  private readonly strip = byId('verdicts', 'section');
  private readonly said = byId('verdicts-said', 'p');
  private readonly cards = new Map<Question, Card>();
  private tones = '';

  constructor() {
    for (const question of Object.keys(QUESTIONS) as Question[]) {
      const card = makeCard(question);
      card.element.hidden = question === 'monitor';
      this.cards.set(question, card);
      this.strip.append(card.element);
    }
  }

  /** Shows that no node runs here, or that one does. */
  setLive(isLive: boolean): void {
    this.strip.hidden = !isLive;
  }

  show(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const card = this.cards.get(verdict.question);
      if (card !== undefined) fill(card, verdict);
    }
    // Only a change of a colour is announced to screen readers: ages and heights change all the time.
    const tones = JSON.stringify(verdicts.map(({ tone }) => tone));
    if (tones === this.tones) return;
    const isFirst = this.tones === '';
    this.tones = tones;
    const notGood = verdicts.filter(({ tone }) => tone === 'bad' || tone === 'warn');
    if (!isFirst || notGood.length > 0)
      setText(
        this.said,
        notGood.map(({ tone, answer }) => `${TONES[tone]}: ${answer}`).join('. ') || 'All is well again',
      );
  }
}

function makeCard(question: Question): Card {
  const tone = el('span', { class: 'unseen' });
  const answer = el('a', { class: 'verdict-answer', href: '#now' }, '…');
  const reason = el('p', { class: 'verdict-reason' });
  const advice = el('p', { class: 'verdict-advice', hidden: true });
  const element = el(
    'article',
    { class: 'verdict', 'data-tone': 'unknown', id: `verdict-${question}` },
    el('h2', {}, QUESTIONS[question]),
    el('p', {}, tone, answer),
    reason,
    advice,
  );
  return { element, tone, answer, reason, advice, shown: '' };
}

function fill(card: Card, { question, tone, answer, reason, advice, panel }: Verdict): void {
  const shown = JSON.stringify([tone, answer, reason, advice, panel]);
  if (shown === card.shown) return;
  card.shown = shown;
  card.element.hidden = question === 'monitor' && tone === 'good';
  card.element.dataset['tone'] = tone;
  setText(card.tone, `${TONES[tone]}: `);
  setText(card.answer, answer);
  card.answer.href = panelLink(panel);
  setText(card.reason, reason);
  card.advice.hidden = advice === '';
  card.advice.replaceChildren(...withCode(advice).filter((part) => part !== null));
}
