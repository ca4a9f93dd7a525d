import type { PeerRow } from '../../src/top/data';
import { exporterRows, nodesOf } from '../../src/top/store-figures';
import { PeerRates } from '../../src/top/peer-rates';
import type { StorePoint } from '../../src/top/points';
import { ratesOf } from '../../src/top/rates';
import { peerRow } from '../support/top-data';

const S = 1_000_000_000n;

function point(node: string, time: bigint, values: StorePoint['values'] = {}): StorePoint {
  return { node, network: 'regtest', time, values };
}

describe('rates', () => {
  const alice = [0n, 5n, 10n].map((s) => point('alice', s * S, { inv: 10, tx: 0, inv_known: 3 }));
  const bob = [1n, 3n].map((s) => point('bob', s * S, { inv: 4, tx: 1 }));
  const bytes = [...alice, ...bob].map(({ node, time }) => point(node, time + 1n, { inv: 600, tx: 300 }));

  it('ignore the first point of each node, which only begins its window', () => {
    const rates = ratesOf({ recv: [...alice, ...bob], recvBytes: bytes, sent: [], sentBytes: [] });
    expect(rates).toEqual({
      seconds: 10,
      windows: [
        {
          ...{ node: 'alice', network: 'regtest' },
          ...{ since: '1970-01-01T00:00:00.000000001Z', until: '1970-01-01T00:00:10.000000001Z' },
        },
        {
          ...{ node: 'bob', network: 'regtest' },
          ...{ since: '1970-01-01T00:00:01.000000001Z', until: '1970-01-01T00:00:03.000000001Z' },
        },
      ],
      recv: {
        inv: { messages: 24, bytes: 1_800, messagesPerS: 2 + 2, bytesPerS: 120 + 300 },
        tx: { messages: 1, bytes: 900, messagesPerS: 0.5, bytesPerS: 60 + 150 },
      },
      sent: {},
    });
  });

  it('are unknown with only one point of each node', () => {
    const recv = [...alice.slice(0, 1), ...bob.slice(0, 1)];
    expect(ratesOf({ recv, recvBytes: bytes, sent: alice, sentBytes: [] })).toBeNull();
  });
});

describe('messages of a peer', () => {
  const state = { version: '', node: 'n', network: 'regtest', startedMs: 1, blocks: [], exporters: [] };
  const row = (id: number, messagesRecv: number): PeerRow => peerRow({ id, sinceMs: 0, messagesRecv });

  it('cover the last minute, or the time since it connected; another run starts again', () => {
    const rates = new PeerRates();
    const at = (nowMs: number, messages: number, startedMs = 1): number | null | undefined =>
      rates.rows({ ...state, startedMs, nowMs, peers: [row(1, messages)] })[0]?.messagesPerS;
    expect(at(0, 0)).toBe(0);
    expect(at(10_000, 100)).toBe(10);
    expect(at(40_000, 100)).toBe(2.5);
    expect(at(70_000, 160)).toBe(1);
    expect(at(100_000, 160)).toBe(1);
    expect(at(101_000, 202, 2)).toBe(2);
    expect(rates.rows({ ...state, nowMs: 102_000, peers: [] })).toEqual([]);
  });
});

describe('exporters', () => {
  const account = (s: bigint, started: number, exporter: string, dropped: number, more = {}): StorePoint =>
    point('n', s * S, { started, exporter, dropped, sent: 9, acked: 8, queued: 7, retried: 6, ...more });
  const counts = { sent: 9, acked: 8, queued: 7, retried: 6 };

  it('report what was dropped within the window', () => {
    const rows = exporterRows([
      ...[point('n', 0n, { started: 1, exporter: '' }), account(0n, 1, 'a', 5), account(0n, 1, 'b', 5)],
      ...[account(5n, 1, 'a', 5), account(5n, 1, 'b', 12, { spooled: 3, damaged: 4 })],
    ]);
    expect(rows).toEqual([
      { node: 'n', name: 'a', ...counts, dropped: 5, droppedNow: 0 },
      { node: 'n', name: 'b', ...counts, spooled: 3, damaged: 4, dropped: 12, droppedNow: 7 },
    ]);
  });

  it('count everything that a run dropped which began within it', () => {
    const [row] = exporterRows([account(0n, 1, 'a', 50), account(5n, 2, 'a', 3), account(9n, 2, 'a', 4)]);
    expect(row).toMatchObject({ dropped: 4, droppedNow: 4 });
  });
});

describe('nodes', () => {
  const minute = 60n * S;
  const minutes = (node: string, ...at: bigint[]): StorePoint[] => at.map((n) => point(node, n * minute));
  const silence = (newest: bigint, points: readonly StorePoint[]): number[] =>
    nodesOf(points, newest).map(({ silentMs }) => silentMs);

  it('are silent after much more than their usual interval', () => {
    const points = [...minutes('a', 0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n), ...minutes('b', 0n, 1n, 2n)];
    expect(silence(8n * minute + 30n * S, points)).toEqual([0, 5.5 * 60_000]);
  });

  it('are not silent if their points are rare', () => {
    expect(silence(40n * minute, minutes('a', 0n, 15n, 30n))).toEqual([0]);
  });
});
