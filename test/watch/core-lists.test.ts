import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';
import { sharedCoreAnswers } from '../support/data';
import { startHttpServer } from '../support/http-server';
import { until } from '../support/until';
import { type Fields, type Monitored, monitored } from './monitored';
import { placeAt } from './place-at';
import { callIn, coreReply, recordedReply } from './recorded-core';

/** A peer as getpeerinfo was recorded, as far as it is changed here. */
interface RecordedPeer {
  readonly id: number;
  readonly bytesrecv_per_msg: Record<string, number>;
  readonly bytessent_per_msg: Record<string, number>;
}

/*
 * The answers of a Bitcoin Core 31 were recorded at one moment, and some of its lists were empty then. Here
 * its recorded answers are changed, and lists are filled with entries of the form that
 * `src/rpc/mempool.cpp` and `src/rpc/net.cpp` of Core 31 give them. No Core was started.
 */
sharedCoreAnswers.describe(
  'the monitor of a Bitcoin Core 31 whose recorded answers are changed',
  (folder) => {
    const cleanup = new Cleanup();
    afterEach(() => cleanup.run());

    /** Watches a recorded Core, but for the results that are given by their methods. */
    const watch = async (results: Record<string, unknown>, isTapped = false): Promise<Monitored> => {
      const server = cleanup.add(
        await startHttpServer(({ body }) => {
          const { method } = callIn(body);
          return method in results ? coreReply(JSON.stringify(results[method])) : recordedReply(folder, body);
        }),
        (it) => it.stop(),
      );
      const watched = monitored(placeAt({ name: 'core', port: server.port }), { policy: 'core', isTapped });
      cleanup.add(watched.monitor, (it) => it.stop());
      await watched.monitor.start();
      return watched;
    };
    const untilInterval = (watched: Monitored, what: string, probe: () => boolean): Promise<boolean> =>
      until(what, () => {
        watched.interval();
        return probe();
      });
    const peers = (): RecordedPeer[] =>
      JSON.parse(readFileSync(path.join(folder, 'getpeerinfo.json'), 'utf8')) as RecordedPeer[];
    /** What all points of a series have of each column, without those that add up to 0. */
    const sums = (points: readonly Fields[]): Record<string, number> => {
      const sum: Record<string, number> = {};
      for (const fields of points)
        for (const [column, value] of Object.entries(fields))
          sum[column] = (sum[column] ?? 0) + Number(value);
      return Object.fromEntries(Object.entries(sum).filter(([, value]) => value !== 0));
    };

    it('tells its orphans, and how many addresses it has banned', async () => {
      const orphan = (digit: string, bytes: number) => ({
        ...{ txid: digit.repeat(64), wtxid: digit.repeat(64), bytes, vsize: bytes, weight: 4 * bytes },
        from: [0, 1],
      });
      const ban = (address: string) => ({
        ...{ address, ban_created: 1_795_919_760, banned_until: 1_796_006_160 },
        ...{ ban_duration: 86_400, time_remaining: 86_377 },
      });
      const watched = await watch({
        getorphantxs: [orphan('a', 200), orphan('b', 31), orphan('c', 100_000)],
        listbanned: [ban('192.0.2.7/32'), ban('198.51.100.0/24')],
      });
      await untilInterval(watched, 'the orphans', () =>
        watched.fieldsOf('mempool').some((fields) => fields['num_orphans'] !== undefined),
      );
      // They are no part of the mempool.
      expect(watched.fieldsOf('mempool').at(-1)).toMatchObject({
        ...{ num_tx: 1, size: 130, num_orphans: 3, orphan_size: 100_231 },
      });
      await untilInterval(watched, 'the bans', () =>
        watched.fieldsOf('peers').some((fields) => fields['num_banned'] === 2),
      );
    });

    it('counts the bytes of its peers by command, from one list to the next', async () => {
      const results: Record<string, unknown> = {};
      const watched = await watch(results);
      await untilInterval(watched, 'the first list', () => watched.of('msg_recv_bytes').length > 1);
      // What passed before it belongs to no interval.
      expect(sums(watched.fieldsOf('msg_recv_bytes'))).toEqual({});
      expect(sums(watched.fieldsOf('msg_sent_bytes'))).toEqual({});
      const [first, second] = peers();
      if (first === undefined || second === undefined) throw new Error('two peers were recorded');
      const grown: RecordedPeer = {
        ...first,
        bytesrecv_per_msg: { ...first.bytesrecv_per_msg, inv: 58 + 61, '*other*': 40 },
        bytessent_per_msg: { ...first.bytessent_per_msg, block: 1_076 + 500_000 },
      };
      // The second has left, and another one has come.
      const newcomer: RecordedPeer = {
        ...{ ...second, id: 2 },
        bytesrecv_per_msg: { version: 136, verack: 24 },
        bytessent_per_msg: { version: 137, verack: 24 },
      };
      results['getpeerinfo'] = [grown, newcomer];
      await untilInterval(watched, 'the next list', () => watched.of('peer_sessions').length === 1);
      for (let i = 0; i < 3; i++) watched.interval();
      expect(sums(watched.fieldsOf('msg_recv_bytes'))).toEqual({
        inv: 61,
        other: 40,
        version: 136,
        verack: 24,
      });
      expect(sums(watched.fieldsOf('msg_sent_bytes'))).toEqual({ block: 500_000, version: 137, verack: 24 });
      // Their messages are known to a tap alone.
      expect(watched.of('msg_recv')).toEqual([]);
    });

    it('leaves the bytes by command to a tap where there is one', async () => {
      const watched = await watch({}, true);
      await untilInterval(watched, 'the peers', () => watched.of('node_peers').length > 0);
      watched.interval();
      expect([watched.of('msg_recv_bytes'), watched.of('msg_sent_bytes')]).toEqual([[], []]);
    });
  },
);
