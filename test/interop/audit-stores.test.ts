import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import { LineSerializer } from '../../src/export/line';
import type { Point } from '../../src/metrics/point';
import { type Account, audit } from '../../src/query/audit';
import { reportAudit } from '../../src/query/audit-report';
import { openSource } from '../../src/query/open-source';
import { Cleanup } from '../support/cleanup';
import { FakeRun } from '../support/fake-run';
import { SteppedRun } from '../support/stepped-run';
import { influxd, type Influxd, startInfluxd } from '../support/influxd';

/** A time far from any boundary. */
const T0 = 1_750_000_000_000;
const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;

const serializer = new LineSerializer({ maxBytes: 65_536 });

/** A run of three intervals with points of three series; `ping` and most others stay at 0. */
function threeIntervals(node: string, startedMs: number, network?: string): FakeRun {
  const run = new FakeRun(node, startedMs, network);
  for (const interval of [1, 2, 3])
    run
      .at(interval * 5_000)
      .emit('bandwidth', 1)
      .emit('tx', 10 * interval)
      .emit('tx_outputs', 20 * interval)
      .account();
  return run;
}

influxd.describe('audit, of points whose times are chosen', () => {
  const cleanup = new Cleanup();
  let server: Influxd;
  let folder = '';
  let serial = 0;

  beforeAll(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-audit-')), (name) =>
      rm(name, { recursive: true }),
    );
    server = cleanup.add(await startInfluxd(), (it) => it.stop());
    const empty = new StoreWriter({ path: emptyStore() });
    await empty.open();
    await empty.close();
  });
  afterAll(() => cleanup.run());

  /** A store without points. A copy of it takes less time than a new one, whose tables must be made. */
  function emptyStore(): string {
    return path.join(folder, 'empty.duckdb');
  }

  async function urlWith(kind: 'duckdb' | 'influx', points: readonly Point[]): Promise<string> {
    serial += 1;
    if (kind === 'duckdb') {
      const file = path.join(folder, `${serial}.duckdb`);
      await copyFile(emptyStore(), file);
      const exporter = new StoreWriter({ path: file });
      await exporter.open();
      expect(await exporter.write(points)).toMatchObject({ acked: points.length });
      await exporter.close();
      return `duckdb:${file}`;
    }
    const database = `audit${serial}`;
    await server.query(`CREATE DATABASE ${database}`);
    const lines = points.map((point) => {
      const line = serializer.serialize(point);
      if (typeof line !== 'string') throw new Error(line.detail);
      return line;
    });
    const response = await fetch(`http://127.0.0.1:${server.httpPort}/write?db=${database}&precision=n`, {
      method: 'POST',
      body: lines.join('\n'),
    });
    expect(response.status).toBe(204);
    return `influx+http://127.0.0.1:${server.httpPort}/${database}`;
  }

  /** The lines of the report, with its last, which is thrown where there is a difference. */
  function report(accounts: readonly Account[]): string[] {
    const lines: string[] = [];
    try {
      reportAudit(accounts, (line) => lines.push(line.trimEnd()));
    } catch (error) {
      lines.push((error as Error).message);
    }
    return lines;
  }

  describe.each(['duckdb', 'influx'] as const)('%s', (kind) => {
    async function auditOf(points: readonly Point[], since = 0, until = T0 * 2): Promise<string[]> {
      const source = await openSource(await urlWith(kind, points), {});
      try {
        return report(await audit(source, { since: ns(since), until: ns(until) }));
      } finally {
        await source.close();
      }
    }

    it('finds everything of two nodes, two networks and two runs, one of them with an interval that is open', async () => {
      const runs = [
        threeIntervals('alpha', T0),
        threeIntervals('alpha', T0 + 60_000)
          .at(17_000)
          .emit('tx', 7),
        threeIntervals('alpha', T0, 'testnet4'),
        threeIntervals('beta', T0 + 1_000),
      ];
      const lines = await auditOf(runs.flatMap(({ points }) => points));
      const accounted = runs[0]?.points.length ?? 0;
      // The last account of a run, of `btcdmon` itself, is no longer accounted for.
      expect(lines).toEqual([
        expect.stringMatching(
          /^alpha regtest, run of 2025-06-15T15:06:40.000Z: accounted for from 2025-06-15T15:06:39.98\d+Z to 2025-06-15T15:06:55.000000\d+Z$/,
        ),
        expect.stringMatching(/^alpha regtest, run of 2025-06-15T15:07:40.000Z: .* to 2025-06-15T15:07:55.0/),
        expect.stringMatching(/^alpha testnet4, run of 2025-06-15T15:06:40.000Z: /),
        expect.stringMatching(/^beta regtest, run of 2025-06-15T15:06:41.000Z: /),
        `${4 * (accounted - 1)} points of 4 runs: the store holds every one`,
      ]);
    });

    it('names what a node lacks of one series, and between which accounts that begins', async () => {
      const [alpha, beta] = [threeIntervals('alpha', T0), threeIntervals('beta', T0)];
      const outputs = beta.points.filter(({ series }) => series === 'tx_outputs');
      const lost = new Set(outputs.slice(25, 30));
      const lines = await auditOf([...alpha.points, ...beta.points.filter((point) => !lost.has(point))]);
      expect(lines[0]).toMatch(
        /^tx_outputs: 5 missing \(emitted 120, stored 115; beta regtest, run of 2025-06-15T15:06:40.000Z; first between 2025-06-15T15:06:45.0000\d+Z and 2025-06-15T15:06:50.0000\d+Z\)$/,
      );
      expect(lines.at(-1)).toMatch(/^audit: of \d+ points of 2 runs, the store differs in 1 series$/);
    });

    it('names a series that is lost as a whole', async () => {
      const { points } = threeIntervals('alpha', T0);
      const lines = await auditOf(points.filter(({ series }) => series !== 'tx'));
      expect(lines[0]).toMatch(/^tx: 60 missing \(emitted 60, stored 0; .*\)$/);
      expect(lines.at(-1)).toMatch(/differs in 1 series$/);
    });

    it('names points that nobody emitted', async () => {
      const run = threeIntervals('alpha', T0);
      const stranger = new FakeRun('alpha', T0 + 12_000).emit('tx', 3).emit('ping', 1);
      const lines = await auditOf([...run.points, ...stranger.points]);
      expect(lines[0]).toMatch(/^tx: 3 more than were emitted \(emitted 60, stored 63; .*\)$/);
      expect(lines[1]).toMatch(/^ping: 1 more than were emitted \(emitted 0, stored 1; .*\)$/);
      expect(lines.at(-1)).toMatch(/differs in 2 series$/);
    });

    it('names a run whose accounts of btcdmon itself are lost, and one that lost accounts of others', async () => {
      const [alpha, beta] = [threeIntervals('alpha', T0), threeIntervals('beta', T0)];
      const lines = await auditOf([
        ...alpha.points.filter(({ tags }) => tags['series'] !== 'btcdmon'),
        ...beta.points.filter(({ tags }) => tags['series'] !== 'tx'),
      ]);
      expect(lines).toContainEqual(
        expect.stringMatching(
          /^btcdmon: the run’s own accounts of it are missing \(stored \d+; alpha regtest, .*\)$/,
        ),
      );
      expect(lines).toContainEqual(expect.stringMatching(/^btcdmon: 3 missing \(.*; beta regtest, .*\)$/));
      expect(lines.at(-1)).toMatch(/differs in 2 series$/);
    });

    it.each([
      ['before the run', -1_000],
      ['within the clock’s slack before it', -10],
      ['just at its start', 0],
      ['at its second account', 10_000],
      ['behind its second account', 10_001],
      ['at its last account', 15_000],
    ])('takes what follows the first account where --since is %s', async (_, offset) => {
      const run = threeIntervals('alpha', T0);
      const lines = await auditOf(run.points, T0 + offset);
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(/^\d+ points of one run: the store holds every one$/);
    });

    it('sees a loss in the interval that --since cuts only where an account comes before it', async () => {
      const run = threeIntervals('alpha', T0);
      const first = run.points.findIndex(({ series }) => series === 'tx');
      const points = run.points.filter((_, i) => i !== first);
      expect((await auditOf(points, T0 - 1_000))[0]).toMatch(/^tx: 1 missing /);
      expect((await auditOf(points, T0 + 1_000)).at(-1)).toMatch(/holds every one$/);
    });

    it('takes runs together whose times overlap since the clock was set back between them', async () => {
      const [early, late] = [threeIntervals('alpha', T0 + 7_000), threeIntervals('alpha', T0)];
      const points = [...early.points, ...late.points];
      expect((await auditOf(points)).at(-1)).toMatch(/points of 2 runs: the store holds every one$/);
      const lost = points.find(({ series }) => series === 'tx');
      const lines = await auditOf(points.filter((point) => point !== lost));
      expect(lines[0]).toMatch(
        /^tx: 1 missing \(emitted 120, stored 119; alpha regtest, runs of 2025-06-15T15:06:40.000Z and 2025-06-15T15:06:47.000Z, which overlap\)$/,
      );
    });

    it('takes a run as one whose clock was set back or forth while it ran', async () => {
      const forth = new FakeRun('forth', T0)
        .at(5_000)
        .emit('tx', 3)
        .account()
        .at(7_200_000)
        .emit('tx', 4)
        .account();
      // Set back by an hour: the times go on nanosecond by nanosecond.
      const back = new FakeRun('back', T0)
        .at(3_600_000)
        .emit('tx', 5)
        .account()
        .at(5_000)
        .emit('tx', 6)
        .account();
      const lines = await auditOf([...forth.points, ...back.points]);
      expect(lines.at(-1)).toMatch(/points of 2 runs: the store holds every one$/);
    });

    describe('of a run whose clock was set', () => {
      const FAR = 9_000_000_000_000;
      async function auditAt(
        points: readonly Point[],
        nowMs: number,
      ): Promise<{ readonly lines: string[]; readonly accounts: readonly Account[] }> {
        return auditOfStore(await urlWith(kind, points), nowMs, 0);
      }
      async function auditOfStore(
        url: string,
        nowMs: number,
        since: number,
      ): Promise<{ readonly lines: string[]; readonly accounts: readonly Account[] }> {
        const source = await openSource(url, {});
        try {
          const accounts = await audit(source, { since: ns(since), until: ns(FAR) }, ns(nowMs));
          return { accounts, lines: report(accounts) };
        } finally {
          await source.close();
        }
      }
      const steps: Readonly<Record<string, (run: SteppedRun) => SteppedRun>> = {
        'back, and is in the time before it': (run) => run.pass(63).set(-40).pass(17),
        'back to before its start': (run) => run.pass(63).set(-3_600).pass(23),
        'back, and is past all': (run) => run.pass(63).set(-20).pass(91),
        forward: (run) => run.pass(63).set(3_600).pass(23),
        'forward and back again': (run) => run.pass(33).set(3_600).pass(33).set(-3_600).pass(21),
        'back thrice': (run) => run.pass(43).set(-20).pass(9).set(-15).pass(11).set(-14).pass(13),
        'back just now': (run) => run.pass(62).set(-30).pass(1),
      };

      it.each(Object.entries(steps))(
        '%s: holds all, while it goes on and when it has ended',
        async (_, play) => {
          const running = play(new SteppedRun('alpha', T0));
          const open = await auditAt(running.points, running.wallMs);
          expect(open.lines.at(-1)).toMatch(/points of one run: the store holds every one$/);
          const tx = open.accounts.find(({ series }) => series === 'tx');
          expect(tx?.emitted).toBeGreaterThan(150);
          const ended = running.end();
          const { lines, accounts } = await auditAt(ended.points, ended.wallMs);
          expect(lines.at(-1)).toMatch(/points of one run: the store holds every one$/);
          const all = ended.points.filter(({ series }) => series === 'tx').length;
          expect(accounts.find(({ series }) => series === 'tx')?.emitted).toBe(all);
        },
      );

      it.each(Object.entries(steps))(
        '%s: names each point that is lost before its last account',
        async (_, play) => {
          const run = play(new SteppedRun('alpha', T0)).end();
          const points = run.points.filter(({ series }) => series === 'tx');
          for (const lost of [points[0], points[100], points.at(-1)]) {
            const { lines } = await auditAt(
              run.points.filter((point) => point !== lost),
              run.wallMs,
            );
            expect(lines[0]).toMatch(/^tx: 1 missing /);
          }
        },
      );

      it('tells that it was', async () => {
        const run = new SteppedRun('alpha', T0).pass(20).set(-60).pass(5).set(-60).pass(20).end();
        const { lines } = await auditAt(run.points, run.wallMs);
        expect(lines[0]).toMatch(/; its clock was set back 2 times$/);
      });

      describe('holds all', () => {
        const stores: { readonly url: string; readonly wallMs: number }[] = [];
        beforeAll(async () => {
          for (const play of [
            (run: SteppedRun) => run.pass(63).set(-40).pass(17),
            (run: SteppedRun) => run.pass(63).set(-40).pass(61),
            (run: SteppedRun) => run.pass(43).set(-20).pass(9).set(-15).pass(11).set(-14).pass(63),
          ]) {
            const { points, wallMs } = play(new SteppedRun('alpha', T0));
            stores.push({ url: await urlWith(kind, points), wallMs });
          }
        });

        it.each([0, 1, 17, 20, 23, 25, 31, 40, 44, 59, 62])(
          'where --since is %i s behind its start',
          async (seconds) => {
            expect(stores).toHaveLength(3);
            for (const { url, wallMs } of stores) {
              const { lines } = await auditOfStore(url, wallMs, T0 + seconds * 1_000);
              expect(lines.at(-1)).toMatch(/points of one run: the store holds every one$/);
            }
          },
        );
      });

      it('holds all of a run before it and one after it', async () => {
        const first = new SteppedRun('alpha', T0).pass(22).end();
        const second = new SteppedRun('alpha', T0 + 30_000).pass(63).set(-45).pass(8).end();
        const third = new SteppedRun('alpha', T0 + 200_000).pass(22);
        const points = [first, second, third].flatMap((run) => run.points);
        const { lines } = await auditAt(points, third.wallMs);
        expect(lines.at(-1)).toMatch(/points of 3 runs: the store holds every one$/);
      });
    });

    it('tells where nobody has accounted for itself', async () => {
      const lines = await auditOf(new FakeRun('alpha', T0).emit('tx', 3).points);
      expect(lines).toEqual([expect.stringMatching(/^audit: no node has accounted for itself /)]);
    });
  });
});
