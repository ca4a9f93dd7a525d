import { FrameReader } from '../../../src/wire/framing';
import { NETWORKS } from '../../../src/wire/networks';
import { startListener } from '../../support/compact-listener';
import { readSession, sharedSession } from '../../support/data';
import { FakePeer, type ReceivedMessage, versionPayload } from '../../support/fake-peer';
import { until } from '../../support/until';

sharedSession.describe('compact blocks of Bitcoin Core 31', (session) => {
  it('are rebuilt from the transactions that it relayed before, without a request', async () => {
    const messages: ReceivedMessage[] = [];
    new FrameReader(NETWORKS.regtest.magic, {
      arrived: () => undefined,
      message: (command, payload) => messages.push({ command, payload }),
      violation: (reason) => {
        throw new Error(reason);
      },
    }).push(readSession(session).recv);
    const headers = messages.find(({ command }) => command === 'headers')?.payload;
    const feeFilter = messages.find(({ command }) => command === 'feefilter')?.payload;
    const told = messages.filter(({ command }) => ['sendcmpct', 'tx', 'cmpctblock'].includes(command));
    // The first transaction is a coinbase, which came in answer to a request with a filter.
    const rest = told.slice(told.findIndex(({ command }) => command === 'tx') + 1);

    const peer = await FakePeer.start({
      onMessage: (other, { command }) => {
        if (command === 'version') other.send('version', versionPayload());
        if (command === 'verack') {
          other.send('verack');
          other.send('sendcmpct', told[0]?.payload);
        }
        if (command !== 'getheaders') return;
        other.send('headers', headers);
        other.send('feefilter', feeFilter);
        for (const message of rest) other.send(message.command, message.payload);
      },
    });
    const listener = startListener([peer.port]);
    try {
      await until('all blocks', () => listener.processed.length >= 5);
      expect(listener.points('compact_blocks')).toMatchObject(
        [12, 6, 0, 0, 0].map((ids) => ({
          prefilled: 1,
          short_ids: ids,
          missing: 0,
          blocktxn_bytes: 0,
          rebuilt: true,
        })),
      );
      const blocks = listener.blocks.map(({ block }) => block);
      expect(
        listener.points('compact_blocks').map((fields) => [fields['sha'], fields['full_bytes']]),
      ).toEqual(blocks.map(({ hash, size }) => [hash, size]));
      expect(blocks.map(({ transactions }) => transactions.length)).toEqual([13, 7, 1, 1, 1]);
      // The recording ends with a reorganisation of one block.
      expect(listener.processed.map(({ status }) => status)).toEqual([
        'accepted',
        'accepted',
        'accepted',
        'side_chain',
        'accepted',
      ]);
      listener.interval();
      // Core 31 relays from 100 sat/kvB on.
      expect(feeFilter?.readBigInt64LE()).toBe(100n);
      expect(listener.points('peers').at(-1)).toMatchObject({
        ...{ fee_filter_min: 0.1, fee_filter_p50: 0.1, fee_filter_p90: 0.1, fee_filter_low: 1 },
      });
      const [active, stale, ...others] = listener.points('chain_tips');
      expect(active).toMatchObject({ branch_length: 0, sha: blocks[4]?.hash });
      expect(stale).toMatchObject({ branch_length: 1 });
      expect(others).toEqual([]);
      expect(listener.violations).toEqual([]);
      expect(listener.faults).toEqual([]);
      expect(peer.connections[0]?.commands()).not.toContain('getblocktxn');
    } finally {
      await listener.stop();
      await peer.stop();
    }
  });
});
