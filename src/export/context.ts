import type { Clock } from '../lib/clock';

/** What exporters take from the program. */
export interface ExporterContext {
  readonly clock: Clock;
  /** Takes a line for the log. */
  readonly warn: (message: string) => void;
  /** Where passwords and tokens are looked for. */
  readonly env: NodeJS.ProcessEnv;
}
