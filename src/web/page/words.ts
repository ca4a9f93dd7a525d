import { digits, formatDuration, formatTime } from './format';
import type { LinkState } from './live-link';
import type { Status } from './wire';

/** Something that is said of the connection or the data, and how grave it is. */
export interface Notice {
  readonly tone: 'good' | 'plain' | 'warn' | 'bad';
  readonly text: string;
}

/** Newest points older than this are called delayed; they come every 5 s, or as often as `--interval` says. */
const DELAYED_MS = 30_000;

/** How the connection stands, in a word or two. */
export function connectionWords(link: LinkState, status: Status | null, following: boolean): Notice {
  if (link === 'signed-out') return { tone: 'bad', text: 'Signed out' };
  if (link === 'lost') return { tone: 'bad', text: 'Reconnecting' };
  if (link === 'connecting' || status === null) return { tone: 'plain', text: 'Connecting' };
  if (!status.live) return { tone: 'plain', text: 'Stored data' };
  const delay = delayOf(status);
  if (delay !== null) return { tone: 'warn', text: `Delayed: newest point ${formatDuration(delay)} old` };
  return following ? { tone: 'good', text: 'Live' } : { tone: 'plain', text: 'Connected, panels held' };
}

/** What must be said beside: a lost connection, missing, late or lost data. */
export function notices(link: LinkState, status: Status | null): readonly Notice[] {
  const found: Notice[] = [];
  if (link === 'lost')
    found.push({ tone: 'bad', text: 'Connection lost, trying again. What is shown may be out of date.' });
  if (link === 'signed-out') found.push({ tone: 'bad', text: 'This node wants a token.' });
  if (status === null) return found;
  if (status.newestMs === null) found.push({ tone: 'warn', text: 'The store holds no points yet.' });
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
  for (const { name, dropped } of status.exporters)
    if (dropped > 0)
      found.push({
        tone: 'bad',
        text: `Points lost: ${digits(dropped)} dropped by exporter ${name} since the start.`,
      });
  return found;
}

/** How old the newest point is, where that is too old. A run that has just begun has none yet. */
function delayOf({ newestMs, nowMs, startedMs }: Status): number | null {
  if (newestMs === null) return null;
  const age = nowMs - Math.max(newestMs, startedMs ?? 0);
  return age > DELAYED_MS ? age : null;
}
