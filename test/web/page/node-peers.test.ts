import { nodePeers } from '../../../src/web/page/node-peers';
import { newestList, nodeQueries, pointsOf } from '../../../src/web/page/node-queries';
import { chainTips } from '../../../src/web/page/node-tables';

const MINUTE = 60_000;
const point = (
  time: number,
  address: string,
  more: Record<string, string | number | boolean | null> = {},
) => ({
  ...{ time, address, bytes_recv: null, bytes_sent: null, ...more },
});

describe('the peers of a watched node', () => {
  it('are those of the newest list, with rates since the list before', () => {
    const peers = nodePeers([
      point(0, 'a', { bytes_recv: 1_000 }),
      point(1, 'gone', { bytes_recv: 9_000 }),
      point(MINUTE, 'a', { bytes_recv: 7_000, bytes_sent: 5, age: 61 }),
      point(MINUTE + 1, 'new', { bytes_recv: 50 }),
    ]);
    expect(peers.map(({ address, recvPerS, ageMs }) => [address, recvPerS, ageMs])).toEqual([
      ['a', 100, 61_000],
      ['new', null, null],
    ]);
  });

  it('have no rate where the same address connected again', () => {
    const [peer] = nodePeers([point(0, 'a', { bytes_recv: 1_000 }), point(MINUTE, 'a', { bytes_recv: 10 })]);
    expect([peer?.bytesRecv, peer?.recvPerS]).toEqual([10, null]);
  });

  it('are none without points', () => {
    expect(nodePeers([])).toEqual([]);
    expect(newestList([])).toEqual({ newest: [], before: [] });
  });
});

it('shows one active tip, however soon the next block comes', () => {
  const tip = (time: number, sha: string, status: string) => ({ time, sha, status, height: 9 });
  const tips = chainTips([
    tip(MINUTE, 'before', 'active'),
    tip(MINUTE, 'side', 'valid-fork'),
    tip(MINUTE + 400, 'side', 'valid-fork'),
    tip(MINUTE + 401, 'now', 'active'),
  ]);
  expect(tips.map(({ sha }) => sha)).toEqual(['now', 'side']);
});

it('shows each tip once, the active one first', () => {
  const tip = (time: number, sha: string, status: string, height: number) => ({ time, sha, status, height });
  const tips = chainTips([
    tip(0, 'old', 'active', 9),
    tip(MINUTE, 'x', 'valid-fork', 8),
    tip(MINUTE, 'y', 'invalid', 11),
    tip(MINUTE + 1, 'z', 'active', 10),
    tip(MINUTE + 2, 'x', 'valid-fork', 8),
  ]);
  expect(tips.map(({ sha }) => sha)).toEqual(['z', 'y', 'x']);
});

it('asks for one node, whatever its name', () => {
  const queries = nodeQueries(`o'h\\are`, Date.UTC(2026, 0, 1));
  for (const { where } of Object.values(queries)) expect(where).toMatch(/^node = 'o''h\\\\are'/);
  expect(queries.status).toMatchObject({ since: '2025-12-31T23:50:00.000Z', limit: 1 });
});

it('reads points by the names of columns', () => {
  const columns = [{ name: 'time', type: 'time' } as const, { name: 'sha', type: 'string' } as const];
  expect(pointsOf({ columns, rows: [[5, 'x']] })).toEqual([{ time: 5, sha: 'x' }]);
});
