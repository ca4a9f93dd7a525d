import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { type CutProxy, cutProxy } from '../support/cut-proxy';
import { freePort } from '../support/free-port';
import { startSink } from '../support/line-sink';
import { type LivePoints, livePoints } from '../support/live-points';
import { familyOf } from '../support/proc';
import { type Program, outputOf, runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

/** The watched node and the listener in the data. */
const WATCHED = 'btcd';
const LISTENER = 'beside';

/** How often a message is cut at most until it is a notification. */
const MAX_CUTS = 50;

btcd.describe('a watched and tapped btcd that fails', (btcdProgram) => {
  const cleanup = new Cleanup();
  /** All blocks that were mined while the program watched. */
  const mined: string[] = [];
  let home: string;
  let node: Btcd;
  let peer: Btcd;
  let proxy: CutProxy;
  let program: Program;
  let live: LivePoints;
  /** Lines about the tap, warnings, and lines about the node, as the listener began. */
  let saidAtStart: readonly number[];

  const patience = (): { giveUp: () => string | undefined; ms: number } => ({
    giveUp: program.ended,
    ms: 300_000,
  });
  const gaps = (source: string): number =>
    live.of(WATCHED, 'watch_gaps').filter(({ tags }) => tags['source'] === source).length;
  const blocksOf = (name: string): unknown[] =>
    live.of(name, 'blocks').map(({ fields }) => fields['sha']?.value);
  const untilBlocks = (name: string): Promise<boolean> =>
    until(`the last block at ${name}`, () => blocksOf(name).at(-1) === mined.at(-1), patience());
  const mine = async (count: number): Promise<void> =>
    void mined.push(...(await node.rpc<string[]>('generate', count)));
  const untilUp = (isUp: boolean): Promise<boolean> =>
    until(`is_up ${isUp}`, () => live.last(WATCHED, 'node_status', 'is_up') === isUp, patience());
  const untilPeers = (count: number): Promise<boolean> =>
    until(`${count} peers`, async () => (await node.peers()).length === count, patience());
  /** Waits until the listener has told of two more intervals. */
  const untilListenerGoesOn = async (): Promise<void> => {
    const before = live.of(LISTENER, 'bandwidth').length;
    await until('the listener', () => live.of(LISTENER, 'bandwidth').length >= before + 2, patience());
  };
  /** Lines of the log with this text. */
  const said = (text: string): number =>
    program
      .log()
      .split('\n')
      .filter((line) => line.includes(text)).length;
  /** Warnings about the watched node. */
  const warned = (): number => program.log().match(/"level":"warn","message":"btcd at https:/g)?.length ?? 0;
  /** Lines about a node that does not answer. */
  const silences = (): number =>
    program.log().match(/no whole answer within \d+ s|no sign of life within \d+ s/g)?.length ?? 0;
  const passwordFile = (): string => path.join(home, 'rpc.password');
  const writePassword = (): Promise<void> => writeFile(passwordFile(), `${node.password}\n`, { mode: 0o600 });

  beforeAll(async () => {
    home = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-faults-')), (folder) =>
      rm(folder, { recursive: true, force: true }),
    );
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    live = livePoints(sink);
    // btcd forgets the chain of a regtest at each start.
    const network = 'simnet';
    node = cleanup.add(
      await Btcd.start(btcdProgram, { network, tls: true, miningAddress: new Wallet().address(network) }),
      (it) => it.stop(),
    );
    await node.rpc('generate', 10);
    proxy = cleanup.add(await cutProxy(node.rpcPort), (it) => it.stop());
    // The node hangs as the program starts.
    proxy.hold();
    const forwardPort = await freePort();
    await writePassword();
    const login = `password-file=${passwordFile()}`;
    const place = `https://${node.user}@127.0.0.1:${proxy.port}?ca-file=${node.certificateFile}&${login}`;
    program = cleanup.add(
      runProgram(
        [
          ...['--network', network, '--connect', `127.0.0.1:${node.p2pPort}`, '--interval', '500ms'],
          ...['--node', LISTENER, '--watch', `${WATCHED}=${place}`],
          ...['--forward', `127.0.0.1:${forwardPort}=127.0.0.1:${node.p2pPort}`],
          ...['--export', `duckdb:${path.join(home, 'store.duckdb')}`],
          ...['--export', `line+tcp://127.0.0.1:${sink.port}`],
        ],
        home,
      ),
      (it) => it.kill(),
    );
    await until('the listener', () => said('"listening"') === 1, patience());
    saidAtStart = [said('"tapping"'), said('"level":"warn"'), said('answers')];
    await untilListenerGoesOn();
    proxy.release();
    peer = cleanup.add(
      await Btcd.start(btcdProgram, { network, extraArgs: [`--connect=127.0.0.1:${forwardPort}`] }),
      (it) => it.stop(),
    );
    await untilPeers(2);
    await until('notifications', () => live.of(WATCHED, 'btcd_lag').length > 0, patience());
    await mine(3);
    await untilBlocks(WATCHED);
    await untilBlocks(LISTENER);
  }, 600_000);

  afterAll(() => cleanup.run());

  it('is not waited for by the tap and the listener where it hangs at the start', () => {
    expect(saidAtStart).toEqual([1, 0, 0]);
  });

  it('whose websocket is cut in the middle of a notification', async () => {
    // What is cut may be an answer of the RPC instead.
    for (let i = 0; i < MAX_CUTS && gaps('notifications') === 0; i++) {
      proxy.cutNext();
      await mine(2);
      await untilBlocks(WATCHED);
    }
    await until('the gap', () => gaps('notifications') > 0, patience());
    await untilBlocks(LISTENER);
  }, 600_000);

  it('whose RPC hangs for more than a minute, while the tap and the listener go on', async () => {
    const before = gaps('rpc');
    const linesBefore = warned();
    const silencesBefore = silences();
    proxy.hold();
    const heldAt = Date.now();
    await mine(2);
    await untilBlocks(LISTENER);
    const sent = live.sum(WATCHED, 'msg_sent', 'inv');
    await untilUp(false);
    await mine(1);
    await untilBlocks(LISTENER);
    await untilListenerGoesOn();
    expect(blocksOf(WATCHED)).not.toContain(mined.at(-1));
    expect(live.sum(WATCHED, 'msg_sent', 'inv')).toBeGreaterThanOrEqual(sent);
    await until('more than a minute', () => Date.now() - heldAt > 65_000, patience());
    proxy.release();
    await until('the gap', () => gaps('rpc') > before, patience());
    await untilBlocks(WATCHED);
    expect(warned() - linesBefore).toBe(1);
    // The websocket may notice it first, and the call that hangs may be one that has more time.
    expect(silences() - silencesBefore).toBe(1);
  }, 600_000);

  it('that is restarted', async () => {
    const before = gaps('rpc');
    const linesBefore = warned();
    await node.halt();
    await untilUp(false);
    await untilListenerGoesOn();
    await node.run();
    await until('the gap', () => gaps('rpc') > before, patience());
    await untilUp(true);
    await untilPeers(2);
    await mine(2);
    await untilBlocks(WATCHED);
    await untilBlocks(LISTENER);
    expect(warned() - linesBefore).toBe(1);
  }, 600_000);

  it('that comes back with another password, while the tap and the listener go on', async () => {
    const before = { rpc: gaps('rpc'), notifications: gaps('notifications') };
    await node.changePassword();
    const askedBefore = proxy.connections();
    const refusedAt = Date.now();
    await until('the refusal', () => said('refuses the login') === 1, patience());
    await untilUp(false);
    await untilPeers(2);
    await mine(2);
    await untilBlocks(LISTENER);
    await untilListenerGoesOn();
    expect(blocksOf(WATCHED)).not.toContain(mined.at(-1));
    // It is asked after 0.5, 1, 2, 4 and 8 seconds, then every 10, at one of its two doors alone.
    const most = 7 + (Date.now() - refusedAt) / 10_000;
    expect(proxy.connections() - askedBefore).toBeLessThanOrEqual(most);
    await writePassword();
    await until('both gaps', () => gaps('rpc') > before.rpc, patience());
    await until('both gaps', () => gaps('notifications') > before.notifications, patience());
    await untilUp(true);
    await untilBlocks(WATCHED);
    await mine(1);
    await untilBlocks(WATCHED);
    await untilBlocks(LISTENER);
    expect(said('refuses the login')).toBe(1);
    const reasons = live.of(WATCHED, 'watch_gaps').map(({ fields }) => String(fields['reason']?.value));
    expect(reasons).toContainEqual(expect.stringContaining('refuses the login of password-file'));
  }, 600_000);

  it('that comes back with another certificate', async () => {
    const before = live.of(WATCHED, 'watch_gaps').length;
    await node.renewCertificate();
    // No call may have been made meanwhile; the websocket is open all the time.
    await until('a gap', () => live.of(WATCHED, 'watch_gaps').length > before, patience());
    await untilUp(true);
    await untilPeers(2);
    await mine(1);
    await untilBlocks(WATCHED);
    await untilBlocks(LISTENER);
  }, 600_000);

  it('whose tap is killed', async () => {
    const [pid = 0] = tapsOf(program);
    process.kill(pid, 'SIGKILL');
    await until('the gap', () => gaps('tap') === 1, patience());
    const [gap] = live.of(WATCHED, 'watch_gaps').filter(({ tags }) => tags['source'] === 'tap');
    expect(gap?.fields['reason']?.value).toBe('signal SIGKILL');
    // Its log and its points come by two ways.
    const restart = 'the process of the tap ended and is started again';
    await until('the line', () => said(restart) > 0, patience());
    expect(said(restart)).toBe(1);
    await mine(1);
    await untilBlocks(LISTENER);
    await untilBlocks(WATCHED);
    // The peer comes again, through the new one.
    await untilPeers(2);
    const bytes = Number(live.last(WATCHED, 'tap', 'bytes_sent'));
    await mine(2);
    await untilBlocks(LISTENER);
    await until(
      'the blocks in the tap',
      () => Number(live.last(WATCHED, 'tap', 'bytes_sent')) > bytes,
      patience(),
    );
    await until('its blocks', async () => (await peer.rpc('getbestblockhash')) === mined.at(-1), patience());
    expect(tapsOf(program)).toHaveLength(1);
  }, 600_000);

  it('has told of everything once, and accounts for it', async () => {
    await untilBlocks(WATCHED);
    expect(await program.stop()).toBe(0);
    const file = path.join(home, 'store.duckdb');
    const stored = await openStored(file);
    for (const name of [WATCHED, LISTENER]) {
      const rows = await stored.rows(
        `SELECT sha FROM blocks WHERE node = '${name}' AND best_height > 10 ORDER BY time`,
      );
      expect([name, rows.map(({ sha }) => sha)]).toEqual([name, mined]);
    }
    expect(await stored.rows('SELECT count(*) AS reorgs FROM reorgs')).toEqual([{ reorgs: 0 }]);
    // A counter of the tap does not go back with its process.
    expect(
      await stored.rows(
        `SELECT count(*) AS back FROM
           (SELECT bytes_sent - lag(bytes_sent) OVER (ORDER BY time) AS more FROM tap) WHERE more < 0`,
      ),
    ).toEqual([{ back: 0 }]);
    const [missed] = await stored.rows('SELECT sum(missed_blocks) AS blocks FROM node_status');
    expect(missed).toEqual({ blocks: 0 });
    // The listener's connection broke only as the node was restarted, three times.
    const ended = await stored.rows(
      `SELECT CAST(sum(disconnects) AS BIGINT) AS ended FROM rejects
       WHERE node = '${LISTENER}' AND reason IS NOT NULL AND reason NOT IN ('stopped', 'connection-refused')`,
    );
    expect(ended).toEqual([{ ended: 3 }]);
    stored.close();
    const audit = await outputOf(['audit', '--from', `duckdb:${file}`], home);
    expect(audit).toMatch(/^\d{3,} points of 2 runs: the store holds every one$/m);
  }, 600_000);
});

/** The processes of its taps. */
function tapsOf({ pid }: Program): number[] {
  return familyOf(pid).filter((id) =>
    readFileSync(`/proc/${id}/cmdline`, 'utf8').startsWith('btcdmon-node tap'),
  );
}
