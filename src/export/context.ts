import type { Clock } from '../lib/clock';

/** Parts of the program that exporters use. */
export interface ExporterContext {
  readonly clock: Clock;
  /** Logs a warning. */
  readonly warn: (message: string) => void;
  /** The environment, which may hold passwords and tokens. */
  readonly env: NodeJS.ProcessEnv;
}
