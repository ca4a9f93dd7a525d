import type { Clock } from '../lib/clock';
import { drawFrame, type FrameState, headline } from './frame';
import type { DemoStats } from './stats';

/** Where the summary is written: stdout. */
export interface SummaryOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const FRAME_MS = 1_000;

/**
 * Number of frames over which rates are computed: enough that a block every few seconds does not make them
 * jump.
 */
const RATE_FRAMES = 5;

/** Frames between two lines if there is no terminal. */
const LINE_EVERY = 10;

const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const lineUp = (lines: number): string => (lines === 0 ? '' : `\x1b[${lines}A`);

/**
 * Shows the demo's numbers: on a terminal a frame that is redrawn each second, otherwise a line from time to
 * time.
 */
export class Summary {
  private readonly startedMs: number;
  private readonly history: { readonly ms: number; readonly messages: ReadonlyMap<string, number> }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private frames = 0;
  private drawn = 0;

  constructor(
    private readonly options: { readonly seconds: number; readonly live: boolean },
    private readonly modules: {
      readonly clock: Clock;
      readonly out: SummaryOutput;
      readonly stats: DemoStats;
      readonly stored: () => number;
    },
  ) {
    this.startedMs = modules.clock.monotonicMs();
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), FRAME_MS);
    this.tick();
  }

  /** Shows the last numbers and leaves them there. */
  stop(): void {
    clearInterval(this.timer);
    this.show();
  }

  private tick(): void {
    if (this.options.live || this.frames % LINE_EVERY === 0) this.show();
    this.frames++;
    this.history.push({
      ms: this.modules.clock.monotonicMs(),
      messages: new Map(this.modules.stats.messages),
    });
    if (this.history.length > RATE_FRAMES) this.history.shift();
  }

  private show(): void {
    const { out } = this.modules;
    const state = this.state();
    if (!this.options.live) {
      out.write(`${headline(state)}\n`);
      return;
    }
    const width = out.columns ?? 80;
    // A frame higher than the terminal would scroll, and the next one could not return to its start.
    const lines = drawFrame(state).slice(0, (out.rows ?? 24) - 1);
    const text = lines.map((line) => `${line.slice(0, width - 1)}${CLEAR_LINE_END}\n`).join('');
    out.write(`${lineUp(this.drawn)}${text}${CLEAR_BELOW}`);
    this.drawn = lines.length;
  }

  private state(): FrameState {
    const { clock, stats, stored } = this.modules;
    const now = clock.monotonicMs();
    const oldest = this.history[0];
    return {
      stats,
      stored: stored(),
      before: oldest?.messages ?? new Map<string, number>(),
      rateSeconds: (now - (oldest?.ms ?? this.startedMs)) / 1000,
      elapsed: Math.round((now - this.startedMs) / 1000),
      seconds: this.options.seconds,
    };
  }
}
