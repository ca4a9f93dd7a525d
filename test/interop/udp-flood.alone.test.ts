import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildScript, childScript } from '../support/child';
import { Cleanup } from '../support/cleanup';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';
import { droppedDatagrams } from '../support/proc';
import { until } from '../support/until';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

/** A column that each point of a series has. */
const COLUMNS = { tx: 'sha', tx_inputs: 'sig_script_len', tx_outputs: 'size' } as const;

/** Looks in a row at which nothing more is there. A server that a busy machine holds up is still, too. */
const STILL = 3;

interface Flood {
  readonly emitted: Readonly<Record<string, number>>;
  readonly stats: { readonly sent: number; readonly dropped: number };
}

influxd.describe('a flood of points over UDP into InfluxDB', () => {
  const cleanup = new Cleanup();
  let script: ChildScript;
  let home: string;
  beforeEach(() => {
    script = cleanup.add(childScript('support/flood-child.ts'), (it) => it.remove());
    home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-flood-')), (folder) =>
      rmSync(folder, { recursive: true }),
    );
  });
  afterEach(() => cleanup.run());

  async function flood(server: Influxd, options: string, rate: number, seconds: number): Promise<Flood> {
    const url = `influx+udp://127.0.0.1:${server.udpPort}?${options}`;
    const args = [script.file, url, String(rate), String(seconds), home];
    const child = spawn(process.execPath, args, { env: script.env, stdio: ['ignore', 'pipe', 'inherit'] });
    cleanup.add(child, (it) => it.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
    await once(child, 'exit');
    return JSON.parse(output) as Flood;
  }

  function audit(server: Influxd): SpawnSyncReturns<string> {
    const from = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
    return spawnSync(process.execPath, [BIN, 'audit', '--since', '10m', '--from', from], {
      encoding: 'utf8',
      env: { HOME: home, BTCDMON_HTTP: 'off' },
    });
  }

  /** Points of each series that the server has, once their number stands still for some seconds. */
  async function stored(server: Influxd): Promise<Record<string, number>> {
    let last = -1;
    let stillFor = 0;
    let counts: Record<string, number> = {};
    await until(
      'InfluxDB to be done',
      async () => {
        const entries = Object.entries(COLUMNS).map(async ([series, column]) => [
          series,
          await server.count(series, column),
        ]);
        counts = Object.fromEntries(await Promise.all(entries)) as Record<string, number>;
        const sum = Object.values(counts).reduce((a, b) => a + b, 0);
        stillFor = sum === last ? stillFor + 1 : 0;
        last = sum;
        await sleep(1_500);
        return stillFor >= STILL;
      },
      { ms: 240_000 },
    );
    return counts;
  }

  it('100,000 points a second for 30 seconds: all 3,000,000 arrive, and the audit says so', async () => {
    const run = async (): Promise<{ readonly server: Influxd } & Flood> => {
      const server = cleanup.add(await startInfluxd({ batchTimeout: '1s' }), (it) => it.stop());
      return { server, ...(await flood(server, 'datagrams=16000', 100_000, 30)) };
    };
    let last = await run();
    // Where the machine holds InfluxDB up for longer than its buffer lasts, no sender could help it.
    for (let again = 0; again < 2 && droppedDatagrams(last.server.udpPort) > 0; again++) last = await run();
    const { server, emitted, stats } = last;
    expect(stats.dropped).toBe(0);
    const counts = await stored(server);
    expect(counts).toEqual({ tx: 600_000, tx_inputs: 600_000, tx_outputs: 1_800_000 });
    expect(counts).toMatchObject({ tx: emitted['tx'], tx_outputs: emitted['tx_outputs'] });
    const { status, stdout, stderr } = audit(server);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/\n300\d{4} points of one run: the store holds every one\n$/);
    expect(status).toBe(0);
  }, 600_000);

  it('into a small buffer, without a pace: points are lost, and the audit names how many of which series', async () => {
    const server = cleanup.add(await startInfluxd({ readBuffer: 0, batchTimeout: '1s' }), (it) => it.stop());
    const flooding = flood(server, 'datagrams=1000000&datagram=8192', 200_000, 3);
    await until('the flood to begin', async () => (await server.count('tx', 'sha')) > 0);
    // A sender that is slow would lose nothing to a server that is not.
    server.freeze();
    await sleep(500);
    server.thaw();
    const { emitted, stats } = await flooding;
    expect(stats.dropped).toBe(0);
    const counts = await stored(server);
    const { status, stdout, stderr } = audit(server);
    const lost = Object.keys(COLUMNS).filter((series) => counts[series] !== emitted[series]);
    expect(lost.length).toBeGreaterThan(0);
    for (const series of lost) {
      const [sent = 0, there = 0] = [emitted[series], counts[series]];
      expect(stdout).toContain(`${series}: ${sent - there} missing (emitted ${sent}, stored ${there}; `);
    }
    expect(stderr).toMatch(
      /^btcdmon-node: audit: of \d+ points of one run, the store differs in \d series\n$/,
    );
    expect(status).toBe(1);
  });
});
