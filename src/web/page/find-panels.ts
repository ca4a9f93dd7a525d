import type { PanelInfo } from './api-types';

/** The parts of a panel that are searched for words. */
export type Findable = Pick<PanelInfo, 'name' | 'title' | 'theme' | 'help' | 'labels'>;

/**
 * The panels that have all words of a text, the best first: a word counts most in the title, and least in the
 * explanation. Without words there are none.
 */
export function findPanels<T extends Findable>(panels: readonly T[], text: string, most = 8): readonly T[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return [];
  return panels
    .map((panel) => ({ panel, scores: words.map((word) => scoreOf(panel, word)) }))
    .filter(({ scores }) => scores.every((score) => score > 0))
    .map(({ panel, scores }) => ({ panel, score: scores.reduce((sum, score) => sum + score, 0) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ panel }) => panel);
}

function scoreOf({ name, title, theme, help, labels }: Findable, word: string): number {
  const heading = title.toLowerCase();
  if (heading === word || name === word) return 20;
  if (heading.startsWith(word)) return 16;
  if (heading.includes(` ${word}`)) return 12;
  if (heading.includes(word) || name.includes(word)) return 8;
  if (theme.startsWith(word)) return 4;
  if (labels.some((label) => label.toLowerCase().includes(word))) return 2;
  return help.toLowerCase().includes(word) ? 1 : 0;
}
