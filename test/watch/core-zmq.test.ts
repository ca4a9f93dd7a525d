import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { INV_TX } from '../../src/wire/messages/inventory';
import { displayOf, hash256, wireHash } from '../../src/wire/hash';
import { Cleanup } from '../support/cleanup';
import { sharedCoreAnswers } from '../support/data';
import { freePort } from '../support/free-port';
import { startHttpServer } from '../support/http-server';
import { somePeer } from '../support/points';
import { until } from '../support/until';
import { type ZmqPublisher, type Topic, sequenceBody, startZmqPublisher } from '../support/zmq-publisher';
import { monitored } from './monitored';
import { placeAt } from './place-at';
import { blockReply, recordedBlock } from './recorded-block';
import { callIn, coreReply, recordedAnswer } from './recorded-core';

/** A transaction that nobody checks: one input, one output. */
interface Made {
  readonly txid: string;
  readonly hex: string;
  readonly bytes: Buffer;
}

function makeTransaction(n: number): Made {
  const input = `01${Buffer.alloc(32, n).toString('hex')}0000000000ffffffff`;
  const output = `01e803000000000000160014${Buffer.alloc(20, n).toString('hex')}`;
  const hex = `02000000${input}${output}00000000`;
  const bytes = Buffer.from(hex, 'hex');
  return { txid: displayOf(hash256(bytes)), hex, bytes };
}

/*
 * The answers are those of a recorded Bitcoin Core 31, and what changes is put together from them. No Core is
 * run: what is published is ours, by libzmq as Core's is, in the form that its `doc/zmq.md` documents.
 */
sharedCoreAnswers.describe('a Core that publishes by ZMQ', (folder) => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());
  const block = recordedBlock(folder);
  const system = new SystemClock();

  /** A Core, its publisher, and a monitor that watches it. */
  async function watch(topics: readonly Topic[]) {
    const mempool = new Map<string, Made>();
    const calls: { readonly method: string; readonly params: readonly unknown[] }[] = [];
    const state = { hasBlock: false, isAway: false, publishers: [] as { type: string; address: string }[] };
    const port = await freePort();
    const start = async (): Promise<ZmqPublisher> =>
      cleanup.add(await startZmqPublisher(port), (it) => it.stop());
    const publisher = await start();
    state.publishers = topics.map((topic) => ({
      type: `pub${topic}`,
      address: publisher.address,
      hwm: 1_000,
    }));
    const entries = (): [string, unknown][] =>
      [...mempool.keys()].map((txid) => [
        txid,
        { vsize: 82, weight: 328, time: 1, height: 120, fees: { base: 0.00001 } },
      ]);
    const server = cleanup.add(
      await startHttpServer(({ body }) => {
        const call = callIn(body);
        calls.push(call);
        if (state.isAway) return { status: 503 };
        const [first] = call.params;
        switch (call.method) {
          case 'getzmqnotifications':
            return coreReply(JSON.stringify(state.publishers));
          case 'getrawmempool':
            return coreReply(
              JSON.stringify(first === true ? Object.fromEntries(entries()) : [...mempool.keys()]),
            );
          case 'getrawtransaction':
            return coreReply(JSON.stringify(mempool.get(String(first))?.hex ?? ''));
          default:
            return blockReply(call, block, state.hasBlock) ?? coreReply(recordedAnswer(folder, call));
        }
      }),
      (it) => it.stop(),
    );
    // Minutes pass with each interval: a late answer has the next question wait for long.
    let passedMs = 0;
    const clock = { uniqueNs: () => system.uniqueNs(), monotonicMs: () => system.monotonicMs() + passedMs };
    const watched = monitored(placeAt({ name: 'core', port: server.port }), { policy: 'core', clock });
    cleanup.add(watched.monitor, (it) => it.stop());
    const untilInterval = <T>(what: string, probe: () => T | undefined | false): Promise<T> =>
      until(what, () => {
        passedMs += 1_000;
        watched.interval();
        return probe();
      });
    const count = (method: string, first?: unknown): number =>
      calls.filter((call) => call.method === method && (first === undefined || call.params[0] === first))
        .length;
    await watched.monitor.start();
    if (topics.length > 0) {
      // What was subscribed to before is asked for a second after the connection.
      await untilInterval('the subscription', () => watched.of('btcd_lag').length > 0);
      await untilInterval('the list', () => count('getrawmempool', false) > 0);
    }
    const txids = (): unknown[] => watched.fieldsOf('tx').map(({ sha }) => sha);
    return { ...watched, calls, count, mempool, publisher, start, state, txids, untilInterval };
  }

  /** Publishes an accepted transaction as Core does: its bytes, then that the mempool has it. */
  async function accept(publisher: ZmqPublisher, { txid, bytes }: Made): Promise<void> {
    await publisher.send('rawtx', bytes);
    await publisher.send('sequence', sequenceBody('A', txid));
  }

  it('has what it accepts told as it happens, and asks for none of it', async () => {
    const { publisher, txids, count, untilInterval, fieldsOf, listenerBus, lines, mempool, of } = await watch(
      ['rawtx', 'sequence', 'hashtx'],
    );
    const [first, second, mined, last] = [1, 2, 3, 4].map(makeTransaction) as [Made, Made, Made, Made];
    const items = [{ type: INV_TX, hash: wireHash(first.txid) }];
    listenerBus.emit('announced', { peer: somePeer, items, known: 0 });
    const listsBefore = count('getrawmempool', false);
    await accept(publisher, first);
    // Its bytes may come later, and those of a block are published as well.
    await publisher.send('sequence', sequenceBody('A', second.txid));
    await publisher.send('rawtx', second.bytes);
    await publisher.send('rawtx', mined.bytes);
    await publisher.send('rawtx', first.bytes);
    await publisher.send('sequence', sequenceBody('R', second.txid));
    mempool.set(first.txid, first);
    mempool.set(last.txid, last);
    await accept(publisher, last);
    await until('the transactions', () => txids().length === 3);
    // The second came and left: no list ever showed it.
    expect(txids()).toEqual([first.txid, second.txid, last.txid]);
    await untilInterval('the fees', () => of('tx_fees').length === 2);
    const matched = fieldsOf('btcd_lag').filter((fields) => fields['matched'] === 1);
    expect(matched).toEqual([expect.objectContaining({ ahead: 0, p50: expect.any(Number) as number })]);
    expect([count('getrawtransaction'), count('getrawmempool', false) - listsBefore]).toEqual([0, 0]);
    expect(txids()).toHaveLength(3);
    expect(of('watch_gaps')).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(/^info core at \S+ \(Bitcoin Core\) answers$/)]);
    const missed = fieldsOf('node_status').reduce((sum, fields) => sum + Number(fields['missed_tx']), 0);
    expect(missed).toBe(0);
  });

  it('is asked for the bytes where it does not publish them', async () => {
    const { publisher, txids, count, untilInterval, mempool } = await watch(['sequence']);
    const made = makeTransaction(5);
    mempool.set(made.txid, made);
    await publisher.send('sequence', sequenceBody('A', made.txid));
    await untilInterval('the transaction', () => txids().length === 1);
    expect([txids(), count('getrawtransaction')]).toEqual([[made.txid], 1]);
  });

  it.each(['sequence', 'hashblock', 'rawblock'] as const)(
    'has a block told by %s, with its time',
    async (topic) => {
      const { publisher, state, fieldsOf, of, listenerBus, count, untilInterval } = await watch([topic]);
      listenerBus.emit('blockAnnounced', { peer: somePeer, hash: wireHash(block.hash) });
      state.hasBlock = true;
      const askedBefore = count('getbestblockhash');
      const body = {
        sequence: sequenceBody('C', block.hash),
        hashblock: Buffer.from(block.hash, 'hex'),
        rawblock: Buffer.from(blockBytes(), 'hex'),
      }[topic];
      await publisher.send(topic, body);
      // No interval has ended since.
      await until('the block', () => of('blocks').length === 1);
      expect(fieldsOf('blocks')).toMatchObject([{ sha: block.hash, best_height: block.height }]);
      expect(count('getbestblockhash')).toBeGreaterThan(askedBefore);
      const lag = await untilInterval('its time', () =>
        of('btcd_lag').find(({ tags }) => tags['kind'] === 'block'),
      );
      expect(lag.fields).toMatchObject({ sha: block.hash, lag: expect.any(Number) as number });
      expect(of('watch_gaps')).toEqual([]);
    },
  );

  it('whose messages are lost has a gap with their number, and what they told is asked for', async () => {
    const { publisher, txids, untilInterval, mempool, fieldsOf, of } = await watch(['rawtx', 'sequence']);
    const [before, lost, after] = [11, 12, 13].map(makeTransaction) as [Made, Made, Made];
    for (const made of [before, lost, after]) mempool.set(made.txid, made);
    await accept(publisher, before);
    publisher.skip('rawtx');
    for (let i = 0; i < 3; i++) publisher.skip('sequence');
    await accept(publisher, after);
    await until('the last transaction', () => txids().includes(after.txid));
    await untilInterval('all transactions', () => txids().length === 3);
    expect(new Set(txids())).toEqual(new Set([before.txid, lost.txid, after.txid]));
    const [gap, ...more] = fieldsOf('watch_gaps');
    expect(gap?.['reason']).toBe('messages are missing: 1 of rawtx, 3 of sequence');
    expect(of('watch_gaps')[0]?.tags['source']).toBe('notifications');
    expect(gap?.['duration']).toBeGreaterThan(0);
    expect(more).toEqual([]);
  });

  it('that sends what it should not has a gap, and nothing else happens', async () => {
    const { publisher, txids, untilInterval, fieldsOf } = await watch(['rawtx', 'sequence']);
    const made = makeTransaction(14);
    await publisher.sendParts([Buffer.from('rawtx')]);
    await publisher.send('rawtx', Buffer.from('nonsense'));
    await publisher.send('sequence', Buffer.alloc(500));
    await publisher.sendParts([Buffer.from('rawtx-of-another-version'), Buffer.alloc(0)]);
    await accept(publisher, made);
    await until('the transaction', () => txids().length === 1);
    const reason = 'messages are missing: 2 of rawtx, 1 of sequence';
    await untilInterval('the gap', () => fieldsOf('watch_gaps').some((gap) => gap['reason'] === reason));
  });

  it('whose publisher goes away is polled, and has a gap when it is back', async () => {
    const { publisher, start, txids, untilInterval, mempool, fieldsOf, count, lines } = await watch([
      'rawtx',
      'sequence',
    ]);
    const [meanwhile, after] = [21, 22].map(makeTransaction) as [Made, Made];
    publisher.stop();
    mempool.set(meanwhile.txid, meanwhile);
    await untilInterval('the transaction', () => txids().includes(meanwhile.txid));
    expect(count('getrawtransaction')).toBe(1);
    await untilInterval('the line', () => lines.some((line) => line.includes('no notifications')));
    expect(lines.at(-1)).toContain(
      `nobody answers at ${publisher.address}, where it publishes sequence, rawtx`,
    );
    const again = await start();
    await untilInterval('the gap', () => fieldsOf('watch_gaps').length === 1);
    expect(fieldsOf('watch_gaps')[0]?.['reason']).toBe(`the connection to ${publisher.address} ended`);
    // A publisher drops what comes before it has heard of the subscription.
    await until('the transaction', async () => {
      await accept(again, after);
      return txids().includes(after.txid);
    });
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });

  it('that publishes bytes alone is asked for its mempool, and for no transaction', async () => {
    const { publisher, txids, untilInterval, mempool, count, fieldsOf } = await watch(['rawtx', 'rawblock']);
    const [relayed, mined, last] = [31, 32, 33].map(makeTransaction) as [Made, Made, Made];
    await publisher.send('rawtx', relayed.bytes);
    await publisher.send('rawtx', mined.bytes);
    // They have come when the number of a later one is missed.
    publisher.skip('rawtx');
    await publisher.send('rawtx', last.bytes);
    await untilInterval('the gap', () => fieldsOf('watch_gaps').length === 1);
    mempool.set(relayed.txid, relayed);
    await untilInterval('the transaction', () => txids().length === 1);
    const lists = count('getrawmempool', false);
    await untilInterval('another list', () => count('getrawmempool', false) > lists);
    expect([txids(), count('getrawtransaction')]).toEqual([[relayed.txid], 0]);
    expect(fieldsOf('watch_gaps')).toHaveLength(1);
  });

  it('that publishes elsewhere after a restart is subscribed to there', async () => {
    const { state, txids, untilInterval, of } = await watch(['rawtx', 'sequence']);
    const elsewhere = cleanup.add(await startZmqPublisher(await freePort()), (it) => it.stop());
    state.isAway = true;
    await untilInterval('its absence', () => of('node_status').at(-1)?.fields['is_up'] === false);
    state.publishers = state.publishers.map(({ type }) => ({ type, address: elsewhere.address }));
    state.isAway = false;
    await untilInterval('its return', () => of('node_status').at(-1)?.fields['is_up'] === true);
    const made = makeTransaction(41);
    await until('the transaction', async () => {
      await accept(elsewhere, made);
      return txids().length === 1;
    });
    expect(of('watch_gaps').map(({ tags }) => tags['source'])).toEqual(['rpc']);
  });

  it('is polled where it publishes nothing, and nothing is said', async () => {
    const { txids, untilInterval, mempool, lines, of, count } = await watch([]);
    const made = makeTransaction(51);
    await untilInterval('the first list', () => count('getrawmempool', false) > 0);
    mempool.set(made.txid, made);
    await untilInterval('the transaction', () => txids().length === 1);
    expect(lines).toHaveLength(1);
    expect(of('btcd_lag')).toEqual([]);
  });

  /** The recorded block as Core publishes it. */
  function blockBytes(): string {
    const reply = blockReply({ method: 'getblock', params: [block.hash, 0] }, block, true);
    return (JSON.parse(reply?.text ?? '') as { result: string }).result;
  }

  it('is the Core that was recorded', () => {
    const version = JSON.parse(readFileSync(path.join(folder, 'getnetworkinfo.json'), 'utf8')) as object;
    expect(version).toMatchObject({ version: 319_900 });
  });
});
