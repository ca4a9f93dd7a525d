import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { FakeWallClock, libfaketime } from '../support/libfaketime';
import { runProgram } from '../support/program';
import { untilStored } from '../support/running-store';
import { openStored } from '../support/stored';
import { until } from '../support/until';

/** By how much the listener's clock is ahead, in seconds. */
const AHEAD = 95;

libfaketime.describe('a listener whose clock is ahead', (library) => {
  btcd.describe('of that of a btcd', (btcdProgram) => {
    const cleanup = new Cleanup();
    afterAll(() => cleanup.run());

    it('tells by how much, as the btcd tells it from the other side', async () => {
      const home = cleanup.add(await mkdtemp(path.join(tmpdir(), 'btcdmon-clocks-')), (name) =>
        rm(name, { recursive: true }),
      );
      const node = cleanup.add(await Btcd.start(btcdProgram), (it) => it.stop());
      const clock = new FakeWallClock(library, path.join(home, 'clock'), AHEAD);
      const store = path.join(home, 'store.duckdb');
      const begunMs = Date.now();
      const program = cleanup.add(
        runProgram(
          ['-n', 'regtest', '-c', `127.0.0.1:${node.p2pPort}`, '-e', `duckdb:${store}`, '--interval', '1s'],
          home,
          [],
          clock.env,
        ),
        (it) => it.kill(),
      );
      const [peer] = await until(
        'the handshake',
        async () => {
          const peers = await node.rpc<readonly { timeoffset: number; version: number }[]>('getpeerinfo');
          return peers.some(({ version }) => version > 0) && peers;
        },
        { giveUp: program.ended },
      );
      // Each tells its time when it sends it, and the other compares when it reads: this takes a while on a
      // machine that is slow. Both round to seconds.
      const mostOnTheWay = Math.ceil((Date.now() - begunMs) / 1_000) + 1;
      const expectAhead = (seconds: number, onTheWay: readonly [number, number]): void => {
        expect(seconds).toBeGreaterThanOrEqual(AHEAD - onTheWay[0]);
        expect(seconds).toBeLessThanOrEqual(AHEAD + onTheWay[1]);
      };
      expectAhead(peer?.timeoffset ?? 0, [mostOnTheWay, 1]);
      await untilStored(store, 'SELECT count(time_offset_p50) > 1 FROM peers', 'true', {
        giveUp: program.ended,
      });
      expect(await program.stop()).toBe(0);
      const stored = cleanup.add(await openStored(store), (it) => it.close());
      const rows = await stored.rows(
        'SELECT DISTINCT time_offset_p50 AS median, time_offset_max AS most FROM peers WHERE time_offset_p50 IS NOT NULL',
      );
      expect(rows).toHaveLength(1);
      for (const { median, most } of rows) {
        expectAhead(-Number(median), [1, mostOnTheWay]);
        expect(most).toBe(median);
      }
    });
  });
});
