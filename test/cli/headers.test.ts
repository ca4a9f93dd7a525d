import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readHash } from '../../src/wire/hash';
import { decodeLocator } from '../../src/wire/messages/locator';
import { hashOf, mineHeader, REGTEST } from '../chain/mine';
import { Cleanup } from '../support/cleanup';
import type { FakeConnection } from '../support/fake-peer';
import { type Program, runProgram } from '../support/program';
import { ServingPeer } from '../support/serving-peer';
import { until } from '../support/until';
import { compactSize } from '../wire/build';

const COUNT = 20_000;
const HEADER_BYTES = 80;
/** A `headers` message holds no more. */
const MESSAGE = 2_000;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const headers: Buffer[] = [];
beforeAll(() => {
  for (let on = REGTEST.genesis; headers.length < COUNT; headers.push(on)) on = mineHeader({ on });
});

/** A peer with all headers that falls silent after it has sent `limit` of them. */
async function startHeaderPeer(limit: number): Promise<{ peer: ServingPeer; sent: () => number[] }> {
  const indexes = new Map(headers.map((header, i) => [readHash(hashOf(header), 0), i]));
  const sent: number[] = [];
  const answer = (connection: FakeConnection, payload: Buffer): void => {
    const { locator } = decodeLocator(payload);
    const known = locator.map((hash) => indexes.get(hash)).find((index) => index !== undefined);
    const from = known === undefined ? 0 : known + 1;
    const message = headers.slice(from, Math.min(from + MESSAGE, limit));
    if (message.length === 0 && from < COUNT) return;
    sent.push(...message.map((_, i) => from + i));
    const parts = message.flatMap((header) => [header, Buffer.alloc(1)]);
    connection.send('headers', Buffer.concat([compactSize(message.length), ...parts]));
  };
  const peer = await ServingPeer.start('regtest', { getheaders: answer });
  cleanup.add(peer, (it) => it.stop());
  return { peer, sent: () => sent };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

it('headers are fetched once: a run that is killed loses only the message under way', async () => {
  const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-headers-')), (name) =>
    rmSync(name, { recursive: true }),
  );
  const file = path.join(home, '.btcdmon', 'headers-regtest.dat');
  const kept = (): number => statSync(file).size / HEADER_BYTES - 1;
  const run = (peer: ServingPeer): Program =>
    runProgram(['-n', 'regtest', '-c', peer.address, '--interval', '1h'], home);
  const atHeight = (program: Program, height: number): Promise<boolean> =>
    until('all headers', () => program.log().includes(`"height":${height},`), { giveUp: program.ended });

  const half = await startHeaderPeer(COUNT / 2);
  const killed = run(half.peer);
  // The last message before the silence is kept with the next one, which does not come.
  await until('half of the headers', () => kept() >= COUNT / 2 - MESSAGE, { giveUp: killed.ended });
  await killed.kill();
  expect(half.sent()).toEqual(numbers(0, COUNT / 2));

  const before = kept();
  const whole = await startHeaderPeer(COUNT);
  const second = run(whole.peer);
  await atHeight(second, COUNT);
  expect(await second.stop()).toBe(0);
  expect(whole.sent()).toEqual(numbers(before, COUNT));
  expect(readFileSync(file).equals(Buffer.concat([REGTEST.genesis, ...headers]))).toBe(true);

  const again = await startHeaderPeer(COUNT);
  const third = run(again.peer);
  await atHeight(third, COUNT);
  expect(await third.stop()).toBe(0);
  expect(again.sent()).toEqual([]);
  expect(kept()).toBe(COUNT);
});
