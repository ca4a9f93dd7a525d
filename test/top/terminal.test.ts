import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TopData } from '../../src/top/data';
import { parseQuery } from '../../src/query/model';
import { allRows } from '../../src/query/result';
import { openSource } from '../../src/query/open-source';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { outputOf, runProgram, type Program } from '../support/program';
import { type OnTerminal, type TerminalOptions, runOnTerminal, script } from '../support/pty';
import { until } from '../support/until';

const cleanup = new Cleanup();
let home: string;
let node: Program;
let peers: FakePeer[];

function startNode(): Program {
  const connect = peers.flatMap(({ port }) => ['--connect', `127.0.0.1:${port}`]);
  return runProgram(
    ['--network', 'regtest', '--node', 'n1', '--interval', '250ms', '--http', 'off', ...connect],
    home,
  );
}

beforeAll(async () => {
  home = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-pty-')), (name) =>
    rm(name, { recursive: true }),
  );
  const evil = '/\x1b[2J\x1b]0;x\x07\n\u202e\u{1f600}:1/';
  peers = await Promise.all(['/fake:1/', evil].map((userAgent) => FakePeer.start({ claims: { userAgent } })));
  for (const peer of peers) cleanup.add(peer, (started) => started.stop());
  node = startNode();
  cleanup.add(null, () => node.kill());
  await until('both handshakes', () => peers.every(({ connections }) => connections.length > 0), {
    giveUp: node.ended,
  });
});

afterAll(() => cleanup.run());

function top(args: readonly string[] = [], options: TerminalOptions = {}): OnTerminal {
  return cleanup.add(runOnTerminal(['top', '--every', '500ms', ...args], home, options), (started) =>
    started.kill(),
  );
}

/** The terminal is as it was before. */
function expectGivenBack({ screen }: OnTerminal): void {
  expect([screen.alternate, screen.cursorShown]).toEqual([false, true]);
}

async function frameOf(args: readonly string[] = []): Promise<TopData> {
  return JSON.parse(await outputOf(['top', '--once', '--format', 'json', ...args], home)) as TopData;
}

script.describe('top on a terminal', () => {
  it('shows the running node in 80 columns and 24 rows, and restores the terminal', async () => {
    const shown = top();
    await shown.shows('both peers', /PEERS 2: 2 out, 0 in/);
    await shown.shows('rates', /MESSAGES per second, over \d+ s\nreceived .*\nall /);
    const lines = shown.screen.lines();
    expect(lines).toHaveLength(24);
    expect(lines[0]).toMatch(/^btcdmon-node \d+\.\d+\.\d+ {2}n1\/regtest {2}up \d+s .* \d\d:\d\d:\d\d$/);
    expect(lines[1]).toMatch(/^duckdb:.*duckdb, a running node; newest points \d+s old$/);
    expect(lines[2]).toMatch(/^(ok {2}|WARN|\? {3}) chain {6}\S/);
    expect(lines.filter((line) => line.startsWith('out '))).toEqual([
      expect.stringMatching(/^out local v1 127\.0\.0\.1:\d+ /),
      expect.stringMatching(/^out local v1 127\.0\.0\.1:\d+ /),
    ]);
    expect(lines.join('\n')).toMatch(/ \?\[2J\?\]0;x\?\?/);
    expect(shown.screen.alternate).toBe(true);
    expect(shown.screen.styled).toBe(true);
    shown.type('s');
    await shown.shows('another order', /by address/);
    shown.type('h');
    await shown.shows('help', /HELP\nq, Ctrl-C +quit/);
    shown.type('\x1a');
    await until('it back, since no shell waits', () => shown.screen.entered === 2);
    shown.type('q');
    expect(await shown.ended()).toBe(0);
    expectGivenBack(shown);
  });

  it.each([
    [
      'Ctrl-C',
      (shown: OnTerminal) => {
        shown.type('\x03');
        return Promise.resolve(true);
      },
    ],
    ['SIGTERM', async (shown: OnTerminal) => process.kill(await shown.pid(), 'SIGTERM')],
    ['SIGHUP', async (shown: OnTerminal) => process.kill(await shown.pid(), 'SIGHUP')],
  ])('restores the terminal at %s', async (_, end) => {
    const shown = top([], { env: { NO_COLOR: '1' } });
    await shown.shows('a frame', /PEERS/);
    await end(shown);
    expect(await shown.ended()).toBe(0);
    expectGivenBack(shown);
    expect(shown.screen.styled).toBe(false);
  });

  it('uses the whole terminal, and more when it grows', async () => {
    const shown = top([], { width: 120, height: 40, smallFirst: true });
    await shown.shows('a small frame', /PEERS 2: 2 out, 0 in/);
    expect(shown.screen.lines().slice(10).join('')).toBe('');
    expect(shown.screen.lines().filter((line) => line.length > 40)).toEqual([]);
    await writeFile(path.join(home, 'grow'), '');
    await until('the last row', () => shown.screen.lines()[39]?.startsWith('q quit') === true);
    expect(shown.screen.lines()[0]).toHaveLength(120);
    shown.type('q');
    expect(await shown.ended()).toBe(0);
  });

  it('does not touch the terminal if there is nothing to show', async () => {
    const shown = top(['--from', 'duckdb:nowhere/x.duckdb']);
    expect(await shown.ended()).toBe(1);
    expect(shown.screen.entered).toBe(0);
  });

  it('prints one frame if the terminal can do no more', async () => {
    const shown = top([], { env: { TERM: 'dumb' } });
    expect(await shown.ended()).toBe(0);
    expect([shown.screen.entered, shown.screen.styled]).toEqual([0, false]);
  });

  it('says that the node is gone, and shows it again when it is back', async () => {
    const shown = top([], { width: 100, height: 40 });
    await shown.shows('the node', /a running node/);
    await node.kill();
    await shown.shows('that it is gone', /no node runs on this store\n(.*\n)*!! the node is gone: /);
    await shown.shows('the user agents of its store', /user agents of the last hour/);
    node = startNode();
    await shown.shows('the node again', /a running node[^]*PEERS 2: 2 out/);
    expect(shown.screen.lines().filter((line) => line.includes('is gone'))).toEqual([]);
    shown.type('q');
    expect(await shown.ended()).toBe(0);
  });
});

describe('top without a terminal', () => {
  it('prints one frame', async () => {
    const text = await outputOf(['top'], home);
    expect(text).toMatch(/^btcdmon-node [\d.]+ {2}n1\/regtest {2}up /);
    expect(text).toMatch(/\nPEERS 2: 2 out, 0 in; by direction\ndir net +v +address /);
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('shows the same numbers as query', async () => {
    for (const { connections } of peers) connections.at(-1)?.send('inv', Buffer.of(0));
    await until('the messages', async () => ((await frameOf()).rates?.recv['inv']?.messages ?? 0) >= 2);
    const frame = await frameOf();
    const [window] = frame.rates?.windows ?? [];
    const { since = '', until: end = '' } = window ?? {};
    const spoken = ['query', 'msg_recv', '--since', since, '--until', end, '--agg', 'sum', 'inv'];
    const messages = frame.rates?.recv['inv']?.messages ?? 0;
    expect(await outputOf([...spoken, '--format', 'csv'], home)).toBe(`sum_inv\r\n${messages}\r\n`);
    const store = path.join(home, '.btcdmon', 'btcdmon.duckdb');
    const source = cleanup.add(await openSource(`duckdb:${store}`, {}), (opened) => opened.close());
    const sum = async (series: string, command: string): Promise<unknown> => {
      const query = parseQuery({ series, since, until: end, agg: ['sum', command] }, 0n);
      return (await allRows(await source.run(query)))[0]?.[0];
    };
    for (const [command, flow] of Object.entries(frame.rates?.recv ?? {}))
      expect([command, await sum('msg_recv', command)]).toEqual([command, flow.messages]);
    expect(frame.peers?.map(({ bytesRecv, address }) => [address, bytesRecv]).sort()).toEqual(
      peers.map(({ port, connections }) => [`127.0.0.1:${port}`, connections.at(-1)?.written]).sort(),
    );
    expect(frame.exporters).toEqual([expect.objectContaining({ name: 'duckdb', dropped: 0, droppedNow: 0 })]);
  });

  it('refuses impossible options with one line', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--every', '1ms'], /--every 1ms: give a duration from 500ms to 1d/],
      [['--format', 'json'], /--format json: .* add --once/],
      [['--from', 'nats://x/Y'], /--from nats:…: use duckdb:PATH/],
      [['--once', '--network', 'moonnet'], /--network moonnet: give one of mainnet/],
      [['--once', '--node', 'n2'], /--node n2: the store only has points of n1\/regtest/],
    ];
    await Promise.all(
      wrong.map(([args, line]) => expect(outputOf(['top', ...args], home)).rejects.toThrow(line)),
    );
  });
});
