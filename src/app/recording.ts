import type { Clock, ClockSteps, SystemClock } from '../lib/clock';
import { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { MonitorEvents } from '../metrics/collector';
import type { BlockChecks } from '../p2p/compact/block-checks';
import type { FrameWatcher } from '../p2p/frame-watcher';
import type { Pool } from '../p2p/pool';
import type { AppConfig } from './config';
import type * as RecordedParts from './recorded';

/** What is recorded, and where. */
export interface RecordSettings {
  readonly directory: string;
  /** The most bytes of all files of the folder. */
  readonly maxBytes: number;
  /** The commands whose messages are recorded; without it all, and what a replay needs besides. */
  readonly only?: readonly string[] | undefined;
}

/** The parts of a listener that record what it does; without `--record` the same parts without that. */
export interface Recording {
  readonly bus: EventBus<MonitorEvents>;
  /** The clock of all that makes points. */
  readonly clock: Clock & ClockSteps;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
  readonly frames: FrameWatcher | undefined;
  /** Records the headers of this file. The chain had them before the recording began. */
  headers(file: string | undefined): Promise<void>;
  /** Runs what connects the parts that make points. */
  setUp<T>(action: () => T): T;
  /** Runs what writes the points of an interval. */
  interval(pool: Pick<Pool, 'addresses'>, action: () => void): void;
  /** Runs what looks for a silent peer. */
  follow(action: () => void): void;
  /** The checks of the chain, whose changes are recorded. */
  checks(inner: BlockChecks, changes: () => number): BlockChecks;
  close(): Promise<void>;
}

/**
 * Opens the recording of a listener.
 * @throws FailureError of one line where the folder can't be written
 */
export async function openRecording(
  config: AppConfig,
  { clock, log }: { readonly clock: SystemClock; readonly log: Log },
): Promise<Recording> {
  const { record } = config;
  if (record === undefined) return unrecorded(clock);
  // Loaded only where it is wanted.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { Recorded } = require('./recorded') as typeof RecordedParts;
  return Recorded.open(record, config, { clock, log });
}

/** What a listener uses that records nothing. */
function unrecorded(clock: SystemClock): Recording {
  return {
    ...{ bus: new EventBus<MonitorEvents>(), clock, unixTime, frames: undefined },
    headers: () => Promise.resolve(),
    setUp: (action) => action(),
    interval: (_, action) => action(),
    follow: (action) => action(),
    checks: (inner) => inner,
    close: () => Promise.resolve(),
  };
}

function unixTime(): number {
  return Date.now() / 1_000;
}
