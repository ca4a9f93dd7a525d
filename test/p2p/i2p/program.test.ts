import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cleanup } from '../../support/cleanup';
import { freePort } from '../../support/free-port';
import { type Program, runProgram } from '../../support/program';
import { SamTestBridge } from '../../support/sam-bridge';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE_MS = 120_000;

it(
  'the program is found in I2P with --listen, dials there with --connect, and ends',
  async () => {
    const bridge = cleanup.add(await SamTestBridge.start(), (it) => it.stop());
    const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-i2p-')), (it) =>
      rmSync(it, { recursive: true }),
    );
    const run = (name: string, ...args: readonly string[]): Program => {
      const common = ['--network', 'regtest', '--export', 'stdout:', '--data-dir', path.join(folder, name)];
      const sam = ['--i2p-sam', `127.0.0.1:${bridge.endpoint.port}`];
      return cleanup.add(runProgram([...common, ...sam, ...args], folder), (it) => it.kill());
    };
    const listening = run('one', '--listen', String(await freePort()));
    const giveUp = listening.ended;
    const address = await until(
      'our address',
      () => /"address":"([a-z2-7]{52}\.b32\.i2p)"/.exec(listening.log())?.[1],
      { giveUp },
    );
    expect(statSync(path.join(folder, 'one', 'i2p-regtest.key')).mode & 0o777).toBe(0o600);
    const dialling = run('two', '--connect', address);
    await until('a stream', () => bridge.streamCount === 2, { giveUp: dialling.ended });
    expect(await dialling.stop()).toBe(0);
    await until('the end of its session', () => bridge.sessionCount === 1);
    expect(await listening.stop()).toBe(0);
    await until('the end', () => bridge.sockets.size === 0);
    for (const { log } of [listening, dialling]) expect(log()).not.toMatch(/"level":"(warn|error)"/);
  },
  PATIENCE_MS,
);
