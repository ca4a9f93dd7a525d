import type { NetworkName } from '../../src/p2p/networks';
import { decodeInventory, encodeInventory, INV_BLOCK } from '../../src/p2p/messages/inventory';
import { hashOf } from '../chain/mine';
import { type FakeConnection, FakePeer, type Got, versionPayload } from './fake-peer';

/** The item of `inv` that announces a block. */
const announcement = (block: Buffer): { type: number; hash: string } => ({
  type: INV_BLOCK,
  hash: hashOf(block).toString('latin1'),
});

/**
 * Starts a peer that has blocks: it announces them once the handshake is complete, sends each that it is asked for, and
 * has no headers.
 */
export function startBlockPeer(network: NetworkName, blocks: readonly Buffer[]): Promise<FakePeer> {
  const byHash = new Map(blocks.map((block) => [hashOf(block).toString('latin1'), block]));
  const answers: Readonly<Record<string, (connection: FakeConnection, payload: Buffer) => void>> = {
    version: (connection) => connection.send('version', versionPayload()),
    verack: (connection) => {
      connection.send('verack');
      connection.send('inv', encodeInventory(blocks.map(announcement)));
    },
    getheaders: (connection) => connection.send('headers', Buffer.of(0)),
    getdata: (connection, payload) => {
      for (const { hash } of decodeInventory(payload)) {
        const block = byHash.get(hash);
        if (block !== undefined) connection.send('block', block);
      }
    },
  };
  const onMessage = (connection: FakeConnection, { command, payload }: Got): void =>
    answers[command]?.(connection, payload);
  return FakePeer.start({ network, onMessage });
}
