import { clockWords, connectionWords, notices, worstTone } from '../../../src/web/page/words';
import type { Status } from '../../../src/web/page/api-types';

const NOW = Date.UTC(2026, 0, 2);
const exporter = {
  ...{ name: 'influx+udp', sent: 5, acked: 0, dropped: 0, queued: 0, retried: 0, spooled: 0 },
  damaged: 0,
};
const status: Status = {
  version: '0.1.0',
  node: 'a',
  network: 'regtest',
  startedMs: NOW - 3_600_000,
  nowMs: NOW,
  live: true,
  storeAnswers: true,
  oldestMs: NOW - 3_600_000,
  newestMs: NOW - 4_000,
  exporters: [exporter],
};
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

it('reports in a word that all is well', () => {
  expect(connectionWords('open', status, true, 'good')).toEqual({ tone: 'good', text: 'Live' });
  expect(connectionWords('open', status, false, 'good').text).toBe('Connected, panels held');
  expect(notices('open', status)).toEqual([]);
});

it('is never good where a verdict is not', () => {
  const shown = (worst: Parameters<typeof connectionWords>[3]): readonly string[] => {
    const { tone, text } = connectionWords('open', status, true, worst);
    return [tone, text];
  };
  expect(shown('bad')).toEqual(['bad', 'Trouble']);
  expect(shown('warn')).toEqual(['warn', 'Live, with a warning']);
  expect(shown('unknown')).toEqual(['plain', 'Live']);
  expect(connectionWords('open', status, false, 'bad').text).toBe('Trouble');
  const verdict = (question: 'step' | 'peers' | 'fees', tone: 'good' | 'warn' | 'bad' | 'unknown') => ({
    ...{ question, tone, answer: '', reason: '', advice: '', panel: 'peers' },
  });
  expect(worstTone([])).toBe('unknown');
  expect(worstTone([verdict('step', 'good'), verdict('fees', 'unknown')])).toBe('good');
  expect(worstTone([verdict('step', 'unknown'), verdict('fees', 'good')])).toBe('unknown');
  expect(worstTone([verdict('step', 'warn'), verdict('peers', 'bad')])).toBe('bad');
});

it('reports a lost connection, whatever came before', () => {
  expect(connectionWords('lost', status, true, 'good').text).toBe('Reconnecting');
  expect(notices('lost', status)[0]?.text).toMatch(/^Connection lost, trying again/);
  expect(notices('signed-out', null)[0]?.text).toBe('This node requires a token.');
  expect(connectionWords('connecting', null, true, 'good').text).toBe('Connecting');
});

it('reports how late the data is, but not right after a start', () => {
  const late = { ...status, newestMs: NOW - 95_000 };
  expect(plain(connectionWords('open', late, true, 'good').text)).toBe(
    'Delayed: newest point 1 min 35 s old',
  );
  expect(notices('open', late).map(({ tone }) => tone)).toEqual(['warn']);
  expect(notices('open', { ...late, startedMs: NOW - 2_000 })).toEqual([]);
  expect(notices('open', { ...status, newestMs: null })[0]?.text).toBe('The store holds no points yet.');
  const waiting = { ...status, storeAnswers: false, newestMs: null };
  expect(notices('open', waiting)[0]?.text).toBe('The store has not answered yet.');
});

it('reports how many points each exporter lost', () => {
  const lossy = {
    ...status,
    exporters: [
      { ...exporter, dropped: 1234 },
      { ...exporter, name: 'duckdb' },
    ],
  };
  expect(notices('open', lossy).map(({ text }) => plain(text))).toEqual([
    'Points lost: 1 234 dropped by exporter influx+udp since the start.',
  ]);
});

it('says how many points each exporter lost on disk', () => {
  const exporters = [{ ...exporter, name: 'duckdb', damaged: 17 }];
  expect(notices('open', { ...status, exporters })).toEqual([
    {
      tone: 'bad',
      text: 'Points lost on disk: at least 17 of exporter duckdb, whose files were damaged. The log says more.',
    },
  ]);
});

it('says that a store without a node is one', () => {
  const stored = { ...status, live: false, startedMs: null, node: null };
  expect(connectionWords('open', stored, true, 'good').text).toBe('Stored data');
  expect(notices('open', stored)[0]?.text).toMatch(/^No node runs here/);
});

describe('the words for a clock that was set', () => {
  const columns = ['time', 'forward', 'back'].map((name, at) => ({
    name,
    type: at === 0 ? 'time' : 'float',
  })) as never;
  const T0 = Date.UTC(2026, 0, 2, 3, 4);

  it('are empty if it was not set', () => {
    expect(clockWords({ columns, rows: [] })).toBe('');
    expect(clockWords({ columns, rows: [[T0, null, null]] })).toBe('');
  });

  it('report how, when, and that times overlap if it was set back', () => {
    expect(clockWords({ columns, rows: [[T0, 3_600_000, null]] })).toMatch(
      /^The system’s clock was set forward by 1\s+h.* at about [^.]+\.$/,
    );
    expect(
      clockWords({
        columns,
        rows: [
          [T0, 3_600_000, null],
          [T0 + 60_000, null, -3_600_000],
        ],
      }),
    ).toMatch(
      /^The system’s clock was set 2 times, the last time back by 1\s+h.* at about .*\. Where it was set back, .*same times\.$/,
    );
  });
});
