import type { Status } from './api-types';

/** The ranges that end now, by their names in the API. */
export const RANGES = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
} as const;

/** A range that ends now, or everything in the store. */
export type RangeName = keyof typeof RANGES | typeof ALL;

/** The range of all that the store has. */
export const ALL = 'all';

/** What is known of the times of a store. All are Unix milliseconds. */
export type StoreTimes = Pick<Status, 'oldestMs' | 'newestMs' | 'nowMs' | 'live'>;

/** A store that no node writes, and whose newest point is older than this, does not grow. */
const STILL_MS = 300_000;

/** Where ranges end: at the newest point of a store that does not grow; null for now. */
export function endOf({ newestMs, nowMs, live }: StoreTimes): number | null {
  return live || newestMs === null || nowMs - newestMs < STILL_MS ? null : Math.ceil(newestMs) + 1;
}

/** What the page shows. It is stored in the address, so that a view can be shared. */
export interface View {
  /** A range that ends now, or a fixed one in Unix milliseconds. */
  readonly range: RangeName | { readonly fromMs: number; readonly toMs: number };
  /** Null means all of them. */
  readonly node: string | null;
  readonly network: string | null;
  /** Whether panels are updated. */
  readonly live: boolean;
}

/** The view of an address without parameters, unless the store is young. */
export const DEFAULT_VIEW: View = { range: '1h', node: null, network: null, live: true };

/** For a range of up to an hour, every visible panel is reloaded this often, in milliseconds. */
const SHORT_EVERY_MS = 2_000;

/** A longer range changes less: it is reloaded this many times during its own length. */
const LONG_PARTS = 720;

const MOST_EVERY_MS = 120_000;

/** Reads the view from the query part of an address; invalid parts are ignored. */
export function readView(search: string): View {
  const params = new URLSearchParams(search);
  const from = timeOf(params.get('from'));
  const to = timeOf(params.get('to'));
  const name = params.get('range') ?? '';
  const range =
    from !== null && to !== null && from < to
      ? { fromMs: from, toMs: to }
      : isRange(name)
        ? name
        : DEFAULT_VIEW.range;
  return {
    range,
    node: params.get('node') ?? null,
    network: params.get('network') ?? null,
    live: params.get('live') !== 'off',
  };
}

/** The query part of an address for a view; `readView` reads it back. */
export function writeView(view: View): string {
  const params = new URLSearchParams();
  if (typeof view.range !== 'string') {
    params.set('from', new Date(view.range.fromMs).toISOString());
    params.set('to', new Date(view.range.toMs).toISOString());
  } else params.set('range', view.range);
  if (view.node !== null) params.set('node', view.node);
  if (view.network !== null) params.set('network', view.network);
  if (!view.live) params.set('live', 'off');
  return `?${params.toString()}`;
}

/**
 * The view of a page that was opened without a range. Of a store of a few minutes it shows everything: an
 * hour, and a quarter of one as well, would be almost empty.
 */
export function fitted(view: View, search: string, times: StoreTimes): View {
  const params = new URLSearchParams(search);
  const end = endOf(times) ?? times.nowMs;
  const isYoung = times.oldestMs === null ? times.live : end - times.oldestMs < RANGES['15m'];
  return isYoung && !params.has('range') && !params.has('from') ? { ...view, range: ALL } : view;
}

/** `since` and `until` in the form of the API and the command line. */
export function boundsOf(
  { range }: Pick<View, 'range'>,
  times: StoreTimes,
): { readonly since: string; readonly until: string | null } {
  const iso = (ms: number): string => new Date(ms).toISOString();
  if (typeof range !== 'string') return { since: iso(range.fromMs), until: iso(range.toMs) };
  const end = endOf(times);
  const until = end === null ? null : iso(end);
  if (range === ALL) return { since: iso(Math.floor(times.oldestMs ?? times.nowMs - RANGES['1h'])), until };
  return end === null ? { since: range, until } : { since: iso(end - RANGES[range]), until };
}

/** The query part of a request for a panel. */
export function panelParams(view: View, times: StoreTimes): URLSearchParams {
  const { since, until } = boundsOf(view, times);
  const params = new URLSearchParams({ since });
  if (until !== null) params.set('until', until);
  if (view.node !== null) params.set('node', view.node);
  if (view.network !== null) params.set('network', view.network);
  return params;
}

/** How often a visible panel is reloaded, in milliseconds; null if it does not change. */
export function refreshEveryMs({ range, live }: View, times: StoreTimes): number | null {
  if (!live || typeof range !== 'string' || endOf(times) !== null) return null;
  const all = times.oldestMs === null ? 0 : times.nowMs - times.oldestMs;
  const length = range === ALL ? all : RANGES[range];
  return length <= RANGES['1h'] ? SHORT_EVERY_MS : Math.min(MOST_EVERY_MS, length / LONG_PARTS);
}

/** Whether a text is the name of a range that ends now. */
export function isRange(name: string): name is RangeName {
  return name === ALL || Object.hasOwn(RANGES, name);
}

function timeOf(text: string | null): number | null {
  const ms = text === null ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
