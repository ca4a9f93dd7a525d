import type { SummaryOutput } from './summary';

const CLEAR_LINE_END = '\x1b[K';

/** How many lines tell of the progress where there is no terminal. */
const LINES = 4;

/** Shows how much of the demo's chain is made: on a terminal a line that changes, otherwise a few lines. */
export class Progress {
  private told = 0;

  constructor(
    private readonly live: boolean,
    private readonly out: SummaryOutput,
  ) {}

  /** Told after each block. */
  readonly made = (blocks: number, all: number): void => {
    const text = `Making its first blocks: ${blocks} of ${all}`;
    if (this.live) {
      this.out.write(`\r${text}${CLEAR_LINE_END}${blocks === all ? '\n' : ''}`);
      return;
    }
    const quarter = Math.floor((blocks * LINES) / all);
    if (quarter === this.told) return;
    this.told = quarter;
    this.out.write(`${text}\n`);
  };
}
