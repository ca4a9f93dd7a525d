import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, audit } from '../../src/query/audit';
import { openSource } from '../../src/query/open-source';
import { type ChildScript, childScript } from '../support/child';
import { Cleanup } from '../support/cleanup';
import { type Exporting, startExporting } from '../support/exporting';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';

/** How long InfluxDB is away: `OUTAGE_SECONDS=60 npx jest test/interop/influxdb-outage` is the long run. */
const OUTAGE_SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 8);

/** Points a second, as many as a busy mainnet listener makes in its worst minute. */
const RATE = 5_000;

influxd.describe('InfluxDB that goes away', () => {
  const cleanup = new Cleanup();
  let script: ChildScript;
  beforeAll(() => (script = childScript('support/export-child.ts')));
  afterAll(() => script.remove());
  afterEach(() => cleanup.run());

  async function setUp(): Promise<{
    server: Influxd;
    start: () => Exporting;
    accounts: () => Promise<readonly Account[]>;
  }> {
    const server = cleanup.add(await startInfluxd(), (it) => it.stop());
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-outage-')), (it) =>
      rm(it, { recursive: true }),
    );
    const url = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
    const since = BigInt(Date.now()) * 1_000_000n;
    return {
      server,
      start: () => cleanup.add(startExporting(script, { url, folder, rate: RATE }), (it) => it.kill()),
      accounts: async () => {
        const source = await openSource(url);
        const accounts = await audit(source, { since, until: BigInt(Date.now()) * 1_000_000n });
        await source.close();
        return accounts;
      },
    };
  }

  /**
   * Each run's account of each series against what is stored; told, so that a log of the test shows what it
   * looked at.
   */
  function expectAll(accounts: readonly Account[], runs: number): number {
    expect(new Set(accounts.flatMap(({ started }) => started)).size).toBe(runs);
    const emitted = accounts.reduce((sum, account) => sum + (account.emitted ?? 0), 0);
    const stored = accounts.reduce((sum, account) => sum + account.stored, 0);
    process.stderr.write(
      `outage of ${OUTAGE_SECONDS} s at ${RATE} points/s: ${runs} runs, ${emitted} points emitted, ${stored} stored\n`,
    );
    expect(accounts.filter((account) => account.emitted !== account.stored)).toEqual([]);
    return emitted;
  }

  it(
    'has every point once it is back, and none twice',
    async () => {
      const { server, start, accounts } = await setUp();
      const node = start();
      await node.until('some points to be stored', ({ acked }) => acked > RATE);
      await server.halt();
      await sleep(OUTAGE_SECONDS * 1_000);
      const { acked } = node.said();
      const { spooled } = await node.until('points to wait', (said) => said.spooled > RATE);
      await server.run();
      await node.until('what waited to be stored', (said) => said.acked > acked + spooled);
      const said = await node.stop();
      expect(said).toMatchObject({
        acked: said.emitted,
        sent: said.emitted,
        dropped: 0,
        queued: 0,
        spooled: 0,
      });
      expect(node.warnings).toContainEqual(expect.stringContaining('points wait on disk'));
      // The points about series are the last; what is accounted for is all but them.
      expect(expectAll(await accounts(), 1)).toBeGreaterThan(said.emitted - 100);
    },
    300_000 + OUTAGE_SECONDS * 3_000,
  );

  it(
    'has every point also of nodes that are killed meanwhile, up to their last account',
    async () => {
      const { server, start, accounts } = await setUp();
      const first = start();
      await first.until('some points to be stored', ({ acked }) => acked > RATE);
      await server.halt();
      await first.until('points to wait', ({ spooled }) => spooled > RATE);
      await first.kill();
      // Without the server: what the first has left waits on.
      const second = start();
      await sleep(OUTAGE_SECONDS * 1_000);
      await second.until('points to wait', ({ spooled }) => spooled > 2 * RATE);
      await server.run();
      // In the middle of delivering.
      await second.until('some to be delivered', ({ acked }) => acked > 0);
      await second.kill();
      const third = start();
      await third.until('some points to be stored', ({ acked }) => acked > RATE);
      expect(await third.stop()).toMatchObject({ dropped: 0, queued: 0, spooled: 0 });
      expectAll(await accounts(), 3);
    },
    300_000 + OUTAGE_SECONDS * 3_000,
  );
});
