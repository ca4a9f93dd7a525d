import type { Question, Tone, Verdict } from '../live/verdict';
import { type Style, type TextLine, line } from './layout';
import { wrapped } from './text';

/** What a verdict is about, as the page asks it. */
const ABOUT: Readonly<Record<Question, string>> = {
  step: 'chain',
  peers: 'peers',
  fees: 'next block',
  monitor: 'monitor',
};

/** The tones for those who see no colours, and the colours. */
const TONES: Readonly<Record<Tone, readonly [word: string, style: Style]>> = {
  good: ['ok', 'good'],
  warn: ['WARN', 'warn'],
  bad: ['BAD', 'alert'],
  unknown: ['?', 'plain'],
};

/** Width of the words before a verdict. */
const INDENT = 16;

/** Lines of a verdict that is not good; a good one has one. */
const MOST_LINES = 3;

/** Rows of a terminal. From HIGH on a verdict may have several lines, from LOW on good verdicts are shown. */
const HIGH = 30;
const LOW = 16;

/**
 * The answers to a user's questions, with the reason and what to do. As on the page, the verdict on the
 * monitor is shown only if it is not good.
 * @param height rows of the terminal; Infinity without a terminal
 */
export function verdictLines(
  verdicts: readonly Verdict[],
  { width, height }: { readonly width: number; readonly height: number },
): readonly TextLine[] {
  return verdicts
    .filter(({ question, tone }) => tone !== 'good' || (question !== 'monitor' && height >= LOW))
    .flatMap(({ question, tone, answer, reason, advice }) => {
      const [word, style] = TONES[tone];
      const told = [answer, reason, advice].filter((text) => text !== '').map(sentence);
      const most = tone === 'good' || height < HIGH ? 1 : MOST_LINES;
      const texts = wrapped(told.join(' '), Math.max(1, width - INDENT), most);
      return texts.map((text, index) =>
        line(`${(index === 0 ? `${word.padEnd(4)} ${ABOUT[question]}` : '').padEnd(INDENT)}${text}`, style),
      );
    });
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
