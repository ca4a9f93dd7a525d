import { parseDuration } from '../lib/duration';
import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import type { Alert, AlertName } from './alert';
import { ALERTS } from './alerts';

/** An alert that receivers are not told of. */
export interface Silence {
  readonly name: AlertName;
  /** For how long, from the start of the program; null for ever. */
  readonly ms: number | null;
}

/**
 * Reads a value of `--silence`: `NAME`, or `NAME=DURATION`. The name is that of links or that of Prometheus.
 * @throws UsageError that says what would be right
 */
export function readSilence(text: string): Silence {
  const [, asked = '', duration] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const alert = ALERTS.find(({ name, slug }) => slug === asked || name === asked);
  const slugs = ALERTS.map(({ slug }) => slug);
  if (alert === undefined)
    throw new UsageError(
      `--silence ${text}: give the name of an alert${suggestion(asked, slugs) || `: ${slugs.join(', ')}`}`,
    );
  const ms = duration === undefined ? null : parseDuration(duration);
  if (duration !== undefined && (ms === null || ms <= 0))
    throw new UsageError(
      `--silence ${text}: give a duration behind the =, such as ${alert.slug}=2h, or the name alone`,
    );
  return { name: alert.name, ms };
}

/** Which alerts are silenced at a time (Unix milliseconds). */
export class Silences {
  constructor(
    private readonly silences: readonly Silence[],
    private readonly startedMs: number,
  ) {}

  covers({ name }: Alert, nowMs: number): boolean {
    return this.silences.some(
      (silence) => silence.name === name && (silence.ms === null || nowMs < this.startedMs + silence.ms),
    );
  }
}
