import { OUTPUT_TYPES } from '../wire/output-type';
import type { DemoStats } from './stats';

/** The data of one frame of the summary. */
export interface FrameState {
  readonly stats: DemoStats;
  /** Points that the store confirmed. */
  readonly stored: number;
  /** Messages by command, as they were `rateSeconds` ago. */
  readonly before: ReadonlyMap<string, number>;
  readonly rateSeconds: number;
  /** Seconds since the start. */
  readonly elapsed: number;
  /** How many seconds the demo runs; 0 means until it is stopped. */
  readonly seconds: number;
}

const LONGEST_BAR = 24;

/** The lines of the live summary: peers, height and points; messages by command beside outputs by type. */
export function drawFrame(state: FrameState): readonly string[] {
  const left = messageRows(state);
  const right = outputRows(state.stats);
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, row) =>
    `  ${(left[row] ?? '').padEnd(LEFT_WIDTH)}   ${right[row] ?? ''}`.trimEnd(),
  );
  return ['', `  ${headline(state)}`, '', ...rows, ''];
}

/** The summary in one line, for output that is no terminal. */
export function headline({ stats, stored, elapsed, seconds }: FrameState): string {
  const time = seconds === 0 ? `${elapsed} s, Ctrl-C ends it` : `${elapsed} of ${seconds} s`;
  const parts = [
    `${stats.peers} peers`,
    `height ${stats.height ?? '-'}`,
    `${total(stats.messages)} messages`,
    `${stats.transactions} transactions`,
    `${stored} points stored`,
  ];
  return `${parts.join('   ')}   (${time})`;
}

const LEFT_WIDTH = 30;

function messageRows({ stats, before, rateSeconds }: FrameState): readonly string[] {
  const rows = [...stats.messages]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, OUTPUT_TYPES.length)
    .map(([command, count]) => {
      const rate = rateSeconds > 0 ? (count - (before.get(command) ?? 0)) / rateSeconds : 0;
      return `${command.padEnd(14)}${rate.toFixed(1).padStart(7)}${String(count).padStart(9)}`;
    });
  return [`${'messages'.padEnd(14)}${'a second'.padStart(8)}${'all'.padStart(8)}`, ...rows];
}

function outputRows({ outputs }: DemoStats): readonly string[] {
  const most = Math.max(LONGEST_BAR, ...outputs.values());
  const rows = OUTPUT_TYPES.map((type) => {
    const count = outputs.get(type) ?? 0;
    const bar = '█'.repeat(Math.ceil((count * LONGEST_BAR) / most));
    return `${type.padEnd(22)}${String(count).padStart(6)}  ${bar}`;
  });
  return [`${'outputs'.padEnd(22)}${'all'.padStart(6)}`, ...rows];
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
