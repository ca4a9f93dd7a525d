import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { PolicyName } from '../../../src/policy/standardness';
import type { LiveWhy } from '../../../src/why/why-answer';
import type { Cleanup } from '../cleanup';
import { until } from '../until';
import { Wallet } from '../wallet';
import { sendBlocks } from './act-blocks';
import { replace, surprise } from './act-conflicts';
import { ANNOUNCED, announceTooMuch, misbehave, tellAddresses } from './act-gossip';
import { orphan } from './act-orphans';
import { relayEveryForm } from './act-relay';
import { reorganise } from './act-reorg';
import { makeCoins } from './coins';
import { BtcdLine } from './btcd-line';
import { wtxidOf } from './expected';
import { Listener } from './listener';
import { ScriptRecord } from './record';
import { bytesOf } from './rows';
import { ScriptedPeer } from './scripted-peer';
import { ON_THE_WAY_MS, SCRIPTED, Stage } from './stage';

/** The time for which announcements are gathered, and some intervals more. */
const SPREAD_MS = 32_000;

/** The result of the story. */
export interface StoryResult {
  readonly stage: Stage;
  /**
   * The bytes of both listeners at a quiet moment, by the btcds' count and by their own, without those of the
   * scripted peer.
   */
  readonly bandwidth: { readonly btcds: object; readonly listeners: object };
  /**
   * What each listener told before it was stopped of every transaction, by txid and by wtxid, of every block
   * and of every peer.
   */
  readonly whys: ReadonlyMap<PolicyName, ReadonlyMap<string, LiveWhy>>;
  /** The exit statuses of the listeners. */
  readonly statuses: ReadonlyMap<PolicyName, number | null>;
}

/** Plays the whole story and stops the listeners. The btcds keep running, because the tests ask them. */
export async function play(btcdProgram: string, cleanup: Cleanup): Promise<StoryResult> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-hour-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const wallet = new Wallet();
  const line = await BtcdLine.start(btcdProgram, wallet.address('regtest'), cleanup);
  const mature = await line.first.rpc<string[]>('generate', 110);
  for (const node of line.nodes)
    await until('the btcds to be level', async () => (await node.rpc('getblockcount')) === 110);
  const scripted = cleanup.add(await ScriptedPeer.start(), (it) => it.stop());
  const ports = [...line.nodes.map(({ p2pPort }) => p2pPort), scripted.port];
  const listeners = [
    await Listener.start('btcd', ports, folder, cleanup),
    await Listener.start('core', ports, folder, cleanup),
  ];
  const stage = new Stage(line, scripted, listeners, wallet, new ScriptRecord());
  for (const listener of listeners)
    await listener.untilRow('all handshakes', 'SELECT 1 AS one FROM peers HAVING count(version) = 4');
  await line.untilQuiet(500);

  const coins = await makeCoins(stage, mature.slice(0, 4));
  await relayEveryForm(stage, coins);
  await reorganise(stage, coins, { depth: 1, rivalFee: 2_000 });
  await reorganise(stage, coins, { depth: 2, rivalFee: 500 });
  await replace(stage, coins);
  await orphan(stage, coins);
  await surprise(stage, coins);
  await reorganise(stage, coins, { depth: 6, rivalFee: 1_500 });
  await sendBlocks(stage);
  await stage.mine(line.middle);
  tellAddresses(stage);
  await misbehave(stage);
  await announceTooMuch(stage);
  await stage.pause(SPREAD_MS);
  // What was announced and never sent has no transaction by which it could be named.
  for (const listener of listeners)
    await listener.untilRow(
      'the spread of the last announcements',
      `SELECT 1 AS one FROM propagation WHERE kind = 'tx' AND peers IS NOT NULL AND sha IS NULL
       HAVING count(*) >= ${ANNOUNCED}`,
    );
  const bandwidth = await quietBandwidth(stage);
  await stage.checkpoint('the end');
  const statuses = new Map<PolicyName, number | null>();
  const whys = new Map<PolicyName, ReadonlyMap<string, LiveWhy>>();
  for (const listener of listeners) {
    await untilHeard(listener);
    whys.set(listener.policy, await askEverything(listener, stage));
    statuses.set(listener.policy, await listener.stop(cleanup));
  }
  return { stage, bandwidth, whys, statuses };
}

/** Asks a listener for everything that the script made. */
async function askEverything(
  listener: Listener,
  { record, line }: Stage,
): Promise<ReadonlyMap<string, LiveWhy>> {
  const ids = [
    ...[...record.relayed.values()].flatMap(({ transaction }) => [transaction.txid, wtxidOf(transaction)]),
    ...record.judged.map(({ sha }) => sha),
    ...listener.recorders.map((_, peer) => listener.addressOf(peer)),
    String(await line.last.rpc<number>('getblockcount')),
  ];
  const told = new Map<string, LiveWhy>();
  for (const id of new Set(ids)) told.set(id, await listener.why(id));
  return told;
}

/** The bytes of all listeners by the btcds' count and by their own, at a quiet moment. */
async function quietBandwidth(stage: Stage): Promise<StoryResult['bandwidth']> {
  const counted = async (): Promise<{ bytes_recv: number; bytes_sent: number }> => {
    const peers = (await Promise.all(stage.line.nodes.map((node) => node.peers()))).flat();
    const ours = peers.filter(({ subver }) => subver.includes('btcdmon'));
    return {
      bytes_recv: ours.reduce((sum, { bytessent }) => sum + bytessent, 0),
      bytes_sent: ours.reduce((sum, { bytesrecv }) => sum + bytesrecv, 0),
    };
  };
  const deadline = Date.now() + ON_THE_WAY_MS;
  const probe = async (): Promise<StoryResult['bandwidth'] | undefined> => {
    const before = await counted();
    await stage.untilWritten();
    let [received, sent] = [0, 0];
    for (const listener of stage.listeners) {
      const [row] = await listener.rows(
        'SELECT bytes_recv, bytes_sent FROM bandwidth ORDER BY time DESC LIMIT 1',
      );
      const own = listener.recorders[SCRIPTED]?.connections ?? [];
      received += Number(row?.['bytes_recv']) - bytesOf(own.flatMap((each) => each.in));
      sent += Number(row?.['bytes_sent']) - bytesOf(own.flatMap((each) => each.out));
    }
    const btcds = await counted();
    const listeners = { bytes_recv: received, bytes_sent: sent };
    if (JSON.stringify(before) !== JSON.stringify(btcds)) return undefined;
    // Bytes that are still missing then never come, and the test will tell.
    const level = JSON.stringify(btcds) === JSON.stringify(listeners);
    return level || Date.now() > deadline ? { btcds, listeners } : undefined;
  };
  return until('a quiet moment', probe, { ms: 2 * ON_THE_WAY_MS });
}

/**
 * Waits until a listener has written all that its recorders passed on, so that no answer is on its way when
 * it is stopped.
 */
async function untilHeard(listener: Listener): Promise<void> {
  const deadline = Date.now() + ON_THE_WAY_MS;
  await until(
    'the listener to have written everything',
    async () => {
      const [row] = await listener.rows('SELECT bytes_recv FROM bandwidth ORDER BY time DESC LIMIT 1');
      const passed = bytesOf(
        listener.recorders.flatMap(({ connections }) => connections.flatMap((each) => each.in)),
      );
      return Number(row?.['bytes_recv']) === passed || Date.now() > deadline;
    },
    { ms: 2 * ON_THE_WAY_MS },
  );
}
