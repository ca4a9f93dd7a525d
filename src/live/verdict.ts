import { grouped } from '../lib/grouped';

/** What is asked of a node: three questions of its user, and whether the answers can be trusted. */
export type Question = 'step' | 'peers' | 'fees' | 'monitor';

/** How well it is. `unknown`: too little is known for an answer. */
export type Tone = 'good' | 'warn' | 'bad' | 'unknown';

/** The answer to a question. */
export interface Verdict {
  readonly question: Question;
  readonly tone: Tone;
  /** The answer in a few words. */
  readonly answer: string;
  /** Why, in whole sentences. */
  readonly reason: string;
  /** What to do; '' where nothing must be done. */
  readonly advice: string;
  /** The panel that shows more. */
  readonly panel: string;
}

/** A verdict without its question, as a rule returns it. */
export type Answer = Omit<Verdict, 'question'>;

/** A number with its noun: `1 peer`, `3 peers`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A duration in words: `12 s`, `4 min`, `3 h 20 min`, `2 days`. */
export function lasting(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2_880)
    return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  return `${Math.floor(minutes / 1_440)} days`;
}
