import { checkSanity } from '../policy/sanity';
import type { EventBus } from '../lib/event-bus';
import { packets } from '../bcoin/bcoin';
import type { BlockRequests } from './block-requests';
import { pointsOf } from './budget/points-of';
import type { BlockChecks } from './compact/block-checks';
import type { CompactBlocks, RebuiltBlock } from './compact/compact-blocks';
import type { HighBandwidth } from './compact/high-bandwidth';
import type { Connection } from './connection';
import type { MessageHandlers } from './message-dispatcher';
import type { P2PEvents } from './p2p-events';
import { INV_BLOCK, INV_TX, INV_WTX } from '../wire/messages/inventory';
import type { TransactionRequests } from './transaction-requests';

export interface HandlerModules {
  readonly bus: EventBus<P2PEvents>;
  readonly transactions: TransactionRequests;
  readonly blocks: BlockRequests;
  /** Answers a peer that asks for addresses. */
  readonly answerGetAddr: (connection: Connection) => void;
  readonly compactBlocks: CompactBlocks;
  readonly highBandwidth: HighBandwidth;
  readonly checks: BlockChecks;
}

const NONCE_BYTES = 8;

/** Some nodes answer every ping with this nonce; bcoin's session accepts it. */
const NO_NONCE = 0n;

/** The payload of a `headers` message without headers. */
const NO_HEADERS = Buffer.of(0);

/**
 * The most headers with which a peer announces blocks (Core 31 `src/net_processing.cpp`
 * MAX_BLOCKS_TO_ANNOUNCE).
 */
const MAX_ANNOUNCED = 8;

/** The handlers of all messages. */
export function messageHandlers({
  bus,
  transactions,
  blocks,
  answerGetAddr,
  compactBlocks: compact,
  highBandwidth,
  checks,
}: HandlerModules): MessageHandlers {
  const deliver = (connection: Connection, { block, receivedMs }: RebuiltBlock): void => {
    const answer = blocks.received(block.wireHash, connection);
    if (answer.requested) connection.solicited();
    if (answer.first && answer.requested && !answer.fetched) highBandwidth.wasFirst(connection);
    bus.emit('block', { peer: connection, block, receivedMs, ...answer });
  };
  return {
    version: (connection, claims) => connection.versionReceived(claims),
    verack: (connection) => connection.verackReceived(),
    // Answered here and not by bcoin, because strangers send them by the million. A ping without a nonce
    // wants no answer (BIP31).
    ping: (connection, nonce, { payload }) => {
      if (nonce !== null) connection.send('pong', payload.subarray(0, NONCE_BYTES));
    },
    pong: (connection, nonce, { payload }) => {
      if (connection.pongReceived(nonce) || nonce === NO_NONCE)
        connection.delegate(new packets.PongPacket(payload.subarray(0, NONCE_BYTES)));
    },
    wtxidrelay: (connection) => {
      // BIP339: only between version and verack.
      if (!connection.established) connection.wtxidRelay = true;
    },

    sendaddrv2: (connection) => {
      // BIP155: only before verack.
      if (!connection.established) connection.addrV2 = true;
    },
    getaddr: (connection) => answerGetAddr(connection),

    // We serve nothing. An immediate answer keeps btcd and Core from waiting.
    getheaders: (connection) => connection.send('headers', NO_HEADERS),
    getdata: (connection, _, { payload }) => connection.send('notfound', payload),

    addr: (connection, addresses) => bus.emit('addresses', { peer: connection, addresses }),
    addrv2: (connection, addresses) => bus.emit('addresses', { peer: connection, addresses }),

    feefilter: (connection, perKvb) => bus.emit('feeFilter', { peer: connection, perKvb: Number(perKvb) }),

    inv: (connection, items) => {
      const known = transactions.announced(connection, items) + blocks.announced(connection, items);
      bus.emit('announced', { peer: connection, items, known });
      for (const { type, hash } of items)
        if (type === INV_BLOCK) bus.emit('blockAnnounced', { peer: connection, hash });
    },
    notfound: (connection, items) => {
      bus.emit('notFound', { peer: connection, count: items.length, items });
      transactions.notFound(connection, items);
      blocks.notFound(connection, items);
    },
    tx: (connection, transaction, { receivedMs }) => {
      if (transaction.isCoinbase || checkSanity(transaction) !== undefined) {
        connection.report('invalid-tx');
        return;
      }
      const { wireTxid: txid, wireWtxid: wtxid } = transaction;
      if (!transactions.hasArrived(wtxid) && !connection.affords(pointsOf(transaction))) {
        bus.emit('transactionShed', { peer: connection, transaction });
        // Another peer may have announced it as well.
        transactions.notFound(connection, [
          { type: INV_TX, hash: txid },
          { type: INV_WTX, hash: wtxid },
        ]);
        return;
      }
      const first = transactions.received(txid, wtxid, connection);
      bus.emit('transaction', { peer: connection, transaction, first, receivedMs });
    },
    headers: (connection, headers) => {
      const isAnswer = connection.awaitedHeaders > 0;
      if (isAnswer) {
        connection.awaitedHeaders -= 1;
        connection.headersSolicited();
      }
      bus.emit('headers', { peer: connection, headers });
      if (isAnswer || headers.length > MAX_ANNOUNCED) return;
      const items = headers
        .filter((header) => ['recent', 'orphan'].includes(checks.judgeHeader(header)))
        .map((header) => ({ type: INV_BLOCK, hash: header.wireHash }));
      for (const { hash } of items) bus.emit('blockAnnounced', { peer: connection, hash });
      blocks.announced(connection, items);
    },

    block: (connection, block, { receivedMs }) => {
      compact.arrivedWhole(block);
      deliver(connection, { block, receivedMs });
    },
    sendcmpct: (connection, message) => highBandwidth.offered(connection, message),
    cmpctblock: (connection, message, arrival) => {
      const rebuilt = compact.received(connection, message, arrival);
      if (rebuilt !== null) deliver(connection, rebuilt);
    },
    blocktxn: (connection, message, { payload }) => {
      const rebuilt = compact.completed(connection, message, payload);
      if (rebuilt !== null) deliver(connection, rebuilt);
    },
  };
}
