import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { AppConfig } from '../../src/app/config';
import { startApp, type App } from '../../src/app/listener';
import { main } from '../../src/cli/main';
import { createLog } from '../../src/lib/log';
import { parseBlock } from '../../src/wire/block';
import { parseTransaction } from '../../src/wire/transaction';
import type { WhyAnswer } from '../../src/why/why-answer';
import { mineBlock, REGTEST } from '../chain/mine';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { ServingPeer, blockThing, txThing } from '../support/serving-peer';
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

const transactions = [1, 2].map((prevIndex) =>
  parseTransaction(buildTransaction({ inputs: [{ prevIndex }], outputs: [{ value: 5_000 }] })),
);
const [first, second] = transactions.map(({ txid }) => txid);

let start: () => Promise<void>;
/** The record, also on disk. */
const WHY = { keptMs: 86_400_000, maxBytes: 1_000_000, diskBytes: 10_000_000 };

let store = '';
let page = '';
let app: App;
let serving: ServingPeer;
let isRunning = false;

async function stop(): Promise<void> {
  if (isRunning) await app.stop();
  isRunning = false;
}

/** Runs the command in this process, and returns what it wrote. */
async function run(...line: readonly string[]): Promise<{ out: string; err: string; status: unknown }> {
  const texts = { out: '', err: '' };
  for (const name of ['out', 'err'] as const)
    jest.spyOn(name === 'out' ? process.stdout : process.stderr, 'write').mockImplementation((text) => {
      texts[name] += text.toString();
      return true;
    });
  process.exitCode = undefined;
  await main(['why', ...line, '--store', `duckdb:${store}`]);
  jest.restoreAllMocks();
  return { ...texts, status: process.exitCode };
}

async function answer(id: string): Promise<WhyAnswer> {
  const { out, err, status } = await run(id, '--format', 'json');
  expect([err, status]).toEqual(['', undefined]);
  return JSON.parse(out) as WhyAnswer;
}

beforeAll(async () => {
  // Each run of the command in this process listens for errors of its outputs.
  for (const output of [process.stdout, process.stderr]) output.setMaxListeners(0);
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-why-')), (name) =>
    rm(name, { recursive: true }),
  );
  store = path.join(folder, 'store.duckdb');
  const port = await freePort();
  page = `http://127.0.0.1:${port}`;
  serving = cleanup.add(await ServingPeer.start('regtest'), (it) => it.stop());
  const config: AppConfig = {
    ...{ node: 'n', network: 'regtest', connect: [{ host: '127.0.0.1', port: serving.port }] },
    ...{ exports: [`duckdb:${store}`], intervalMs: 200, policy: 'btcd', mempoolBytes: 1_000_000 },
    ...{ spools: { directory: path.join(folder, 'spool'), maxBytes: 1_000_000 }, wtxidRelay: true },
    ...{ txPerSecond: 200, maxUserAgents: 200, why: WHY, dataDir: folder },
    http: { host: '127.0.0.1', port, given: true, token: null, names: [] },
  };
  start = async () => {
    app = await startApp(config, { log: createLog('error') });
    isRunning = true;
  };
  await start();
  cleanup.add(stop, (undo) => undo());
  await until('the handshake', () => serving.isReady);
  serving.announce(transactions.map(({ bytes }) => txThing(bytes)));
  await until('the transactions', () => app.live.transactions().length === 2);
  await until('their points', async () => (await answer(second ?? '')).stored.length > 0);
});

describe('beside a running node', () => {
  it('tells of a transaction from the record and the store', async () => {
    const told = await answer(first ?? '');
    expect(told).toMatchObject({ asked: first, kind: 'transaction', id: first, node: 'n', matches: [] });
    expect(told.timeline.map(({ what, peer }) => [what, peer])).toEqual([
      ['announced first, by wtxid', serving.address],
      ['asked for it', serving.address],
      ['received', serving.address],
      ['checked: standard', null],
    ]);
    expect(told.stored.map(({ series, node, values }) => [series, node, values['sha']])).toEqual([
      ['tx', 'n', first],
    ]);
    expect(told.policies.map(({ policy }) => policy)).toEqual(['btcd', 'core31', 'core29', 'knots']);
  });

  it('prints it for a person, and as a list for a program', async () => {
    const { out, err, status } = await run(first ?? '');
    expect([err, status]).toEqual(['', undefined]);
    expect(out).toMatch(new RegExp(`^transaction ${first}\n\n {2}state +waits for a block\n`));
    expect(out).toMatch(
      /\n\nWhat happened\n {2}\S+Z +\+0 ms {2}announced first, by wtxid, 127\.0\.0\.1:\d+\n/,
    );
    expect(out).toMatch(
      /\nRelay policies\n {2}btcd 0\.26 +relays it \(min-fee not known: at least \d+ sat\)\n/,
    );
    expect(out).toMatch(/\nIn the store\n {2}tx \S+Z node=n /);
    expect(out).toMatch(/\nNot known\n {2}Its fee is not known: /);
    const { out: csv } = await run(first ?? '', '--format', 'csv');
    const [head, ...rows] = csv.trim().split('\r\n');
    expect(head).toBe('part,time,name,value,unit,peer,about');
    expect(new Set(rows.map((row) => row.split(',')[0]))).toEqual(
      new Set(['fact', 'step', 'policy', 'stored', 'not known']),
    );
  });

  it('tells of a peer, also by the page', async () => {
    const told = await answer(serving.address);
    expect(told).toMatchObject({ kind: 'peer', id: serving.address });
    expect(told.facts).toContainEqual({ name: 'user_agent', value: '/fake:1/', unit: '' });
    expect(told.timeline.map(({ about }) => about)).toEqual([null, null, first, second]);
    const response = await fetch(`${page}/api/why?id=${encodeURIComponent(serving.address)}`);
    // Its age is another by now.
    const { kind, id, stored, timeline } = (await response.json()) as WhyAnswer;
    expect({ kind, id, stored }).toEqual({ kind: told.kind, id: told.id, stored: told.stored });
    expect(timeline).toHaveLength(told.timeline.length);
  });

  it('answers the beginning of a hash, and refuses one that is too short in one line', async () => {
    expect((await answer((first ?? '').slice(0, 16))).id).toBe(first);
    expect(await run((first ?? '').slice(0, 1) + 'a')).toEqual({
      ...{ out: '', status: 2 },
      err: expect.stringMatching(
        /^btcdmon-node: \wa: too short for a hash; give at least 4 of its digits\n$/,
      ) as string,
    });
    expect((await fetch(`${page}/api/why?id=ab`)).status).toBe(400);
  });

  it('tells of a block from the record and the store: what it was held to, and the branch that it ends', async () => {
    const block = parseBlock(mineBlock({ on: REGTEST.genesis, height: 1 }));
    serving.announce([blockThing(block.bytes)]);
    const wanted = ['processed_blocks', 'blocks', 'block_templates', 'chain_tips'];
    const told = await until('its points', async () => {
      const it = await answer(block.hash);
      const series = it.stored.map((point) => point.series);
      return wanted.every((name) => series.includes(name)) ? it : undefined;
    });
    expect(told).toMatchObject({ kind: 'block', id: block.hash });
    expect(told.facts).toContainEqual({ name: 'pool', value: 'unknown', unit: '' });
    const stored = new Map(told.stored.map(({ series, values }) => [series, values]));
    expect(stored.get('block_templates')).toMatchObject({ pool: 'unknown', is_empty: true, height: 1 });
    expect(stored.get('chain_tips')).toMatchObject({ status: 'active', height: 1, branch_length: 0 });
  });

  it('says in one line that nothing is known, and why', async () => {
    const unknown = 'ab'.repeat(32);
    const { out, err, status } = await run(unknown);
    expect([out, status]).toEqual(['', 1]);
    expect(err).toMatch(
      new RegExp(
        `^btcdmon-node: why ${unknown}: No peer has announced or sent it, and no block that came contains it, since this node began to listen [^\n]* ago\\. The store has no point about it since [^\n]*\n$`,
      ),
    );
    expect(await answer(unknown)).toMatchObject({ kind: null, id: '', facts: [], stored: [] });
  });
});

describe('once the node has stopped', () => {
  beforeAll(stop);

  it('tells what the store has, and what only a node would know', async () => {
    const told = await answer(first ?? '');
    expect(told).toMatchObject({ kind: 'transaction', id: first, node: null, facts: [], timeline: [] });
    expect(told.stored.map(({ series }) => series)).toContain('tx');
    expect(told.notKnown[0]).toMatch(/^No node runs that has this store open/);
    const peer = await answer(serving.address);
    expect(peer).toMatchObject({ kind: 'peer', id: serving.address });
    expect(peer.stored[0]?.values).toMatchObject({ address: serving.address, reason: 'stopped' });
    const messages = peer.stored.find(({ series }) => series === 'session_messages')?.values ?? {};
    expect(messages).toMatchObject({ recv_tx: 2, sent_getdata: expect.any(Number) as number });
    expect(Object.values(messages)).not.toContain(0);
  });

  it('says in one line what a store without the data can’t tell', async () => {
    for (const [id, words] of [
      ['ab'.repeat(32), /knows transactions by their txid alone/],
      ['abcd', /can't be searched for the beginning of a hash: give all of it\.\n$/],
      ['192.0.2.9', /can't be searched for a host: give all of it\.\n$/],
      ['777', /has no point about it since/],
    ] as const) {
      const { out, err, status } = await run(id);
      expect([out, status, err.trim().split('\n').length]).toEqual(['', 1, 1]);
      expect(err).toMatch(words);
    }
  });
});

describe('once it runs again', () => {
  it('tells of a transaction what the last run knew', async () => {
    await start();
    const told = await answer(first ?? '');
    expect(told).toMatchObject({ kind: 'transaction', id: first, node: 'n' });
    expect(told.timeline.slice(0, 4).map(({ what, peer }) => [what, peer])).toEqual([
      ['announced first, by wtxid', serving.address],
      ['asked for it', serving.address],
      ['received', serving.address],
      ['checked: standard', null],
    ]);
    expect(told.policies.map(({ policy }) => policy)).toEqual(['btcd', 'core31', 'core29', 'knots']);
    await stop();
  });
});
