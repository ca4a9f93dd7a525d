import { SORTS, type View } from './view';

/** What a key does besides changing the view. */
export type Press = View | 'quit' | 'suspend' | 'next node' | 'previous node';

const PAGE = 10;

/**
 * Escape sequences of keys, in both modes of the cursor keys, or else one character. eslint-disable-next-line
 * no-control-regex -- terminals begin keys with it
 */
// eslint-disable-next-line no-control-regex -- terminals begin keys with it
const KEY = /\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[^]/g;

const STEPS: Readonly<Record<string, number>> = {
  '\x1b[A': -1,
  '\x1bOA': -1,
  k: -1,
  '\x1b[B': 1,
  '\x1bOB': 1,
  j: 1,
  '\x1b[5~': -PAGE,
  '\x1b[6~': PAGE,
  '\x1b[H': -Infinity,
  '\x1bOH': -Infinity,
  '\x1b[1~': -Infinity,
  '\x1b[F': Infinity,
  '\x1bOF': Infinity,
  '\x1b[4~': Infinity,
};

/** Splits what a terminal sent at once into keys. */
export function keysOf(input: string): readonly string[] {
  return input.match(KEY) ?? [];
}

/** The next view after a key; `last` is the furthest scroll position. */
export function press(view: View, key: string, last: number): Press {
  if (key === '\x03' || key === 'q' || key === 'Q') return 'quit';
  if (key === '\x1a') return 'suspend';
  if (view.help) return { ...view, help: false };
  const step = STEPS[key];
  if (step !== undefined) return { ...view, scroll: Math.max(0, Math.min(last, view.scroll + step)) };
  switch (key) {
    case 'p':
    case ' ':
      return { ...view, paused: !view.paused };
    case 's':
      return { ...view, sort: SORTS[(SORTS.indexOf(view.sort) + 1) % SORTS.length] ?? view.sort, scroll: 0 };
    case 'n':
      return 'next node';
    case 'N':
      return 'previous node';
    case 'h':
    case '?':
      return { ...view, help: true };
    default:
      return view;
  }
}
