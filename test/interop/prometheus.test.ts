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
    const value = async (query: string): Promise<number> => Number((await server.query(query))[0]?.value[1]);

    const store = path.join(home, 'store.duckdb');
    const exports = ['-e', `duckdb:${store}`, '-e', `prometheus://127.0.0.1:${metricsPort}`];
    const args = ['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '200ms', ...exports];
    const listener = cleanup.add(runProgram(args, home), (it) => it.stop());
    await until('the handshake', () => peer.connections.length === 1, { giveUp: listener.ended });
    const counted = 'sum(btcdmon_msg_recv_total)';
    await until('two messages to be scraped', async () => (await value(counted).catch(() => NaN)) >= 2, {});
    const [messages, bytes] = [await value(counted), await value('btcdmon_bandwidth_recv_bytes_total')];
    expect(await value('up{job="btcdmon"}')).toBe(1);
    expect(await value('sum(btcdmon_peers_points_total)')).toBe(1);
    expect(await value('btcdmon_peers_total_connected')).toBe(1);
    expect(await listener.stop()).toBe(0);

    const stored = await openStored(store);
    const [sums] = await stored.rows(
      `SELECT sum(version + verack + ping + pong + getheaders + headers)::BIGINT AS messages,
         (SELECT max(bytes_recv) FROM bandwidth)::BIGINT AS bytes FROM msg_recv`,
    );
    stored.close();
    // The peer says no more once the handshake is over.
    expect(sums).toEqual({ messages, bytes });
  });
});
