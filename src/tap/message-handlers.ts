import type { EventBus } from '../lib/event-bus';
import type { Judge } from '../mempool/judge';
import type { MonitorEvents } from '../metrics/collector';
import { checkSanity } from '../policy/sanity';
import { type Hash, hash256 } from '../wire/hash';
import { HEADER_BYTES } from '../wire/header';
import { INV_BLOCK, type InventoryItem } from '../wire/messages/inventory';
import { type DecodedCommand, DECODERS } from '../wire/messages/table';
import type { Direction } from './copy-format';
import type { PeerState } from './peer-state';
import type { SeenInventory } from './seen-inventory';
import type { TapConnection } from './tap-connection';

/** A message that passed. */
export interface TappedMessage {
  readonly peer: TapConnection;
  readonly state: PeerState;
  readonly payload: Buffer;
  /** When the tap read its last byte, on the monotonic clock. */
  readonly receivedMs: number;
}

/** Handles a message. @throws DecodeError where its payload is malformed */
type MessageHandler = (message: TappedMessage) => void;

/** The handlers of one direction. A message without one is counted and not decoded. */
export type MessageHandlers = Readonly<Partial<Record<DecodedCommand, MessageHandler>>>;

export interface HandlerModules {
  readonly bus: EventBus<MonitorEvents>;
  readonly seen: SeenInventory;
  /** Judges transactions that come to the node; null if the RPC gives them. */
  readonly judge: Judge | null;
}

/**
 * The handlers of both directions: `in` are messages from a peer to the watched node, `out` those of the
 * node. They emit what the node itself would.
 */
export function messageHandlers({
  bus,
  seen,
  judge,
}: HandlerModules): Readonly<Record<Direction, MessageHandlers>> {
  const announceBlock = (peer: TapConnection, hash: Hash): void => {
    seen.blockAnnounced(hash);
    bus.emit('blockAnnounced', { peer, hash });
  };
  const addresses =
    (command: 'addr' | 'addrv2'): MessageHandler =>
    ({ peer, payload }) =>
      bus.emit('addresses', { peer, addresses: DECODERS[command](payload) });

  const toNode: MessageHandlers = {
    inv: ({ peer, payload }) => {
      const items = DECODERS.inv(payload);
      bus.emit('announced', { peer, items, known: seen.announced(items) });
      for (const { type, hash } of items) if (type === INV_BLOCK) announceBlock(peer, hash);
    },
    headers: ({ peer, state, payload, receivedMs }) => {
      const headers = DECODERS.headers(payload);
      if (!state.headers.in.isAnnouncement(headers.length, receivedMs)) return;
      for (const { wireHash } of headers) announceBlock(peer, wireHash);
    },
    cmpctblock: ({ peer, payload }) => announceBlock(peer, DECODERS.cmpctblock(payload).header.wireHash),
    block: ({ peer, payload, receivedMs }) => {
      // The blocks of an initial download are many and announced by nobody: they are not decoded.
      const hash = hash256(payload.subarray(0, HEADER_BYTES));
      const requested = seen.isBlockRequested(hash);
      if (requested && !seen.isBlockAnnounced(hash)) return;
      const block = DECODERS.block(payload);
      const first = seen.blockReceived(hash);
      bus.emit('block', { peer, block, first, requested, receivedMs });
    },
    tx: ({ peer, state, payload, receivedMs }) => {
      const transaction = DECODERS.tx(payload);
      if (transaction.isCoinbase || checkSanity(transaction) !== undefined) {
        bus.emit('violation', { peer, reason: 'invalid-tx' });
        return;
      }
      const first = seen.transactionReceived(transaction.wireTxid, transaction.wireWtxid);
      bus.emit('transaction', { peer, transaction, first, receivedMs });
      if (!first || judge === null) return;
      if (state.affords(transaction, payload.length, receivedMs))
        judge.judge(transaction, undefined, receivedMs);
      else bus.emit('transactionShed', { peer, transaction });
    },
    notfound: ({ peer, payload }) => bus.emit('notFound', { peer, count: DECODERS.notfound(payload).length }),
    addr: addresses('addr'),
    addrv2: addresses('addrv2'),
    pong: ({ peer, state, payload, receivedMs }) => {
      const rttMs = state.pings.answered(DECODERS.pong(payload), receivedMs);
      if (rttMs !== undefined) bus.emit('pong', { peer, rttMs });
    },
    getheaders: ({ state, receivedMs }) => state.headers.out.asked(receivedMs),
  };

  const relayed = (peer: TapConnection, items: readonly InventoryItem[]): void =>
    bus.emit('relayed', { peer, items });
  const fromNode: MessageHandlers = {
    inv: ({ peer, payload }) => relayed(peer, DECODERS.inv(payload)),
    headers: ({ peer, state, payload, receivedMs }) => {
      const headers = DECODERS.headers(payload);
      if (!state.headers.out.isAnnouncement(headers.length, receivedMs)) return;
      relayed(
        peer,
        headers.map(({ wireHash }) => ({ type: INV_BLOCK, hash: wireHash })),
      );
    },
    cmpctblock: ({ peer, payload }) =>
      relayed(peer, [{ type: INV_BLOCK, hash: DECODERS.cmpctblock(payload).header.wireHash }]),
    getdata: ({ peer, state, payload }) => {
      const items = DECODERS.getdata(payload);
      seen.requested(items);
      state.budget?.requested(items);
      bus.emit('requested', { peer, count: items.length, items });
    },
    getheaders: ({ state, receivedMs }) => state.headers.in.asked(receivedMs),
    ping: ({ state, payload, receivedMs }) => {
      const nonce = DECODERS.ping(payload);
      if (nonce !== null) state.pings.sent(nonce, receivedMs);
    },
  };
  return { in: toNode, out: fromNode };
}
