import type { StateAlert } from '../../src/live/node-state';
import type { Verdict } from '../../src/live/verdict';
import { frame, type Size } from '../../src/top/frame';
import type { Picture } from '../../src/top/view';
import { NOW_MS, blockOf, peerRow, pictureOf, topData } from '../support/top-data';

const SMALL = { width: 80, height: 24 };

function text(picture: Picture, size: Size = SMALL): string[] {
  return frame(picture, size).lines.map((line) => line.text.trimEnd());
}

/** The lines from the one that begins with `from` to the next that begins with `to`. */
function part(lines: readonly string[], from: string, to: string): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith(from));
  return lines.slice(
    start,
    lines.findIndex((line, i) => i > start && line.startsWith(to)),
  );
}

it('shows a running node in 80 columns and 24 rows', () => {
  const clock = new Date(NOW_MS).toTimeString().slice(0, 8);
  expect(text(pictureOf(topData()))).toEqual([
    `btcdmon-node 0.1.0  alice/mainnet  up 3d 4h                             ${clock}`,
    'duckdb:/home/me/.btcdmon/btcdmon.duckdb, a running node; newest points 3s old',
    'PEERS 4: 3 out, 1 in; by direction',
    'dir net  v  address             user agent     ping least up  in  out last msg/s',
    'out ipv6 v2 [2001:db8~348]:8333 Satoshi:31.0.0 20.4   8.0 1h 99M 1.2M   1s    14',
    'out ipv4 v2 192.0.2.1:8333      Satoshi:31.0.0 20.4  12.3 1h 99M 1.2M   1s    14',
    'out ipv4 v2 203.0.113.9:18555   (no version y~    -     - 1h 99M 1.2M   1s    14',
    'in  ipv4 v2 198.51.100.77:48444 btcwire:0.5.0~ 20.4  12.3 1h 99M 1.2M   1s    14',
    'MESSAGES per second, over 60 s',
    'received        msg/s  bytes/s           sent            msg/s  bytes/s',
    'all                59      18k           all               6.5     2.1k',
    'inv                52      15k           getdata           6.5     2.1k',
    'tx                  7     3.1k           pong             0.05        2',
    'addrv2           0.25       90',
    'ping             0.05        2',
    'MEMPOOL tx 81,234, bytes 46M, orphans 12; lately: conflicts 3',
    'BLOCKS',
    'height hash              tx bytes fees (BTC) check ms ago status',
    '900001 ..aaaaaa900001 3,210  1.6M     0.0123     41.3 10m accepted',
    '900000 ..aaaaaa900000 3,210  1.6M     0.0123     41.3 20m accepted',
    '899999 ..aaaaaa899999 3,210  1.6M     0.0123     41.3 30m accepted',
    'EXPORT acked queued spooled retried dropped',
    'duckdb  5.0M     20       -       0       0',
    'q quit  p pause  s sort  up/down scroll  h help  every 2 s',
  ]);
});

it('shows for a store how long its node had run at the newest point', () => {
  const { startedMs } = topData();
  const data = topData({ version: null, peers: null, newestMs: (startedMs ?? 0) + 400_000 });
  expect(text(pictureOf(data))[0]).toMatch(/^btcdmon-node {2}alice\/mainnet {2}up 6m 40s /);
});

it('uses more space if there is some', () => {
  const lines = text(pictureOf(topData()), { width: 120, height: 40 });
  expect(lines).toHaveLength(40);
  expect(lines.slice(3, 6)).toEqual([
    'dir net  v  address                                     user agent                ping least up  in  out last msg/s',
    'out ipv6 v2 [2001:db8:85a3:8d3:1319:8a2e:370:7348]:8333 Satoshi:31.0.0            20.4   8.0 1h 99M 1.2M   1s    14',
    'out ipv4 v2 192.0.2.1:8333                              Satoshi:31.0.0            20.4  12.3 1h 99M 1.2M   1s    14',
  ]);
  expect(lines).toContain('899998 ..aaaaaa899998 3,210  1.6M     0.0123     41.3 40m accepted');
  expect(lines[8]).toBe('');
});

it('is exactly as high as the terminal and never wider, for any size and data', () => {
  const odd = '\x1b[2J\u202e\u{1f600}é\n\r\t\x00\x9b' + 'x'.repeat(300);
  const data = topData({
    ...{ source: odd, notes: [odd, odd] },
    peers: Array.from({ length: 30 }, (_, id) => peerRow({ id, address: odd, userAgent: odd })),
    blocks: [blockOf(1, { sha: odd, status: odd, height: null, totalFees: null })],
    nodes: [{ node: odd, network: odd, silentMs: 99_999_999_999 }],
    exporters: [{ ...topData().exporters[0], name: odd, droppedNow: 5, spooled: 7 } as never],
  });
  const stores = [data, { ...data, peers: null, agents: [{ userAgent: odd, handshakes: 1 }] }, topData()];
  for (const each of stores)
    for (const help of [false, true])
      for (let width = 1; width <= 200; width += 19)
        for (let height = 1; height <= 60; height += 5) {
          const { lines } = frame(pictureOf(each, { help }, odd), { width, height });
          expect(lines).toHaveLength(height);
          const isWrong = (shown: string): boolean => shown.length > width || /[^\x20-\x7e]/.test(shown);
          expect(lines.filter((line) => isWrong(line.text))).toEqual([]);
        }
});

describe('peers', () => {
  const peers = Array.from({ length: 12 }, (_, id) =>
    peerRow({
      ...{ id, address: `192.0.2.${id + 10}:8333`, outbound: id % 4 !== 0, leastPingMs: 50 - id },
      ...{ bytesRecv: (id * 7) % 12, bytesSent: (id * 5) % 12, messagesPerS: (id * 11) % 12 },
      sinceMs: NOW_MS - ((id * 3) % 10) * 1_000,
    }),
  );
  const rows = (picture: Picture): readonly string[] =>
    part(text(picture), 'PEERS', 'MESSAGES')
      .slice(2)
      .map((row) => (row.split(':')[0] ?? '').replace(/ ipv4 v2\b/, ''));

  it('scroll if there is no room for all', () => {
    const lines = text(pictureOf(topData({ peers }), { sort: 'address', scroll: 3 }));
    expect(part(lines, 'PEERS', 'dir')).toEqual(['PEERS 12: 9 out, 3 in; by address; 4-8 of 12']);
    const end = text(pictureOf(topData({ peers }), { sort: 'address', scroll: 11 }));
    expect(part(end, 'PEERS', 'dir')).toEqual(['PEERS 12: 9 out, 3 in; by address; 8-12 of 12']);
    expect(rows(pictureOf(topData({ peers }), { sort: 'address', scroll: 11 }))[4]).toBe('out 192.0.2.21');
  });

  it.each([
    ['direction', ['out 192.0.2.21', 'out 192.0.2.20', 'out 192.0.2.19', 'out 192.0.2.17']],
    ['address', ['in  192.0.2.10', 'out 192.0.2.11', 'out 192.0.2.12', 'out 192.0.2.13']],
    ['ping', ['out 192.0.2.21', 'out 192.0.2.20', 'out 192.0.2.19', 'in  192.0.2.18']],
    ['up', ['out 192.0.2.13', 'out 192.0.2.16', 'out 192.0.2.19', 'out 192.0.2.12']],
    ['in', ['out 192.0.2.15', 'out 192.0.2.20', 'out 192.0.2.13', 'in  192.0.2.18']],
    ['out', ['out 192.0.2.17', 'out 192.0.2.12', 'out 192.0.2.19', 'in  192.0.2.14']],
    ['msg/s', ['out 192.0.2.11', 'out 192.0.2.12', 'out 192.0.2.13', 'in  192.0.2.14']],
  ] as const)('are sorted by %s', (sort, expected) => {
    expect(rows(pictureOf(topData({ peers }), { sort })).slice(0, 4)).toEqual(expected);
  });
});

describe('a store', () => {
  it('shows user agents instead of a peer table', () => {
    const agents = [
      { userAgent: '/Satoshi:31.0.0/', handshakes: 12 },
      { userAgent: '', handshakes: 1 },
    ];
    const data = topData({ version: null, peers: null, agents, notes: ['a note'] });
    const lines = text(pictureOf(data));
    expect(lines[0]).toMatch(/^btcdmon-node {2}alice\/mainnet {2}up 3d 3h/);
    expect(lines.slice(1, 7)).toEqual([
      'duckdb:/home/me/.btcdmon/btcdmon.duckdb, a store; newest points 3s old',
      'a note',
      'PEERS 3: 2 out, 1 in; 2034 addresses known, 1 banned',
      'user agents of the last hour handshakes',
      '/Satoshi:31.0.0/                     12',
      '                                      1',
    ]);
  });

  it('without points says so', () => {
    const nothing = { gauges: null, rates: null, mempool: null, blocks: [], exporters: [], nodes: [] };
    const data = topData({ ...nothing, version: null, peers: null, newestMs: null, startedMs: null });
    const lines = text(pictureOf(data)).filter((line) => line !== '');
    expect(lines.slice(1)).toEqual([
      'duckdb:/home/me/.btcdmon/btcdmon.duckdb, a store',
      '!! the store holds no points yet',
      'PEERS',
      'user agents of the last hour handshakes',
      'MESSAGES: none in the last minutes',
      'MEMPOOL: not known',
      'BLOCKS: none yet',
      'EXPORT: no exporter is known',
      'q quit  p pause  s sort  up/down scroll  h help  every 2 s',
    ]);
  });

  it('with several nodes names each node', () => {
    const nodes = ['alice', 'bob'].map((node) => ({ node, network: 'mainnet', silentMs: 0 }));
    const [exporter] = topData().exporters;
    const exporters = nodes.map(({ node }) => ({ ...exporter, node }) as never);
    const lines = text(pictureOf(topData({ nodes, exporters, startedMs: null })), { width: 80, height: 30 });
    expect(lines[0]).toMatch(/^btcdmon-node 0\.1\.0 {2}2 nodes {2}/);
    expect(lines.find((line) => line.startsWith('MEMPOOL'))).toMatch(
      /^MEMPOOL of the node with the most: tx/,
    );
    expect(
      part(lines, 'EXPORT', 'q quit')
        .slice(0, 3)
        .map((line) => line.slice(0, 12)),
    ).toEqual(['EXPORT      ', 'alice duckdb', 'bob duckdb  ']);
  });
});

describe('verdicts', () => {
  const verdict = (changes: Partial<Verdict> = {}): Verdict => ({
    ...{ question: 'step', tone: 'good', answer: 'In step at 900,000', panel: 'chain-height', advice: '' },
    reason: 'The last block came 4 min ago, and 1 peer agrees.',
    ...changes,
  });
  const said = (verdicts: readonly Verdict[], width = 80): readonly (readonly [string, string])[] => {
    const { lines } = frame(pictureOf(topData({ verdicts })), { width, height: 40 });
    const end = lines.findIndex(({ text: shown }) => shown.startsWith('PEERS'));
    return lines.slice(2, end).map(({ text: shown, style }) => [shown.trimEnd(), style]);
  };

  it('stand above everything else, each in its colour, with the reason', () => {
    const fees = verdict({
      ...{ question: 'fees', tone: 'unknown', answer: 'Not known yet' },
      reason: 'No transaction waits for a block; the monitor began 5 s ago.',
    });
    const monitor = verdict({ question: 'monitor', answer: 'Complete and in time' });
    expect(
      said([verdict(), verdict({ question: 'peers', answer: '8 peers', reason: '' }), fees, monitor]),
    ).toEqual([
      ['ok   chain      In step at 900,000. The last block came 4 min ago, and 1 peer a~', 'good'],
      ['ok   peers      8 peers.', 'good'],
      ['?    next block Not known yet. No transaction waits for a block; the monitor', 'plain'],
      ['                began 5 s ago.', 'plain'],
    ]);
  });

  it('leave room for the rest on a small terminal: a line for each that is not good', () => {
    const bad = verdict({ question: 'peers', tone: 'bad', answer: 'No peer', reason: 'why '.repeat(40) });
    const data = topData({ verdicts: [verdict(), bad] });
    const shown = (height: number): readonly string[] =>
      frame(pictureOf(data), { width: 60, height })
        .lines.map(({ text: each }) => each.trimEnd())
        .filter((each) => /^(ok|BAD| {16}why)/.test(each));
    expect(shown(12)).toEqual(['BAD  peers      No peer. why why why why why why why why wh~']);
    expect(shown(24).map((each) => each.slice(0, 10))).toEqual(['ok   chain', 'BAD  peers']);
    expect(shown(40)).toHaveLength(4);
  });

  it('say what is wrong and what to do, where they are not good', () => {
    const peers = verdict({
      ...{ question: 'peers', tone: 'bad', answer: 'No peer is connected' },
      reason: '127.0.0.1:18555 can’t be reached: Is its address right, and is there a way to it?',
    });
    const monitor = verdict({
      ...{ question: 'monitor', tone: 'warn', answer: 'The monitor is too slow', reason: 'Late by 2.0 s.' },
      advice: 'Check what else uses the processor and the memory of this machine.',
    });
    expect(said([peers, monitor])).toEqual([
      ["BAD  peers      No peer is connected. 127.0.0.1:18555 can't be reached: Is its", 'alert'],
      ['                address right, and is there a way to it?', 'alert'],
      ['WARN monitor    The monitor is too slow. Late by 2.0 s. Check what else uses the', 'warn'],
      ['                processor and the memory of this machine.', 'warn'],
    ]);
  });
});

describe('alerts', () => {
  const alerts = (picture: Picture): readonly string[] =>
    frame(picture, SMALL)
      .lines.filter(({ style, text: shown }) => style === 'alert' && shown.startsWith('!! '))
      .map(({ text: shown }) => shown.slice(3));

  it('are none if all is well, also with a long interval', () => {
    expect(alerts(pictureOf(topData()))).toEqual([]);
    expect(alerts(pictureOf(topData({ newestMs: NOW_MS - 100_000, intervalMs: 60_000 })))).toEqual([]);
  });

  it('report missing points, losses, silent nodes and a lost connection', () => {
    const [exporter] = topData().exporters;
    const data = topData({
      ...{ newestMs: NOW_MS - 185_000, atMs: NOW_MS - 64_000 },
      nodes: [
        { node: 'alice', network: 'mainnet', silentMs: 0 },
        { node: 'bob', network: 'mainnet', silentMs: 720_000 },
      ],
      exporters: [{ ...exporter, dropped: 1_500, droppedNow: 1_200 } as never],
    });
    expect(alerts(pictureOf(data))).toEqual([
      'data is 3m 5s old: no points arrived since',
      'LOSS: duckdb of alice dropped 1,200 points lately',
      'no points of bob/mainnet for 12m 0s',
    ]);
    expect(alerts(pictureOf(data, {}, 'socket x: gone'))).toEqual([
      'socket x: gone; the data shown is 1m 4s old',
      'data is 3m 5s old: no points arrived since',
      'LOSS: duckdb of alice dropped 1,200 points lately',
      'and 1 more like these',
    ]);
  });

  it('are those that the node sees firing as well, first', () => {
    const firing: StateAlert = {
      ...{ title: 'No peer is connected', severity: 'critical', firingMs: NOW_MS - 125_000 },
      reason: 'alice has had no peer for 5 minutes: at most 0 peers within 3 minutes',
      isSilenced: false,
    };
    const data = topData({
      firing: [firing, { ...firing, severity: 'warning', reason: 'the other', isSilenced: true }],
      newestMs: null,
    });
    expect(alerts(pictureOf(data))).toEqual([
      'critical, for 2m 5s: alice has had no peer for 5 minutes: at most 0 peers wi~',
      'warning, for 2m 5s: the other (silenced)',
      'the store holds no points yet',
    ]);
  });

  it('tell of files that were damaged', () => {
    const [exporter] = topData().exporters;
    const data = topData({ exporters: [{ ...exporter, damaged: 1_234 } as never] });
    expect(alerts(pictureOf(data))).toEqual([
      'LOSS: at least 1,234 points on disk: files of duckdb of alice were damaged',
    ]);
  });

  it('tell of the last step of a clock, when all else is told', () => {
    const clockStep = { node: 'alice/mainnet', timeMs: NOW_MS, ms: -3_605_000, steps: 1 };
    expect(alerts(pictureOf(topData({ clockStep })))).toEqual([
      'clock set back by 1h 0m at 2026-01-31 12:00Z: alice/mainnet',
    ]);
    const several = topData({ clockStep: { ...clockStep, ms: 2_000, steps: 3 }, newestMs: null });
    expect(alerts(pictureOf(several))).toEqual([
      'the store holds no points yet',
      'clock set forward by 2s at 2026-01-31 12:00Z: alice/mainnet, 3 times in a day',
    ]);
  });
});

it('shows that it is paused, and what the keys do', () => {
  const paused = text(pictureOf(topData(), { paused: true }));
  expect(paused[0]).toMatch(/PAUSED \d\d:\d\d:\d\d$/);
  expect(paused.at(-1)).toMatch(/p resume/);
  const help = text(pictureOf(topData(), { help: true }));
  expect(help.join('\n')).toMatch(/HELP\nq, Ctrl-C +quit\n/);
  expect(help.at(-1)).toBe('any key: back');
});
