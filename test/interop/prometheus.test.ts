import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { prometheus, scraping, startPrometheus } from '../support/prometheus';
import { freePort } from '../support/free-port';
import { runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { until } from '../support/until';

prometheus.describe('a real Prometheus', (program) => {
  const cleanup = new Cleanup();
  let home: string;
  beforeEach(() => {
    home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-prometheus-')), (folder) =>
      rmSync(folder, { recursive: true }),
    );
  });
  afterEach(() => cleanup.run());

  it('scrapes the listener and comes to the sums that the embedded store has', async () => {
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const metricsPort = await freePort();
    const server = await startPrometheus(
      program,
      { folder: home, config: scraping(metricsPort, 200) },
      cleanup,
    );
    /** What it answers to expressions about one moment. */
    const values = async (queries: readonly string[]): Promise<readonly number[]> => {
      const at = Date.now() / 1_000;
      const answers = await Promise.all(queries.map((query) => server.query(query, at)));
      return answers.map(([sample]) => Number(sample?.value[1]));
    };

    const store = path.join(home, 'store.duckdb');
    const exports = ['-e', `duckdb:${store}`, '-e', `prometheus://127.0.0.1:${metricsPort}`];
    const args = ['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '200ms', ...exports];
    const listener = cleanup.add(runProgram(args, home), (it) => it.stop());
    // The peer says no more than its version and verack. A scrape that takes too long leaves a gap.
    const expressions = [
      ...['sum(btcdmon_msg_recv_total)', 'btcdmon_bandwidth_recv_bytes_total', 'up{job="btcdmon"}'],
      ...['sum(btcdmon_peers_points_total)', 'btcdmon_peers_total_connected'],
    ];
    await until(
      'the handshake to be scraped',
      async () => {
        const written = peer.connections[0]?.written ?? 0;
        return (await values(expressions)).join() === [2, written, 1, 1, 1].join();
      },
      { giveUp: listener.ended },
    );
    const bytes = peer.connections[0]?.written;
    expect(await listener.stop()).toBe(0);

    const stored = await openStored(store);
    const [sums] = await stored.rows(
      `SELECT sum(version + verack + ping + pong + getheaders + headers)::BIGINT AS messages,
         (SELECT max(bytes_recv) FROM bandwidth)::BIGINT AS bytes FROM msg_recv`,
    );
    stored.close();
    expect(sums).toEqual({ messages: 2, bytes });
  });
});
