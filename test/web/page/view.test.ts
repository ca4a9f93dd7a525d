import fc from 'fast-check';
import {
  ALL,
  DEFAULT_VIEW,
  RANGES,
  type RangeName,
  type StoreTimes,
  type View,
  boundsOf,
  fitted,
  panelParams,
  readView,
  refreshEveryMs,
  writeView,
} from '../../../src/web/page/view';

const NOW = Date.UTC(2026, 0, 10);
const HOUR = 3_600_000;
const live: StoreTimes = { oldestMs: NOW - 24 * HOUR, newestMs: NOW - 4_000, nowMs: NOW, live: true };
/** A store that nobody has written for a week. */
const old: StoreTimes = {
  ...live,
  newestMs: NOW - 7 * 24 * HOUR,
  oldestMs: NOW - 9 * 24 * HOUR,
  live: false,
};

const fixed = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) };

describe('the view in the address', () => {
  it('survives a round trip through its text', () => {
    const range = fc.oneof(
      fc.constantFrom(ALL, ...(Object.keys(RANGES) as RangeName[])),
      fc
        .tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e12 }))
        .map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length })),
    );
    const name = fc.option(fc.string({ minLength: 1, unit: 'grapheme' }));
    fc.assert(
      fc.property(range, name, name, fc.boolean(), (chosen, node, network, live) => {
        const view: View = { range: chosen, node, network, live };
        expect(readView(writeView(view))).toEqual(view);
      }),
    );
  });

  it('is the default if the address has no parameters', () => {
    expect(readView('')).toEqual(DEFAULT_VIEW);
    expect(readView(writeView(DEFAULT_VIEW))).toEqual(DEFAULT_VIEW);
  });

  it('is everything for a young store, unless the user chose it', () => {
    const nowMs = Date.UTC(2026, 0, 1);
    const rangeOf = (search: string, ageMs: number | null): View['range'] =>
      fitted(readView(search), search, { ...live, oldestMs: ageMs === null ? null : nowMs - ageMs, nowMs })
        .range;
    expect(rangeOf('', 60_000)).toBe(ALL);
    expect(rangeOf('', 3_600_000)).toBe('1h');
    // A node that has just been started.
    expect(rangeOf('', null)).toBe(ALL);
    expect(rangeOf('?range=6h', 60_000)).toBe('6h');
  });

  it.each([
    '?range=5y',
    '?range=toString',
    '?from=yesterday&to=now',
    '?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    '?from=2026-01-02T00:00:00Z',
    '?%ff',
  ])('ignores %s', (search) => {
    expect(readView(search)).toEqual(DEFAULT_VIEW);
  });
});

describe('requests of a view', () => {
  it('ask for a range that ends now by its length', () => {
    expect(panelParams(DEFAULT_VIEW, live).toString()).toBe('since=1h');
  });

  it('ask for a fixed range, a node and a network', () => {
    const params = panelParams({ range: fixed, node: 'a b', network: 'main&net', live: true }, live);
    expect(Object.fromEntries(params)).toEqual({
      since: '2026-01-01T00:00:00.000Z',
      until: '2026-01-02T00:00:00.000Z',
      node: 'a b',
      network: 'main&net',
    });
  });

  it('end at the newest point of a store that does not grow', () => {
    expect(boundsOf({ range: '1h' }, old)).toEqual({
      since: new Date(NOW - 7 * 24 * HOUR + 1 - HOUR).toISOString(),
      until: new Date(NOW - 7 * 24 * HOUR + 1).toISOString(),
    });
    // A collector runs no node, but its store grows.
    expect(boundsOf({ range: '1h' }, { ...live, live: false })).toEqual({ since: '1h', until: null });
  });

  it('ask for all that there is', () => {
    expect(boundsOf({ range: ALL }, live)).toEqual({
      since: new Date(NOW - 24 * HOUR).toISOString(),
      until: null,
    });
    expect(boundsOf({ range: ALL }, old).since).toBe(new Date(NOW - 9 * 24 * HOUR).toISOString());
  });

  it('are frequent for short ranges, rarer for long ones, and single for what does not change', () => {
    const every = (range: View['range'], isLive = true, times = live): number | null =>
      refreshEveryMs({ ...DEFAULT_VIEW, range, live: isLive }, times);
    expect([every('15m'), every('1h'), every('6h'), every('24h'), every('30d')]).toEqual([
      2_000, 2_000, 30_000, 120_000, 120_000,
    ]);
    expect(every(fixed)).toBeNull();
    expect(every('1h', false)).toBeNull();
    expect(every(ALL)).toBe(120_000);
    expect(every(ALL, true, { ...live, oldestMs: NOW - 60_000 })).toBe(2_000);
    expect(every(ALL, true, { ...live, oldestMs: null })).toBe(2_000);
    expect(every('1h', true, old)).toBeNull();
  });
});
