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

export type RangeName = keyof typeof RANGES;

/** What the page shows. It is stored in the address, so that a view can be shared. */
export interface View {
  /** A range that ends now, or a fixed one in Unix milliseconds. */
  readonly range: RangeName | { readonly fromMs: number; readonly toMs: number };
  /** Null: all of them. */
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
 * The view of a page that was opened without a range. For a store of a few minutes, an hour would be almost
 * empty.
 */
export function fitted(
  view: View,
  search: string,
  { oldestMs, nowMs }: Pick<Status, 'oldestMs' | 'nowMs'>,
): View {
  const params = new URLSearchParams(search);
  const young = oldestMs !== null && nowMs - oldestMs < RANGES['15m'];
  return young && !params.has('range') && !params.has('from') ? { ...view, range: '15m' } : view;
}

/** `since` and `until` in the form of the API and the command line. */
export function boundsOf({ range }: View): { readonly since: string; readonly until: string | null } {
  if (typeof range === 'string') return { since: range, until: null };
  return { since: new Date(range.fromMs).toISOString(), until: new Date(range.toMs).toISOString() };
}

/** The query part of a request for a panel. */
export function panelParams(view: View): URLSearchParams {
  const { since, until } = boundsOf(view);
  const params = new URLSearchParams({ since });
  if (until !== null) params.set('until', until);
  if (view.node !== null) params.set('node', view.node);
  if (view.network !== null) params.set('network', view.network);
  return params;
}

/** How often a visible panel is reloaded, in milliseconds; null if it does not change. */
export function refreshEveryMs({ range, live }: View): number | null {
  if (!live || typeof range !== 'string') return null;
  const length = RANGES[range];
  return length <= RANGES['1h'] ? SHORT_EVERY_MS : Math.min(MOST_EVERY_MS, length / LONG_PARTS);
}

/** Whether a text is the name of a range that ends now. */
export function isRange(name: string): name is RangeName {
  return Object.hasOwn(RANGES, name);
}

function timeOf(text: string | null): number | null {
  const ms = text === null ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
