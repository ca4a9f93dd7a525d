import { digits, formatDuration, formatTime } from './format';
import type { Tone, Verdict } from '../../live/verdict';
import type { LinkState } from './live-link';
import type { AnswerRows, Status } from './api-types';

/** A message about the connection or the data, and how serious it is. */
export interface Notice {
  readonly tone: 'good' | 'plain' | 'warn' | 'bad';
  readonly text: string;
}

/** The newest point counts as delayed after this time. Points come every 5 s, or as set by `--interval`. */
const DELAYED_MS = 30_000;

/** The tones from the worst to the best. */
const FROM_WORST: readonly Tone[] = ['bad', 'warn', 'unknown', 'good'];

/** The worst of some verdicts; what is not known yet counts for the chain and the peers alone. */
export function worstTone(verdicts: readonly Verdict[]): Tone {
  const tones = verdicts
    .filter(({ question, tone }) => tone !== 'unknown' || question === 'step' || question === 'peers')
    .map(({ tone }) => tone);
  return FROM_WORST.find((tone) => tones.includes(tone)) ?? 'unknown';
}

/**
 * The state of the connection and of the node, in a word or two. It is never good where a verdict is not.
 * @param worst of the verdicts
 */
export function connectionWords(
  link: LinkState,
  status: Status | null,
  following: boolean,
  worst: Tone,
): Notice {
  if (link === 'signed-out') return { tone: 'bad', text: 'Signed out' };
  if (link === 'lost') return { tone: 'bad', text: 'Reconnecting' };
  if (link === 'connecting' || status === null) return { tone: 'plain', text: 'Connecting' };
  if (!status.live) return { tone: 'plain', text: 'Stored data' };
  if (worst === 'bad') return { tone: 'bad', text: 'Trouble' };
  const delay = delayOf(status);
  if (delay !== null) return { tone: 'warn', text: `Delayed: newest point ${formatDuration(delay)} old` };
  if (worst === 'warn') return { tone: 'warn', text: 'Live, with a warning' };
  if (!following) return { tone: 'plain', text: 'Connected, panels held' };
  return { tone: worst === 'good' ? 'good' : 'plain', text: 'Live' };
}

/** Messages to show: a lost connection, and missing, late or lost data. */
export function notices(link: LinkState, status: Status | null): readonly Notice[] {
  const found: Notice[] = [];
  if (link === 'lost')
    found.push({ tone: 'bad', text: 'Connection lost, trying again. The data shown may be out of date.' });
  if (link === 'signed-out') found.push({ tone: 'bad', text: 'This node requires a token.' });
  if (status === null) return found;
  if (!status.storeAnswers) found.push({ tone: 'plain', text: 'The store has not answered yet.' });
  else if (status.newestMs === null) found.push({ tone: 'warn', text: 'The store holds no points yet.' });
  else if (!status.live)
    found.push({
      tone: 'plain',
      text: `No node runs here: this is a store. Its newest point is of ${formatTime(status.newestMs)}.`,
    });
  else {
    const delay = delayOf(status);
    if (delay !== null)
      found.push({
        tone: 'warn',
        text: `Data is delayed: the newest point is ${formatDuration(delay)} old.`,
      });
  }
  for (const { name, dropped, damaged } of status.exporters) {
    if (dropped > 0)
      found.push({
        tone: 'bad',
        text: `Points lost: ${digits(dropped)} dropped by exporter ${name} since the start.`,
      });
    if (damaged > 0)
      found.push({
        tone: 'bad',
        text: `Points lost on disk: at least ${digits(damaged)} of exporter ${name}, whose files were damaged. The log says more.`,
      });
  }
  return found;
}

/**
 * The message for a range in which the system's clock was set, from the rows of the panel `clock-steps`;
 * otherwise empty.
 */
export function clockWords({ columns, rows }: Pick<AnswerRows, 'columns' | 'rows'>): string {
  const timeAt = columns.findIndex(({ type }) => type === 'time');
  const steps = rows.flatMap((row) =>
    row.flatMap((cell, at) =>
      at === timeAt || !cell ? [] : [{ timeMs: Number(row[timeAt]), ms: Number(cell) }],
    ),
  );
  const last = steps.at(-1);
  if (last === undefined) return '';
  const size = formatDuration(Math.abs(last.ms));
  const how = last.ms < 0 ? `back by ${size}` : `forward by ${size}`;
  const when = `at about ${formatTime(last.timeMs)}`;
  const times = steps.length === 1 ? '' : `${steps.length} times, the last time `;
  const overlap = steps.some(({ ms }) => ms < 0)
    ? ' Where it was set back, points from before and after it have the same times.'
    : '';
  return `The system’s clock was set ${times}${how} ${when}.${overlap}`;
}

/** The age of the newest point, if that is too old. A run that has just begun has no points yet. */
function delayOf({ newestMs, nowMs, startedMs }: Status): number | null {
  if (newestMs === null) return null;
  const age = nowMs - Math.max(newestMs, startedMs ?? 0);
  return age > DELAYED_MS ? age : null;
}
