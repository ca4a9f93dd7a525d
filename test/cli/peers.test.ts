import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startApp, type App } from '../../src/app/listener';
import { main } from '../../src/cli/main';
import { createLog } from '../../src/lib/log';
import { openLabels } from '../../src/p2p/join/address-labels';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { COMMAND_COUNTS } from '../../src/metrics/sessions/session-commands';
import { Cleanup } from '../support/cleanup';
import { type FakeConnection, dialListener } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { ServingPeer, txThing } from '../support/serving-peer';
import { openStored } from '../support/stored';
import { until } from '../support/until';
import { buildTransaction } from '../wire/build';

const cleanup = new Cleanup();
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(async () => {
  for (const output of [process.stdout, process.stderr]) output.setMaxListeners(10);
  await cleanup.run();
});

type PeerRow = Readonly<Record<string, string | number | boolean | null>>;

let store = '';
let port = 0;
let app: App;
let serving: ServingPeer;
let dialled: FakeConnection;
let ends = 0;
let isRunning = false;

async function stop(): Promise<void> {
  if (isRunning) await app.stop();
  isRunning = false;
}

/** Runs the command in this process, and returns what it wrote. */
async function run(line: readonly string[]): Promise<{ out: string; err: string; status: unknown }> {
  const texts = { out: '', err: '' };
  for (const name of ['out', 'err'] as const)
    jest.spyOn(name === 'out' ? process.stdout : process.stderr, 'write').mockImplementation((text) => {
      texts[name] += text.toString();
      return true;
    });
  process.exitCode = undefined;
  await main(['peers', '--store', `duckdb:${store}`, ...line]);
  jest.restoreAllMocks();
  return { ...texts, status: process.exitCode };
}

async function rows(...line: readonly string[]): Promise<readonly PeerRow[]> {
  const { out, err, status } = await run([...line, '--format', 'json']);
  expect([err, status]).toEqual(['', undefined]);
  return JSON.parse(out) as PeerRow[];
}

const hasEnded = (count: number): Promise<unknown> =>
  until(`${count} sessions in the store`, async () => (await rows('--state', 'ended')).length === count);

beforeAll(async () => {
  // Each run of the command in this process listens for errors of its outputs.
  for (const output of [process.stdout, process.stderr]) output.setMaxListeners(0);
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-peers-')), (name) =>
    rm(name, { recursive: true }),
  );
  store = path.join(folder, 'store.duckdb');
  port = await freePort();
  const list = path.join(folder, 'list.txt');
  await writeFile(list, '127.0.0.2 # the one that dials');
  serving = cleanup.add(await ServingPeer.start('regtest'), (it) => it.stop());
  app = await startApp(
    {
      ...{ node: 'n', network: 'regtest', connect: [{ host: '127.0.0.1', port: serving.port }] },
      join: { peers: 0, maxInbound: 500, listen: { host: '127.0.0.1', port } },
      ...{ exports: [`duckdb:${store}`], intervalMs: 200, policy: 'btcd', mempoolBytes: 1_000_000 },
      ...{ spools: { directory: path.join(folder, 'spool'), maxBytes: 1_000_000 }, wtxidRelay: true },
      ...{ txPerSecond: 200, maxUserAgents: 200 },
      labels: await openLabels([{ name: 'known', file: list }]),
    },
    { log: createLog('error') },
  );
  isRunning = true;
  cleanup.add(stop, (undo) => undo());
  app.bus.on('disconnected', () => (ends += 1));
  await until('the handshake', () => serving.isReady);
  dialled = await dialListener(port, {
    from: '127.0.0.2',
    claims: { userAgent: '=cmd|/Odd:1/', relay: false, height: 7 },
  });
  await until(
    'the other handshake',
    () => app.live.peers().filter(({ version }) => version !== null).length === 2,
  );
  const payload = buildTransaction({ outputs: [{ value: 5_000 }] });
  serving.announce([txThing(payload)]);
  await until('the transaction', () => app.live.transactions().length === 1);
  const short = await dialListener(port, { from: '127.0.0.3', claims: { userAgent: '/short:1/' } });
  await until('it to be let in', () => short.commands().includes('verack'));
  short.socket.end();
  await hasEnded(1);
});

it('lists the open connections of a node that runs, and those that have ended', async () => {
  const all = await rows();
  expect(all.map(({ state, address, user_agent, reason }) => [state, address, user_agent, reason])).toEqual([
    ['connected', serving.address, '/fake:1/', null],
    ['connected', expect.stringMatching(/^127\.0\.0\.2:\d+$/), '=cmd|/Odd:1/', null],
    ['ended', expect.stringMatching(/^127\.0\.0\.3:\d+$/), '/short:1/', 'closed-by-peer'],
  ]);
  expect(all[0]).toMatchObject({
    ...{ time: null, node: 'n', network: 'regtest', is_inbound: false, is_established: true, labels: null },
    ...{ inv_first: 1, inv_later: 0, requested: 1, undelivered: 0, addrs_told: 0 },
  });
  expect(all[1]).toMatchObject({
    labels: 'known',
    relay: false,
    start_height: 7,
    is_inbound: true,
    inv_first: 0,
  });
  expect(await rows('--state', 'connected')).toHaveLength(2);
  expect(await rows('--state', 'ended')).toHaveLength(1);
});

it.each([
  [['--where', "labels = 'known'"], ['=cmd|/Odd:1/']],
  [
    ['--where', 'is_inbound = true'],
    ['=cmd|/Odd:1/', '/short:1/'],
  ],
  [['--client', 'FAKE'], ['/fake:1/']],
  [['--client', 'nobody'], []],
  [
    ['--sort', 'user_agent'],
    ['/fake:1/', '/short:1/', '=cmd|/Odd:1/'],
  ],
  [
    ['--sort', 'user_agent:desc'],
    ['=cmd|/Odd:1/', '/short:1/', '/fake:1/'],
  ],
  [['--sort', 'inv_first', '--limit', '1'], ['/fake:1/']],
  [
    ['--sort', 'time'],
    ['/short:1/', '/fake:1/', '=cmd|/Odd:1/'],
  ],
  [['--state', 'ended', '--until', '1d', '--since', '2d'], []],
])('%j', async (args, agents) => {
  expect((await rows(...args)).map(({ user_agent }) => user_agent)).toEqual(agents);
});

it('has a table for people, and columns that are chosen', async () => {
  const { out } = await run([]);
  const [head = '', , ...lines] = out.trimEnd().split('\n');
  expect(head).toMatch(/^state +time +address +is_inbound +address_network +labels +user_agent +duration/);
  // There is no map of autonomous systems.
  expect(head).not.toContain('asn');
  expect(lines).toHaveLength(3);
  expect((await run(['--columns', 'state,user_agent', '--format', 'csv'])).out).toBe(
    "state,user_agent\r\nconnected,/fake:1/\r\nconnected,'=cmd|/Odd:1/\r\nended,/short:1/\r\n",
  );
});

it.each([
  [
    ['--sort', 'adress'],
    '--sort adress: give a column, with :asc or :desc behind it where wanted; did you mean address?',
  ],
  [['--sort', 'asn:down'], '--sort asn:down: give a column'],
  [['--where', 'agent = 1'], '--where, character 1: series peer_sessions has no column agent'],
  [['--columns', 'adress'], '--columns adress: the answer has no such column'],
  [['--limit', 'x'], '--limit x: not a whole number'],
  [['--state', 'open'], '--state open: give one of all, connected, ended'],
  [['--since', 'soon'], '--since soon'],
])('%j is one line', async (args, message) => {
  const { out, err, status } = await run(args);
  expect([out, status]).toEqual(['', 2]);
  expect(err).toContain(`btcdmon-node: ${message}`);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});

it('after the end of the node has all connections, with the sums of all messages and bytes', async () => {
  // Strangers who say nothing that can be understood; more than have points of their own.
  const open = Array.from({ length: 130 }, () => dialListener(port, { mute: true, from: '127.0.0.4' }));
  for (const connection of await Promise.all(open)) connection.send('ping', Buffer.alloc(8));
  await until('their ends', () => ends === 131);
  dialled.send('ping', Buffer.alloc(8));
  await until('the answer', () => dialled.commands().includes('pong'));
  await stop();
  const ended = await rows();
  expect(
    ended
      .filter(({ reason }) => reason === 'stopped')
      .map(({ user_agent }) => user_agent)
      .sort(),
  ).toEqual(['/fake:1/', '=cmd|/Odd:1/']);
  const failed = await run(['--state', 'connected']);
  expect(failed).toMatchObject({ out: '', status: 1 });
  expect(failed.err).toContain('no node runs that has it open');

  const stored = await openStored(store);
  const one = async (sql: string): Promise<unknown> => {
    const [row] = await stored.rows(`SELECT (${sql})::BIGINT AS value`);
    return row?.['value'];
  };
  try {
    for (const { column, command, isReceived, unit } of COMMAND_COUNTS) {
      const series = `msg_${isReceived ? 'recv' : 'sent'}${unit === 'bytes' ? '_bytes' : ''}`;
      const sum = await one(`SELECT sum(${column}) FROM session_messages`);
      expect([column, sum]).toEqual([column, await one(`SELECT sum("${command}") FROM ${series}`)]);
    }
    for (const series of ['msg_recv', 'msg_sent']) {
      const columns = COUNTED_COMMANDS.map((command) => `"${command}"`).join(' + ');
      const sum = await one(`SELECT sum(${series}) FROM peer_sessions`);
      expect([series, sum]).toEqual([series, await one(`SELECT sum(${columns}) FROM ${series}`)]);
    }
    for (const column of ['bytes_recv', 'bytes_sent']) {
      const sum = await one(`SELECT sum(${column}) FROM peer_sessions`);
      expect([column, sum]).toEqual([column, await one(`SELECT max(${column}) FROM bandwidth`)]);
    }
    expect(await one('SELECT count(*) FROM session_messages')).toBe(
      await one('SELECT count(*) FROM peer_sessions'),
    );
    const count = 'count(address) + coalesce(sum(merged), 0)';
    expect(await one(`SELECT ${count} FROM peer_sessions`)).toBe(133);
    expect(await one(`SELECT sum(total_disconnects) FROM rejects`)).toBe(133);
    expect(await one('SELECT max(connected) FROM peer_labels')).toBe(1);
  } finally {
    stored.close();
  }
});
