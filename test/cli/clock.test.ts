import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSource } from '../../src/query/open-source';
import { type Row, allRows } from '../../src/query/result';
import { parseTransaction } from '../../src/wire/transaction';
import { Cleanup } from '../support/cleanup';
import { FakeWallClock, libfaketime } from '../support/libfaketime';
import { outputOf, runProgram } from '../support/program';
import { storedRow } from '../support/running-store';
import { ServingPeer, txThing } from '../support/serving-peer';
import { until } from '../support/until';
import { buildTransaction } from '../wire/build';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

/**
 * To what the clock is set one after the other, in seconds beside the system's, and by how many seconds each
 * time.
 */
const STEPS = [
  { title: 'an hour forward', to: HOUR_S, by: HOUR_S },
  { title: 'back by that hour', to: 0, by: -HOUR_S },
  { title: 'a day back', to: -DAY_S, by: -DAY_S },
  { title: 'a second back, as NTP does where a day has one more', to: -DAY_S - 1, by: -1 },
  { title: 'right again', to: 0, by: DAY_S + 1 },
];

/** How far times may be from the clock that they follow. */
const DRIFT_MS = 20;

libfaketime.describe('a running node whose clock is set', (library) => {
  const cleanup = new Cleanup();
  /** For each transaction: the earliest and the latest that its time may be, Unix milliseconds. */
  const bounds = new Map<string, readonly [number, number]>();
  let home = '';
  let log = '';
  let status: number | null = -1;
  let txs: readonly { readonly sha: string; readonly time: bigint }[] = [];
  let steps: readonly { readonly ms: number; readonly nth: number; readonly time: bigint }[] = [];
  let times: readonly string[] = [];

  beforeAll(async () => {
    home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-clock-')), (name) =>
      rmSync(name, { recursive: true }),
    );
    const clock = new FakeWallClock(library, path.join(home, 'clock'));
    const peer = cleanup.add(await ServingPeer.start('regtest'), (it) => it.stop());
    const program = runProgram(
      [
        '-n',
        'regtest',
        '-c',
        peer.address,
        '-e',
        'duckdb:store.duckdb',
        '--interval',
        '1s',
        '--node',
        'n',
      ].map((arg) => arg.replace('duckdb:', `duckdb:${home}/`)),
      home,
      [],
      clock.env,
    );
    cleanup.add(program, (it) => it.kill());
    const giveUp = program.ended;
    await until('the handshake', () => peer.isReady, { giveUp });
    let value = 1_000;
    /** A transaction that the node hears of now; when this returns it has dealt with it. */
    const relay = async (leastMs: number, waitMs = 0): Promise<void> => {
      const bytes = buildTransaction({ outputs: [{ value: value++ }] });
      const thing = txThing(bytes);
      peer.announce([thing]);
      await until('the transaction to be asked for', () => peer.hasServed([thing]), { giveUp });
      // What is answered to what comes behind it.
      const nonce = Buffer.alloc(8);
      nonce.writeUInt32LE(value);
      peer.connection.send('ping', nonce);
      const answered = (): boolean =>
        peer.connection.got.some(({ command, payload }) => command === 'pong' && payload.equals(nonce));
      await until('an answer', answered, { giveUp });
      bounds.set(parseTransaction(bytes).txid, [leastMs - DRIFT_MS, clock.nowMs + waitMs + DRIFT_MS]);
    };
    const intervals = async (): Promise<number> =>
      Number(await storedRow(`${home}/store.duckdb`, 'SELECT count(*) FROM bandwidth'));
    for (let i = 0; i < 3; i++) await relay(clock.nowMs);
    for (const { to, by } of STEPS) {
      clock.set(to);
      for (let i = 0; i < 3; i++) {
        const { nowMs } = clock;
        // Times wait for a clock that is set back by no more than a second.
        await relay(nowMs, by === -1 ? 1_000 : 0);
      }
      // An interval that began with the step ends, with its accounts: two steps of one would be told as one.
      const before = await intervals();
      await until('an interval', async () => (await intervals()) > before, { giveUp });
    }
    status = await program.stop();
    log = program.log();
    const source = await openSource(`duckdb:${home}/store.duckdb`, {});
    try {
      const rows = async (series: string, columns: readonly string[]): Promise<Row[]> => {
        const result = await source.run({
          ...{ series, since: 0n, until: 9_000_000_000_000_000_000n, where: null, agg: null },
          ...{ by: [], everyNs: null, limit: 0 },
        } as never);
        const places = columns.map((name) => result.columns.findIndex((column) => column.name === name));
        return (await allRows(result)).map((row) => places.map((place) => row[place] ?? null));
      };
      txs = (await rows('tx', ['sha', 'time'])).map(([sha, time]) => ({
        sha: String(sha),
        time: time as bigint,
      }));
      steps = (await rows('btcdmon', ['clock_step', 'clock_steps', 'time']))
        .filter(([ms]) => ms !== null)
        .map(([ms, nth, time]) => ({ ms: Number(ms), nth: Number(nth), time: time as bigint }))
        .sort((a, b) => a.nth - b.nth);
      const all = await Promise.all(
        ['tx', 'inv', 'btcdmon', 'msg_recv', 'bandwidth'].map((series) => rows(series, ['time'])),
      );
      times = all.flat().map(([time]) => String(time));
    } finally {
      await source.close();
    }
  });
  afterAll(() => cleanup.run());

  it('goes on, and ends normally', () => {
    expect([status, /^\s+at /m.test(log)]).toEqual([0, false]);
    expect(txs).toHaveLength(3 + 3 * STEPS.length);
  });

  it('gives points the time of the clock', () => {
    const off = txs.flatMap(({ sha, time }) => {
      const [least = NaN, most = NaN] = bounds.get(sha) ?? [];
      const ms = Number(time) / 1e6;
      return ms >= least && ms <= most ? [] : [{ sha, by: ms < least ? ms - least : ms - most }];
    });
    expect(off).toEqual([]);
  });

  it('gives no time twice', () => {
    expect(times.length).toBeGreaterThan(100);
    expect(new Set(times).size).toBe(times.length);
  });

  it('tells each step of more than a second in its log, with its size', () => {
    const sizes = [...log.matchAll(/clock was set (back|forward) by ([\d.]+) s/g)].map(
      ([, side, seconds]) => (side === 'back' ? -1 : 1) * Math.round(Number(seconds)),
    );
    // The second that is a step or not, as it is a millisecond more or less.
    expect(sizes.filter((size) => size !== -1)).toEqual(STEPS.map(({ by }) => by).filter((by) => by !== -1));
  });

  it.each(STEPS.filter(({ by }) => by !== -1))('has a point of $title', ({ by }) => {
    const found = steps.filter(({ ms }) => Math.abs(ms - by * 1_000) < 500);
    expect(found).toHaveLength(1);
  });

  it('loses nothing according to audit, which reports that the clock was set back', async () => {
    // Its points of an hour ahead are in the time looked at once that is past.
    const later = new FakeWallClock(library, path.join(home, 'later'), 2 * HOUR_S);
    const args = ['audit', '--from', `duckdb:${home}/store.duckdb`, '--since', '3d'];
    const text = await outputOf(args, home, later.env);
    expect(text).toMatch(/; its clock was set back [23] times$/m);
    expect(text.trimEnd()).toMatch(/ points of one run: the store holds every one$/);
  });
});

libfaketime.describe('a node whose clock is at a time that no point can have', (library) => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());
  const now = Math.floor(Date.now() / 1_000);

  it.each([
    ['before 1970', -now - 86_400, '1969-12-3[01]'],
    ['after 2262', Date.UTC(2262, 0, 2) / 1_000 - now, '2262-01-0'],
  ])('%s does not start, and says so in one line', async (_, offset, day) => {
    const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-clock-')), (name) =>
      rmSync(name, { recursive: true }),
    );
    const clock = new FakeWallClock(library, path.join(home, 'clock'), offset);
    for (const args of [
      ['-n', 'regtest', '-c', '127.0.0.1:1', '-e', `duckdb:${home}/store.duckdb`],
      ['collect', '-l', 'tcp://127.0.0.1:0', '-e', `duckdb:${home}/store.duckdb`],
    ]) {
      const program = runProgram(args, home, [], clock.env);
      cleanup.add(program, (it) => it.kill());
      const ended = await until('its end', program.ended);
      expect(ended).toMatch(
        new RegExp(
          `^btcdmon-node ended with 1:\nbtcdmon-node: the system's clock is at ${day}[^\n]*: set it right first[^\n]*\n$`,
        ),
      );
    }
  });
});
