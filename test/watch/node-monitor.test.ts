import { setTimeout as sleep } from 'node:timers/promises';
import { type Timer, systemTimer } from '../../src/lib/timer';
import type { Point } from '../../src/metrics/point';
import { INV_TX } from '../../src/wire/messages/inventory';
import { wireHash } from '../../src/wire/hash';
import { fixedLogin } from '../../src/watch/login';
import type { NodePlace } from '../../src/watch/node-place';
import { Btcd, type BtcdPeer, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { type CutProxy, cutProxy } from '../support/cut-proxy';
import { COIN_VALUE, coinbase, splitCoinbases } from '../support/funding';
import { somePeer } from '../support/points';
import { until } from '../support/until';
import { SPENDABLE_TYPES, type Spendable, Wallet } from '../support/wallet';
import { type Fields, type Monitored, monitored } from './monitored';
import { placeAt } from './place-at';

const LIMITED = { user: 'guest', password: 'guest-secret' };

/** The part of btcd's verbose block that is compared. */
interface VerboseBlock {
  readonly hash: string;
  readonly height: number;
  readonly size: number;
  readonly weight: number;
  readonly time: number;
  readonly version: number;
  readonly tx: readonly string[];
}

btcd.describe('the monitor of a btcd', (program) => {
  const cleanup = new Cleanup();
  const wallet = new Wallet();
  let node: Btcd;
  let proxy: CutProxy;
  let watched: Monitored;
  let mature: string[];

  const placeOf = (target: Btcd, parts: Partial<NodePlace> = {}): NodePlace =>
    placeAt({
      port: target.rpcPort,
      isSecure: true,
      certificateFile: target.certificateFile,
      login: fixedLogin({ user: target.user, password: target.password }, 'the test'),
      ...parts,
    });
  const block = (hash: string): Promise<VerboseBlock> => node.rpc('getblock', hash, 1);
  const blockAt = async (height: number): Promise<VerboseBlock> =>
    block(await node.rpc('getblockhash', height));
  const heights = (): unknown[] => watched.fieldsOf('blocks').map(({ best_height }) => best_height);
  /** Ends intervals until a probe finds what it wants. */
  const untilInterval = <T>(what: string, probe: (written: Point[]) => T | undefined | false): Promise<T> =>
    until(what, () => probe(watched.interval()));
  /**
   * Ends an interval, and waits until everything has been asked that it makes due, and was answered: only the
   * websocket is open. The calls end within the wait, however long the node takes.
   */
  const askedAll = async (): Promise<void> => {
    watched.interval();
    for (let before = -1; before !== proxy.connections() || proxy.open() > 1;) {
      before = proxy.connections();
      // In parts: what a machine that stood still has late is done between them.
      for (let part = 0; part < 15; part++) await sleep(100);
    }
  };
  const lastOf = (points: readonly Point[], series: string): Fields | undefined =>
    points.filter((point) => point.series === series).at(-1)?.fields;
  const lastTip = (): unknown => watched.fieldsOf('blocks').at(-1)?.['sha'];
  /** Mines, and waits until the last block was told. */
  const mine = async (count: number): Promise<string[]> => {
    const hashes = await node.rpc<string[]>('generate', count);
    await until('the last block', () => lastTip() === hashes.at(-1));
    return hashes;
  };

  beforeAll(async () => {
    // btcd forgets the chain of a regtest at each start.
    const options = { network: 'simnet', tls: true, limited: LIMITED } as const;
    node = cleanup.add(
      await Btcd.start(program, { ...options, miningAddress: wallet.address('simnet') }),
      (it) => it.stop(),
    );
    proxy = cleanup.add(await cutProxy(node.rpcPort), (it) => it.stop());
    // btcd has segwit on simnet from height 300 on.
    mature = await node.rpc<string[]>('generate', 310);
    watched = monitored(placeOf(node, { port: proxy.port }), { network: 'simnet' });
    cleanup.add(watched.monitor, (it) => it.stop());
    await watched.monitor.start();
    expect([watched.monitor.kind, watched.monitor.isUp]).toEqual(['btcd', true]);
    await untilInterval('the first answers', (written) => lastOf(written, 'node_status')?.['height'] === 310);
    await until('the notifications', () => {
      watched.interval();
      return watched.of('btcd_lag').length > 0;
    });
  });
  afterAll(() => cleanup.run());
  afterEach(() => expect(watched.lines.filter((line) => line.startsWith('fault'))).toEqual([]));

  it('tells nothing of what was there before', () => {
    for (const series of ['blocks', 'processed_blocks', 'reorgs', 'tx', 'tx_fees', 'watch_gaps'] as const)
      expect(watched.of(series)).toEqual([]);
  });

  it('tells 30 blocks in order, each with what the RPC says of it', async () => {
    const hashes = await node.rpc<string[]>('generate', 30);
    await until('the blocks', () => watched.of('blocks').length === 30);
    const asked = await Promise.all(hashes.map(block));
    const times = await Promise.all(
      Array.from({ length: 11 }, async (_, i) => (await blockAt(330 + i)).time),
    );
    expect(watched.fieldsOf('blocks')).toEqual(
      asked.map(({ hash, height, size, tx }) => ({
        ...{ sha: hash, best_height: height, size, num_tx: tx.length },
        median_time: expect.any(Number) as number,
      })),
    );
    expect(watched.fieldsOf('blocks').at(-1)?.['median_time']).toBe(times.sort((a, b) => a - b)[5]);
    expect(watched.fieldsOf('processed_blocks')).toEqual(
      asked.map(({ hash, height, size, weight, version, tx }) => ({
        ...{ sha: hash, height, size, weight, num_tx: tx.length, status: 'accepted', is_orphan: false },
        ...{ num_inputs: 1, num_outputs: expect.any(Number) as number, num_unseen_tx: 0, total_tx_fees: 0 },
        // The coinbase pays to a public key hash: one signature operation, which costs 4.
        ...{ version, sigops: 4, difficulty: expect.any(Number) as number },
        ...{ is_version_rolled: (version & 0x1fff_e000) !== 0 },
        coinbase_text: expect.stringMatching(/\/P2SH\/btcd\/$/) as string,
        pool: 'unknown',
      })),
    );
    expect(watched.of('reorgs')).toEqual([]);
  });

  describe('with transactions of every type', () => {
    let coins: Spendable[];

    beforeAll(async () => {
      ({ coins } = await splitCoinbases(node, wallet, SPENDABLE_TYPES, 60, mature.slice(0, 1)));
      await untilInterval('the fee', () => watched.of('tx_fees').length > 0);
      await mine(1);
      watched.points.length = 0;
    });

    it('tells each once, and the fee that was paid, and what the mempool has', async () => {
      const spent = coins.slice(0, 40).map((coin, i) => {
        const value = COIN_VALUE - 1_000 - i * 10;
        return { fee: COIN_VALUE - value, ...wallet.sign([coin], [{ type: 'witness_v0_keyhash', value }]) };
      });
      // The listener hears of the first one before the node has it, and from another peer.
      const items = [{ type: INV_TX, hash: wireHash(spent[0]?.txid ?? '') }];
      watched.listenerBus.emit('announced', { peer: somePeer, items, known: 0 });
      for (const { hex } of spent) await node.rpc('sendrawtransaction', hex);
      await until('the transactions', () => watched.of('tx').length === spent.length);
      expect(watched.fieldsOf('tx').map(({ sha, tx_size }) => [sha, tx_size])).toEqual(
        spent.map(({ txid, hex }) => [txid, hex.length / 2]),
      );
      expect(watched.of('tx_inputs')).toHaveLength(40);
      expect(watched.of('tx_outputs').map(({ tags }) => tags['script_type'])).toEqual(
        spent.map(() => 'witness_v0_keyhash'),
      );
      const matched: unknown[] = [];
      await untilInterval('the fees', (written) => {
        matched.push(lastOf(written, 'btcd_lag'));
        return watched.of('tx_fees').length >= spent.length;
      });
      const paid = spent.map(({ fee, hex }) => [fee, hex.length / 2]);
      const told = watched.fieldsOf('tx_fees').map(({ tx_fee, tx_size }) => [tx_fee, tx_size]);
      expect(told.sort()).toEqual(paid.sort());
      expect(matched).toContainEqual(
        expect.objectContaining({ matched: 1, ahead: 0, p50: expect.any(Number) as number }),
      );

      const raw = await node.rpc<string[]>('getrawmempool');
      const { bytes } = await node.rpc<{ bytes: number }>('getmempoolinfo');
      expect(raw).toHaveLength(40);
      await untilInterval('the gauge', (written) => {
        const { num_tx, size } = lastOf(written, 'mempool') ?? {};
        return num_tx === raw.length && size === bytes;
      });

      await mine(1);
      expect(watched.fieldsOf('processed_blocks').at(-1)).toMatchObject({
        num_tx: 41,
        num_unseen_tx: 0,
        total_tx_fees: spent.reduce((sum, { fee }) => sum + fee, 0),
      });
      expect(watched.of('tx')).toHaveLength(40);
      expect(watched.of('tx_fees')).toHaveLength(40);
      const missed = watched
        .of('node_status')
        .map(({ fields }) => [fields['missed_tx'], fields['missed_fees']]);
      expect(missed.flat().every((count) => count === 0)).toBe(true);
    });
  });

  it('tells a reorganisation of 3, block by block, and the tips of all branches', async () => {
    const branch = await mine(4);
    const [first = '', , , last = ''] = branch;
    const { height } = await block(first);
    const fork: string = await node.rpc('getblockhash', height - 1);
    watched.points.length = 0;
    await node.rpc('invalidateblock', first);
    await until('the way back', () => watched.of('reorgs').length === 1);
    const rival = await mine(3);
    await node.rpc('reconsiderblock', first);
    await until('the reorganisation', () => lastTip() === last);
    expect(watched.fieldsOf('reorgs')).toEqual([
      { depth: 4, old_tip: last, new_tip: fork, fork_height: height - 1 },
      { depth: 3, old_tip: rival[2], new_tip: last, fork_height: height - 1 },
    ]);
    expect(watched.fieldsOf('blocks').map(({ sha }) => sha)).toEqual([...rival, ...branch]);
    expect(heights()).toEqual([0, 1, 2, 0, 1, 2, 3].map((above) => height + above));

    const tips = await node.rpc<Fields[]>('getchaintips');
    expect(tips.length).toBeGreaterThan(1);
    const wanted = tips
      .map(({ hash, height, branchlen, status }) => [hash, height, branchlen, status])
      .sort();
    await untilInterval('the tips', () => {
      const told = watched.of('chain_tips').slice(-tips.length);
      const shown = told.map(({ fields, tags }) => [
        ...[fields['sha'], fields['height'], fields['branch_length'], tags['status']],
      ]);
      return JSON.stringify(shown.sort()) === JSON.stringify(wanted);
    });
  });

  it('tells a peer that comes and goes', async () => {
    watched.points.length = 0;
    const peer = cleanup.add(
      await Btcd.start(program, { network: 'simnet', extraArgs: [`--connect=127.0.0.1:${node.p2pPort}`] }),
      (it) => it.stop(),
    );
    await untilInterval('the peer', (written) => lastOf(written, 'peers')?.['total_connected'] === 1);
    await untilInterval('its handshake', () =>
      watched.of('peers').some(({ fields }) => fields['version'] !== undefined),
    );
    await until('a moment without traffic', () => node.isQuiet(300));
    const quietBytes = (await node.peers())[0]?.bytesrecv ?? Infinity;
    await askedAll();
    const [listed] =
      await node.rpc<(BtcdPeer & { version: number; startingheight: number })[]>('getpeerinfo');
    const gauges = await untilInterval('the gauges', (written) => lastOf(written, 'peers'));
    expect(gauges).toMatchObject({
      ...{ total_connected: 1, inbound: 1, outbound: 0, fullnode: 1, spv: 0, ipv4: 0, encrypted: 0 },
      ...{ ban_score_max: 0, fee_filter_p50: expect.any(Number) as number, num_addrs: undefined },
    });
    const handshakes = watched.of('peers').filter(({ fields }) => fields['version'] !== undefined);
    expect(handshakes).toMatchObject([
      {
        tags: { user_agent: listed?.subver },
        fields: { version: listed?.version, start_height: listed?.startingheight, relay: true },
      },
    ]);

    await peer.halt();
    await untilInterval('its end', () => watched.of('peer_sessions').length > 0);
    const [session] = watched.fieldsOf('peer_sessions');
    expect(session).toMatchObject({
      ...{ address: listed?.addr, is_inbound: true, user_agent: listed?.subver },
      address_network: 'not_publicly_routable',
      duration: expect.any(Number) as number,
    });
    expect(session?.['bytes_recv']).toBeGreaterThanOrEqual(quietBytes);
    expect(watched.of('peer_sessions')).toHaveLength(1);
    await untilInterval('the gauge', (written) => lastOf(written, 'peers')?.['total_connected'] === 0);

    const totals = await node.rpc<{ totalbytesrecv: number; totalbytessent: number }>('getnettotals');
    await untilInterval('the traffic', (written) => {
      const { bytes_recv, bytes_sent } = lastOf(written, 'bandwidth') ?? {};
      return bytes_recv === totals.totalbytesrecv && bytes_sent === totals.totalbytessent;
    });
  });

  it('tells after a cut websocket what it missed', async () => {
    // No answer of the RPC is to be cut.
    await askedAll();
    watched.points.length = 0;
    proxy.cutNext();
    const hashes = await mine(3);
    await until('the gap', () => watched.of('watch_gaps').length > 0);
    expect(watched.of('watch_gaps')[0]).toMatchObject({
      tags: { source: 'notifications' },
      fields: { duration: expect.any(Number) as number },
    });
    expect(watched.fieldsOf('blocks').map(({ sha }) => sha)).toEqual(hashes);
  });

  it('tells what happened while the node was away, a reorganisation as well', async () => {
    const branch = await mine(3);
    const { height } = await block(branch[0] ?? '');
    const source = await coinbase(node, mature[1] ?? '');
    watched.points.length = 0;
    proxy.refuse();
    await untilInterval('the state', (written) => lastOf(written, 'node_status')?.['is_up'] === false);
    const away = watched.interval().map(({ series }) => series);
    for (const series of ['bandwidth', 'peers', 'mempool']) expect(away).not.toContain(series);
    await node.rpc('invalidateblock', branch[0]);
    const rival = await node.rpc<string[]>('generate', 4);
    const spending = wallet.sign([source], [{ type: 'pubkeyhash', value: source.value - 7_000 }]);
    await node.rpc('sendrawtransaction', spending.hex);
    proxy.release();
    await untilInterval('the fee', () => watched.of('tx_fees').length > 0);
    await until('the blocks', () => lastTip() === rival[3]);
    await until('both gaps', () => watched.of('watch_gaps').length === 2);
    expect(
      watched
        .of('watch_gaps')
        .map(({ tags }) => tags['source'])
        .sort(),
    ).toEqual(['notifications', 'rpc']);
    expect(watched.fieldsOf('reorgs')).toEqual([
      { depth: 3, old_tip: branch[2], new_tip: rival[3], fork_height: height - 1 },
    ]);
    expect(watched.fieldsOf('blocks').map(({ sha }) => sha)).toEqual(rival);
    expect(watched.fieldsOf('tx').map(({ sha }) => sha)).toEqual([spending.txid]);
    expect(watched.fieldsOf('tx_fees')).toMatchObject([{ tx_fee: 7_000 }]);
  });

  it('goes on after a restart of the node', async () => {
    watched.points.length = 0;
    await node.halt();
    await untilInterval('the state', (written) => lastOf(written, 'node_status')?.['is_up'] === false);
    await node.run();
    await until('both gaps', () => watched.of('watch_gaps').length === 2);
    const hashes = await mine(2);
    expect(watched.fieldsOf('blocks').map(({ sha }) => sha)).toEqual(hashes);
    expect(watched.of('reorgs')).toEqual([]);
    const uptime = await untilInterval('the uptime', (written) => lastOf(written, 'node_status')?.['uptime']);
    expect(uptime).toBeLessThan(600);
  });

  it('writes its points while the RPC hangs, and tells the gap afterwards', async () => {
    const hanging = cleanup.add(await cutProxy(node.rpcPort), (it) => it.stop());
    // A call has 30 seconds, or 120 where it reads the mempool. Where none is answered, they need not pass.
    let hangs = false;
    const timer: Timer = (ms, action) =>
      systemTimer(hangs && [30_000, 120_000].includes(ms) ? 3_000 : ms, action);
    const { monitor, interval, of, fieldsOf } = monitored(placeOf(node, { port: hanging.port }), {
      network: 'simnet',
      timer,
    });
    cleanup.add(monitor, (it) => it.stop());
    await monitor.start();
    await until('the answers', () => interval().some(({ series }) => series === 'bandwidth'));
    await until('the notifications', () => {
      interval();
      return of('btcd_lag').length > 0;
    });
    // btcd itself ends a connection that is silent for ten seconds, so that no call may be under way already.
    await until('a moment without a call', () => {
      hangs = hanging.open() === 1;
      if (hangs) hanging.hold();
      return hangs;
    });
    // Each interval has its points, whether the node has answered since the one before or not.
    await until('the state', () => lastOf(interval(), 'node_status')?.['is_up'] === false);
    hangs = false;
    hanging.release();
    await until('the node', () => lastOf(interval(), 'node_status')?.['is_up'] === true);
    const gaps = of('watch_gaps').filter(({ tags }) => tags['source'] === 'rpc');
    expect(gaps.map(({ fields }) => fields['reason'])).toEqual([
      expect.stringMatching(/no whole answer within (30|120) s/) as string,
    ]);
    expect(fieldsOf('node_status').some(({ rpc_failed }) => rpc_failed === 1)).toBe(true);
  });

  it('counts what it asks', async () => {
    watched.interval();
    const status = await untilInterval('calls', (written) => {
      const fields = lastOf(written, 'node_status');
      return fields?.['rpc_calls'] !== 0 && fields?.['warnings'] !== undefined && fields;
    });
    expect(status).toMatchObject({ is_up: true, rpc_failed: 0, version: 260_000, warnings: 0 });
    expect(status['rpc_time']).toBeGreaterThanOrEqual(Number(status['rpc_longest']));
    expect(status['rpc_longest']).toBeGreaterThanOrEqual(Number(status['rpc_latency']));
  });

  it('tells its limited user less', async () => {
    const place = placeOf(node, { login: fixedLogin(LIMITED, 'the test') });
    const { monitor, interval, fieldsOf, of, lines } = monitored(place, { network: 'simnet' });
    cleanup.add(monitor, (it) => it.stop());
    await monitor.start();
    const best = await node.rpc<number>('getblockcount');
    const raw = await node.rpc<string[]>('getrawmempool');
    await until('the answers', () => {
      const written = interval();
      return (
        lastOf(written, 'peers')?.['total_connected'] === 0 &&
        lastOf(written, 'mempool')?.['num_tx'] === raw.length &&
        lastOf(written, 'bandwidth') !== undefined &&
        lastOf(written, 'node_status')?.['height'] === best
      );
    });
    await node.rpc('generate', 1);
    await until('the block', () => of('blocks').length === 1);
    expect(fieldsOf('blocks')[0]?.['best_height']).toBe(best + 1);
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });

  it('refuses at the start a node of another network', async () => {
    const { monitor } = monitored(placeOf(node), { network: 'mainnet' });
    await expect(monitor.start()).rejects.toMatchObject({
      kind: 'other-network',
      message: expect.stringContaining('is on simnet, and the listener on mainnet') as string,
    });
  });

  it('waits for a node that is away at the start', async () => {
    await node.halt();
    const { monitor, interval } = monitored(placeOf(node), { network: 'simnet' });
    cleanup.add(monitor, (it) => it.stop());
    await monitor.start();
    expect(lastOf(interval(), 'node_status')).toMatchObject({ is_up: false });
    await node.run();
    await until('the node', () => lastOf(interval(), 'node_status')?.['is_up'] === true);
  });
});
