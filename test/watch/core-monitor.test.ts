import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { sharedCoreAnswers } from '../support/data';
import { type HttpServer, startHttpServer } from '../support/http-server';
import { until } from '../support/until';
import { type Monitored, monitored } from './monitored';
import { placeAt } from './place-at';
import { type RecordedBlock, blockReply, recordedBlock } from './recorded-block';
import { callIn, coreReply, recordedAnswer } from './recorded-core';

/** Nothing is asked any more where the last question came that long ago. */
const QUIET_MS = 100;

/*
 * A Bitcoin Core 31 was recorded, not started: its answers are those of one moment. The moment before it, at
 * which the recorded block was not yet there and one of its transactions neither, is put together from them.
 */
sharedCoreAnswers.describe('the monitor of a recorded Bitcoin Core 31', (folder) => {
  let server: HttpServer;
  let watched: Monitored;
  let block: RecordedBlock;
  /** Whether the recorded block is there, and the transaction of it in the mempool. */
  let hasBlock = false;
  let hasTransaction = false;

  // A busy machine answers late, and a late answer has the next question wait for minutes. They pass here,
  // but not during a question: it would seem to take minutes itself.
  const system = new SystemClock();
  let passedMs = 0;
  const clock = { uniqueNs: () => system.uniqueNs(), monotonicMs: () => system.monotonicMs() + passedMs };
  /** When the last question came, in real time. */
  let askedMs = 0;
  /** Ends intervals, whenever nothing is asked any more, until a probe finds what it wants. */
  const untilInterval = <T>(what: string, probe: () => T | undefined | false): Promise<T> =>
    until(what, () => {
      if (performance.now() - askedMs > QUIET_MS) {
        askedMs = performance.now();
        passedMs += 5_000;
        watched.interval();
      }
      return probe();
    });
  const read = (name: string): string => readFileSync(path.join(folder, `${name}.json`), 'utf8');

  beforeAll(async () => {
    block = recordedBlock(folder);
    const [, spending] = block.tx;
    const mempool = (): Record<string, unknown> => ({
      ...(JSON.parse(read('getrawmempool-verbose')) as Record<string, unknown>),
      ...(hasTransaction && spending !== undefined
        ? { [spending.txid]: { vsize: 1, weight: 4, time: 1, height: 120, fees: { base: spending.fee } } }
        : {}),
    });
    server = await startHttpServer(({ body }) => {
      askedMs = performance.now();
      const call = callIn(body);
      const [first] = call.params;
      const ofBlock = blockReply(call, block, hasBlock);
      if (ofBlock !== undefined) return ofBlock;
      switch (call.method) {
        case 'getrawtransaction':
          return coreReply(JSON.stringify(block.tx.find(({ txid }) => txid === first)?.hex));
        case 'getrawmempool':
          return coreReply(JSON.stringify(first === true ? mempool() : Object.keys(mempool())));
        default:
          return coreReply(recordedAnswer(folder, call));
      }
    });
    watched = monitored(placeAt({ name: 'core', port: server.port }), { policy: 'core', clock });
    await watched.monitor.start();
  });
  afterAll(async () => {
    watched.monitor.stop();
    await server.stop();
  });

  it('writes the gauges of its answers', async () => {
    const wanted = ['bandwidth', 'mempool', 'peers', 'chain_tips'] as const;
    await untilInterval('the answers', () => wanted.every((series) => watched.of(series).length > 0));
    expect(watched.monitor.kind).toBe('core');
    expect(watched.fieldsOf('bandwidth')[0]).toEqual({ bytes_recv: 4_473, bytes_sent: 52_986 });
    const mempool = await untilInterval('the orphans', () => {
      const fields = watched.fieldsOf('mempool').at(-1);
      return fields?.['num_orphans'] !== undefined && fields;
    });
    expect(mempool).toEqual({
      ...{ num_tx: 1, size: 130, usage: 1_128, min_fee: 0.1 },
      ...{ num_orphans: 0, orphan_size: 0 },
    });
    await untilInterval('the bans', () => gaugesOf(watched)?.['num_banned'] === 0);
    expect(gaugesOf(watched)).toMatchObject({
      ...{ num_addrs: 2, addrs_tried: 1, addrs_ipv4: 1, addrs_ipv6: 0 },
      ...{ addrs_onion: 1, addrs_i2p: 0, addrs_cjdns: 0 },
      ...{ total_connected: 2, inbound: 2, outbound: 0, fullnode: 1, spv: 1, encrypted: 1 },
      ...{ ipv4: 0, ipv6: 0, onion: 0, i2p: 0, cjdns: 0, time_offset_p50: 0, fee_filter_p50: 0 },
    });
    expect(gaugesOf(watched)?.['ping_p50']).toBeCloseTo(0.073_469);
    const handshakes = watched.of('peers').filter(({ fields }) => fields['version'] !== undefined);
    expect(handshakes.map(({ tags }) => tags['user_agent'])).toEqual([
      '/Satoshi:31.99.0/',
      '/btcdmon-node:0.1.0/',
    ]);
    expect(watched.fieldsOf('node_peers')).toMatchObject([
      {
        ...{ address: '127.0.0.1:57096', address_network: 'not_publicly_routable', is_inbound: true },
        ...{ services: '0000000000000c09', transport: 'v2', connection_type: 'inbound', fee_filter: 0.1 },
        ...{ bytes_recv: 1_683, bytes_sent: 38_740 },
      },
      { address: '127.0.0.1:46842', transport: 'v1', fee_filter: 0 },
    ]);
    expect(watched.of('chain_tips')[0]).toMatchObject({
      tags: { status: 'active' },
      fields: { height: 121, branch_length: 0, sha: block.hash },
    });
    const status = await untilInterval('the status', () => {
      const fields = watched.fieldsOf('node_status').at(-1);
      return fields?.['uptime'] !== undefined && fields;
    });
    expect(status).toMatchObject({
      ...{ is_up: true, version: 319_900, height: 121, headers: 121, progress: 1 },
      ...{ is_initial_download: false, warnings: 1 },
      warning: expect.stringContaining('pre-release test build') as string,
    });
  });

  it('tells a transaction that is new in its mempool, and its fee, once', async () => {
    expect(watched.of('tx')).toEqual([]);
    hasTransaction = true;
    await untilInterval('the fee', () => watched.of('tx_fees').length > 0);
    for (let i = 0; i < 5; i++) watched.interval();
    const [, spending] = block.tx;
    expect(watched.fieldsOf('tx')).toMatchObject([
      { sha: spending?.txid, tx_size: (spending?.hex.length ?? 0) / 2 },
    ]);
    expect(watched.fieldsOf('tx_fees')).toMatchObject([{ tx_fee: 2_820 }]);
  });

  it('tells a block that has become its best', async () => {
    hasBlock = true;
    await untilInterval('the block', () => watched.of('blocks').length > 0);
    const { hash, height, size, weight, tx } = block;
    expect(watched.fieldsOf('blocks')).toMatchObject([
      { sha: hash, best_height: height, size, num_tx: tx.length },
    ]);
    expect(watched.fieldsOf('processed_blocks')).toMatchObject([
      // Of its four transactions the node had one in its mempool before.
      { sha: hash, height, weight, status: 'accepted', num_unseen_tx: 3, total_tx_fees: 11_920 },
    ]);
    expect(watched.of('btcd_lag')).toEqual([]);
  });
});

/** The newest gauges of the peers. */
function gaugesOf({ of }: Monitored) {
  return of('peers').findLast(({ fields }) => fields['total_connected'] !== undefined)?.fields;
}
