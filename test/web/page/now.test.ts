import { compare } from '../../../src/web/page/live-table';
import { blockColumns, peerColumns, transactionColumns } from '../../../src/web/page/now-columns';
import { medianOf } from '../../../src/web/page/now';
import { peer as somePeer } from '../../support/fake-live';
import { RatePerMinute } from '../../../src/web/page/rate';

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');
const NOW = 1_000_000;
const now = (): number => NOW;

it('sorts unknown values last, in either order', () => {
  const values = [3, null, 1];
  expect(values.toSorted((a, b) => compare(a, b, true))).toEqual([1, 3, null]);
  expect(values.toSorted((a, b) => compare(a, b, false))).toEqual([3, 1, null]);
  expect(['b', 'A', null].toSorted((a, b) => compare(a, b, true))).toEqual(['A', 'b', null]);
});

it('shows a block that was refused before its height was known', () => {
  const block = {
    ...{ timeMs: NOW - 61_000, sha: 'ab'.repeat(32), height: null, status: 'side_chain', size: 1_500 },
    ...{ numTx: 2_500, totalFees: null, processMs: 12.5, firstFrom: null },
  };
  const texts = blockColumns(now).map(({ text }) => plain(text(block)));
  expect(texts).toEqual(['–', '1 min 1 s', '2 500', '1.5 kB', '–', '12.5 ms', 'side chain', block.sha]);
});

it('shows a transaction, and its whole txid', () => {
  const transaction = {
    ...{ timeMs: NOW, sha: 'cd'.repeat(32), vsize: 141, numInputs: 1, numOutputs: 2, value: 2_500_000 },
    ...{ feeRate: 1.25, nonStandardReason: 'dust' },
  };
  const texts = transactionColumns(now).map(({ text }) => plain(text(transaction)));
  expect(texts).toEqual([transaction.sha, '0 s', '1.25 sat/vB', '0.025 BTC', '141 vB', '1 / 2', 'dust']);
});

it('shows a peer that has sent nothing yet', () => {
  const peer = {
    ...{ id: 1, address: '[::1]:8333', outbound: false, userAgent: null, version: null, services: null },
    ...{ network: 'not_publicly_routable', transport: null },
    ...{
      startHeight: null,
      height: null,
      relay: null,
      sinceMs: NOW - 5_000,
      lastMessageMs: null,
      pingMs: null,
      leastPingMs: null,
    },
    ...{ bytesSent: 126, bytesRecv: 0, messagesSent: 1, messagesRecv: 0 },
  };
  const texts = peerColumns(now, () => 5).map(({ text }) => plain(text(peer)));
  expect(texts).toEqual([
    ...['[::1]:8333', 'in', 'local', '–', '–', 'no version yet', '–', '5 s', '0 B', '126 B', '–'],
  ]);
});

it('shows the height of a peer against ours', () => {
  const height = peerColumns(now, () => 900_000).find(({ title }) => title === 'Height');
  const shown = (at: number | null): string => plain(height?.text({ ...somePeer(1), height: at }) ?? '');
  expect([900_000, 899_997, 900_001, null].map(shown)).toEqual([
    ...['900 000', '899 997 (−3)', '900 001 (+1)', '–'],
  ]);
});

it('shows the network and the transport of a peer', () => {
  const shown = (changes: object): readonly string[] =>
    peerColumns(now, () => 1)
      .filter(({ title }) => title === 'Network' || title === 'Transport')
      .map(({ text }) => text({ ...somePeer(1), ...changes }));
  expect(shown({ network: 'onion', transport: 'v2' })).toEqual(['onion', 'v2']);
  expect(shown({ network: null, transport: 'v1' })).toEqual(['–', 'v1']);
});

it('shows a configured peer that is missing, with the reason and the next try', () => {
  const dial = {
    ...{ address: 'a.test:8333', why: 'refuses connections', advice: 'Does it run?', failures: 3 },
    nextTryMs: NOW + 4_000,
  };
  const texts = peerColumns(now, () => 5).map(({ text }) => plain(text(dial)));
  expect(texts.slice(0, 8)).toEqual([
    ...['a.test:8333', 'missing', '–', '–', '–', 'refuses connections: Does it run?', '–', 'tries in 4 s'],
  ]);
});

it('counts per minute, from the start on', () => {
  const clock = { ms: 0 };
  const rate = new RatePerMinute(() => clock.ms);
  rate.add(5);
  expect(rate.perMinute()).toBeNull();
  clock.ms = 30_000;
  expect(rate.perMinute()).toBe(10);
  clock.ms = 61_000;
  rate.add(7);
  expect(rate.perMinute()).toBe(7);
  rate.begin([61_000, 41_000]);
  expect(rate.perMinute()).toBe(6);
});

it('finds the median', () => {
  expect(medianOf([3, 1, 2])).toBe(2);
  expect(medianOf([])).toBeNull();
});
