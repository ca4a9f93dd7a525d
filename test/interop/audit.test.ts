import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { influxd, startInfluxd } from '../support/influxd';
import { runProgram } from '../support/program';
import { until } from '../support/until';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

influxd.describe('btcdmon-node audit', () => {
  const cleanup = new Cleanup();
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'btcdmon-audit-'));
    cleanup.add(home, (folder) => rmSync(folder, { recursive: true }));
  });
  afterEach(() => cleanup.run());

  function audit(from: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [BIN, 'audit', '--from', from], {
      encoding: 'utf8',
      env: { HOME: home, BTCDMON_HTTP: 'off' },
    });
  }

  it('finds every point of two runs in both stores, and names exactly what was taken out', async () => {
    const server = cleanup.add(await startInfluxd(), (it) => it.stop());
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const store = `duckdb:${path.join(home, 'store.duckdb')}`;
    const influx = `influx+http://127.0.0.1:${server.httpPort}/${server.database}`;
    const exports = ['--export', store, '--export', `influx+udp://127.0.0.1:${server.udpPort}`];
    for (let run = 0; run < 2; run++) {
      const args = ['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '200ms', ...exports];
      const program = runProgram(args, home);
      const connections = run + 1;
      await until('the handshake', () => peer.connections.length >= connections, { giveUp: program.ended });
      const intervals = async (): Promise<number> => server.count('bandwidth', 'bytes_recv');
      await until('some intervals', async () => (await intervals()) >= 5 * connections, {
        giveUp: program.ended,
      });
      expect(await program.stop()).toBe(0);
    }

    const whole = audit(store);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    expect(whole.stdout).toMatch(
      /^(\S+ regtest, run of \S+Z: accounted for from \S+Z to \S+Z\n){2}\d{3,} points of 2 runs: the store holds every one\n$/,
    );
    // InfluxDB shows what came over UDP when its batch is written, a second later at most.
    await until('InfluxDB to have everything', () => audit(influx).stdout === whole.stdout);

    const instance = await DuckDBInstance.create(store.slice('duckdb:'.length));
    const connection = await instance.connect();
    await connection.run(
      'DELETE FROM peers WHERE rowid IN (SELECT rowid FROM peers WHERE version IS NOT NULL LIMIT 1)',
    );
    connection.closeSync();
    instance.closeSync();
    const damaged = audit(store);
    expect(damaged.stdout).toMatch(
      /^peers: 1 missing \(emitted \d+, stored \d+; .*; first between \S+Z and \S+Z\)\n/,
    );
    expect(damaged.stderr).toMatch(
      /^btcdmon-node: audit: of \d+ points of 2 runs, the store differs in 1 series\n$/,
    );
    expect(damaged.status).toBe(1);

    await server.query('DELETE FROM bandwidth');
    const emptied = audit(influx);
    expect(emptied.stdout).toMatch(
      /^(bandwidth: \d+ missing \(emitted \d+, stored 0; .*\)\n){2}\S+ regtest, run of /,
    );
    expect(emptied.status).toBe(1);
  });

  it('says so where nobody has accounted for itself', async () => {
    const server = cleanup.add(await startInfluxd(), (it) => it.stop());
    expect(audit(`influx+http://127.0.0.1:${server.httpPort}/${server.database}`)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^btcdmon-node: audit: no node has accounted for itself [^\n]*\n$/,
      ) as string,
    });
  });
});
