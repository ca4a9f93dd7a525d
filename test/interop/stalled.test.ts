import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../support/cleanup';
import { stateOf } from '../support/proc';
import { runProgram } from '../support/program';
import { ServingPeer } from '../support/serving-peer';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('intervals that a node missed are not written afterwards, and what came in them is counted in the next', async () => {
  const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-stalled-')), (name) =>
    rmSync(name, { recursive: true }),
  );
  const store = path.join(home, 'store.duckdb');
  const peer = cleanup.add(await ServingPeer.start('regtest'), (it) => it.stop());
  const args = ['-n', 'regtest', '-c', peer.address, '-e', `duckdb:${store}`, '--interval', '500ms'];
  const program = cleanup.add(runProgram(args, home), (it) => it.kill());
  const giveUp = program.ended;
  await until('the handshake', () => peer.isReady, { giveUp });
  let sent = 0;
  const pings = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const nonce = Buffer.alloc(8);
      nonce.writeUInt32LE(++sent);
      peer.connection.send('ping', nonce);
      await sleep(20);
    }
  };
  const answered = (): Promise<unknown> => {
    const nonce = Buffer.alloc(8);
    nonce.writeUInt32LE(sent);
    return until(
      'the last pong',
      () => peer.connection.got.some(({ command, payload }) => command === 'pong' && payload.equals(nonce)),
      { giveUp },
    );
  };
  await pings(30);
  await answered();
  const { pid } = program;
  if (pid === undefined) throw new Error('no process');
  process.kill(pid, 'SIGSTOP');
  await until('it to stand still', () => stateOf(pid) === 'T');
  await pings(150);
  await sleep(1_000);
  process.kill(pid, 'SIGCONT');
  await answered();
  await pings(10);
  await answered();
  expect(await program.stop()).toBe(0);

  const stored = cleanup.add(await openStored(store), (it) => it.close());
  const [series] = await stored.rows(`
    SELECT sum(ping) AS pings, max(gap) AS gap, count(*) AS points, max(ms) - min(ms) AS span FROM
    (SELECT ping, epoch_ms(time) AS ms, epoch_ms(time) - epoch_ms(lag(time) OVER (ORDER BY time)) AS gap FROM msg_recv)`);
  expect(series?.['pings']).toBe(sent);
  // The gap is seen as one: the series has no points of it.
  expect(series?.['gap']).toBeGreaterThanOrEqual(3_000);
  expect(series?.['points']).toBeLessThan(Number(series?.['span']) / 500);
  const [health] = await stored.rows('SELECT max(stalled) AS stalled FROM btcdmon');
  expect(health?.['stalled']).toBeGreaterThanOrEqual(3_000);
});
