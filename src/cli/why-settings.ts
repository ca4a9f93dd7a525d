import { UsageError } from '../lib/errors';
import { parseDuration } from '../lib/duration';
import type { WhyLimits } from '../why/why-record';
import type { OptionTable } from './option';
import { readCount, readWholeNumber } from './values';

/** Three weeks: what is older is for the store. */
const LONGEST_MS = 21 * 86_400_000;
const LEAST_MS = 60_000;

/** A gigabyte of memory, 100 of disk. */
const MOST_MB = 1_000;
const MOST_DISK_MB = 100_000;

/** Options of the record that `why` asks. */
export const WHY_RECORD_OPTIONS = {
  why: {
    read: readWhy,
    type: 'string',
    requiresArg: true,
    default: '24h',
    describe:
      'How long to remember what happened to each transaction, block and peer, for btcdmon-node why; or off',
  },
  'why-size': {
    read: readWholeNumber('why-size', MOST_MB),
    type: 'string',
    requiresArg: true,
    default: '24',
    describe: 'Megabytes of memory for --why; what no longer fits goes to disk',
  },
  'why-disk': {
    read: readCount('why-disk', MOST_DISK_MB),
    type: 'string',
    requiresArg: true,
    default: '500',
    describe:
      'Megabytes of disk for --why, in --data-dir; the oldest entries are forgotten first; 0: memory alone',
  },
} as const satisfies OptionTable;

/** The limits of the record; undefined if there is none. */
export function whySettings({
  why,
  whySize,
  whyDisk,
}: {
  readonly why: string;
  readonly whySize: string;
  readonly whyDisk: string;
}): WhyLimits | undefined {
  const keptMs = readWhy(why);
  const maxBytes = WHY_RECORD_OPTIONS['why-size'].read(whySize) * 1_000_000;
  const diskBytes = WHY_RECORD_OPTIONS['why-disk'].read(whyDisk) * 1_000_000;
  return keptMs === null ? undefined : { keptMs, maxBytes, diskBytes };
}

/**
 * Reads --why, in milliseconds; null for none.
 * @throws UsageError naming the value and what would be right
 */
function readWhy(text: string): number | null {
  if (text === 'off') return null;
  const ms = parseDuration(text);
  if (ms !== null && ms >= LEAST_MS && ms <= LONGEST_MS) return ms;
  throw new UsageError(`--why ${text}: give a duration from 1m to 3w, such as 24h, or off`);
}
