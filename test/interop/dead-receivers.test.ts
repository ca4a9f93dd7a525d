import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { startSink } from '../support/line-sink';
import { runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { until } from '../support/until';
import { SCRIPTS, buildTransaction } from '../wire/build';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

describe('a node with a dead UDP host, a stalled TCP peer and a live store', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('loses nothing in the store, and listens on', async () => {
    const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-dead-')), (it) =>
      rmSync(it, { recursive: true }),
    );
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    sink.stall(true);
    const store = path.join(home, 'store.duckdb');
    const program = runProgram(
      [
        ...['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '250ms', '--data-dir', home],
        ...['-e', `duckdb:${store}`, '-e', `influx+udp://127.0.0.1:${await freePort()}`],
        ...['-e', `line+tcp://127.0.0.1:${sink.port}?timeout=1`],
      ],
      home,
    );
    cleanup.add(program, (it) => it.kill());
    await until('a handshake', () => program.log().includes('peer connected'), { giveUp: program.ended });
    const [connection] = peer.connections;
    if (connection === undefined) throw new Error('no connection');
    // Enough to fill what the kernel takes for a peer that reads nothing, several times.
    let sent = 0;
    for (; sent < 8_000; sent++) {
      const prevHash = Buffer.alloc(32);
      prevHash.writeUInt32LE(sent + 1);
      const output = { value: 10_000 + sent, script: SCRIPTS.witness_v1_taproot };
      connection.send('tx', buildTransaction({ inputs: [{ prevHash }], outputs: [output, output, output] }));
      if (sent % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until('the stall to show', () => program.log().includes('line+tcp: a delivery failed'), {
      giveUp: program.ended,
    });
    connection.send('ping', Buffer.alloc(8, 7));
    await until('a pong', () => connection.commands().includes('pong'), { giveUp: program.ended });
    expect(await program.stop()).toBe(0);

    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [BIN, 'audit', '--from', `duckdb:${store}`],
      {
        encoding: 'utf8',
        env: { HOME: home, BTCDMON_HTTP: 'off' },
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/the store holds every one\n$/);
    const stored = cleanup.add(await openStored(store), (it) => it.close());
    expect(await stored.rows('SELECT count(*) AS n FROM tx')).toEqual([{ n: sent }]);
    expect(await stored.rows('SELECT count(*) AS n FROM tx_outputs')).toEqual([{ n: 3 * sent }]);
    const [last] = await stored.rows(
      "SELECT spooled, dropped FROM btcdmon WHERE exporter = 'line+tcp' ORDER BY time DESC LIMIT 1",
    );
    expect(last).toMatchObject({ dropped: 0 });
    expect(Number(last?.['spooled'])).toBeGreaterThan(0);
    expect(program.log()).toContain('influx+udp: a write failed and is tried again');
  });
});
