import { parseBlockMessage } from '../wire/block';
import { checkSanity } from '../policy/sanity';
import { parseTransactionMessage, type Transaction } from '../wire/transaction';
import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import { packets } from '../bcoin/bcoin';
import type { BlockRequests } from './block-requests';
import type { Command } from '../wire/commands';
import type { BlockChecks } from './compact/block-checks';
import type { CompactBlocks, RebuiltBlock } from './compact/compact-blocks';
import type { HighBandwidth } from './compact/high-bandwidth';
import type { Connection, MessageHandler } from './connection';
import type { P2PEvents, Violation } from './events';
import { decodeAddr } from '../wire/messages/addr';
import { decodeAddrV2 } from '../wire/messages/addrv2';
import { decodeHeaders } from '../wire/messages/headers';
import { decodeInventory, INV_BLOCK, INV_TX, INV_WTX, wireHash } from '../wire/messages/inventory';
import { decodeLocator } from '../wire/messages/locator';
import { decodePing } from '../wire/messages/ping';
import { decodeSendCmpct } from '../wire/messages/sendcmpct';
import { decodeVersion } from '../wire/messages/version';
import { DecodeError } from '../wire/decode-error';
import type { TransactionRequests } from './transaction-requests';

/** What the handlers work with. */
export interface HandlerModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Clock;
  readonly transactions: TransactionRequests;
  readonly blocks: BlockRequests;
  /** Answers a peer that asks for addresses. */
  readonly answerGetAddr: (connection: Connection) => void;
  readonly compact: CompactBlocks;
  readonly highBandwidth: HighBandwidth;
  readonly checks: BlockChecks;
}

const NONCE_BYTES = 8;

/** Some nodes answer with it, whatever was asked: to bcoin's session that is an answer. */
const NO_NONCE = Buffer.alloc(NONCE_BYTES);

/** The payload of a `headers` message without headers. */
const NO_HEADERS = Buffer.of(0);

/** A `headers` message that announces blocks has no more (Core 31 `src/net_processing.cpp` MAX_BLOCKS_TO_ANNOUNCE). */
const MAX_ANNOUNCED = 8;

/** What is done with each message; one that is not listed is counted and otherwise ignored. */
export function messageHandlers({
  bus,
  clock,
  transactions,
  blocks,
  answerGetAddr,
  compact,
  highBandwidth,
  checks,
}: HandlerModules): Partial<Record<Command, MessageHandler>> {
  const deliver = (connection: Connection, { block, receivedMs }: RebuiltBlock): void => {
    const answer = blocks.received(wireHash(block.hash), connection);
    if (answer.first && answer.requested && !answer.fetched) highBandwidth.wasFirst(connection);
    bus.emit('block', { peer: connection, block, receivedMs, ...answer });
  };
  return {
    version: (connection, payload) => connection.introduced(decodeVersion(payload)),
    verack: (connection) => connection.acknowledged(),
    // Answered here, as strangers send them by the million; one without a nonce wants no answer (BIP31).
    ping: (connection, payload) => {
      if (decodePing(payload) !== null) connection.send('pong', payload.subarray(0, NONCE_BYTES));
    },
    pong: (connection, payload) => {
      if (payload.length < NONCE_BYTES) throw new DecodeError('truncated', 0);
      const nonce = payload.subarray(0, NONCE_BYTES);
      if (connection.answered(nonce) || nonce.equals(NO_NONCE))
        connection.delegate(packets.fromRaw('pong', payload));
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

    // Nothing is served: whoever asks is told so at once, which keeps btcd and Core from waiting.
    getheaders: (connection, payload) => {
      decodeLocator(payload);
      connection.send('headers', NO_HEADERS);
    },
    getdata: (connection, payload) => {
      decodeInventory(payload);
      connection.send('notfound', payload);
    },

    addr: (connection, payload) => {
      bus.emit('addresses', { peer: connection, addresses: decodeAddr(payload) });
    },
    addrv2: (connection, payload) => {
      bus.emit('addresses', { peer: connection, addresses: decodeAddrV2(payload) });
    },

    inv: (connection, payload) => {
      const items = decodeInventory(payload);
      const known = transactions.announced(connection, items) + blocks.announced(connection, items);
      bus.emit('announced', { peer: connection, items, known });
      for (const { type, hash } of items)
        if (type === INV_BLOCK) bus.emit('blockAnnounced', { peer: connection, hash });
    },
    notfound: (connection, payload) => {
      const items = decodeInventory(payload);
      bus.emit('notFound', { peer: connection, count: items.length });
      transactions.notFound(connection, items);
      blocks.notFound(connection, items);
    },
    tx: (connection, payload) => {
      const receivedMs = clock.monotonicMs();
      const transaction = parsed(connection, 'malformed-tx', () => parseTransactionMessage(payload));
      if (transaction === null) return;
      if (transaction.isCoinbase || checkSanity(transaction) !== undefined) {
        connection.report('invalid-tx');
        return;
      }
      const txid = wireHash(transaction.txid);
      const wtxid = wireHash(transaction.wtxid);
      if (!transactions.hasArrived(wtxid) && !connection.affords(pointsOf(transaction))) {
        bus.emit('transactionShed', { peer: connection, transaction });
        // Another peer may have announced it, too.
        transactions.notFound(connection, [
          { type: INV_TX, hash: txid },
          { type: INV_WTX, hash: wtxid },
        ]);
        return;
      }
      const first = transactions.received(txid, wtxid, connection);
      bus.emit('transaction', { peer: connection, transaction, first, receivedMs });
    },
    headers: (connection, payload) => {
      const headers = decodeHeaders(payload);
      const isAnswer = connection.awaitedHeaders > 0;
      if (isAnswer) connection.awaitedHeaders -= 1;
      bus.emit('headers', { peer: connection, headers });
      if (isAnswer || headers.length > MAX_ANNOUNCED) return;
      const items = headers
        .filter((header) => ['recent', 'orphan'].includes(checks.judgeHeader(header)))
        .map(({ hash }) => ({ type: INV_BLOCK, hash: wireHash(hash) }));
      for (const { hash } of items) bus.emit('blockAnnounced', { peer: connection, hash });
      blocks.announced(connection, items);
    },

    block: (connection, payload) => {
      const receivedMs = clock.monotonicMs();
      const block = parsed(connection, 'malformed-block', () => parseBlockMessage(payload));
      if (block === null) return;
      compact.arrivedWhole(block);
      deliver(connection, { block, receivedMs });
    },
    sendcmpct: (connection, payload) => highBandwidth.offered(connection, decodeSendCmpct(payload)),
    cmpctblock: (connection, payload) => {
      const rebuilt = compact.received(connection, payload);
      if (rebuilt !== null) deliver(connection, rebuilt);
    },
    blocktxn: (connection, payload) => {
      const rebuilt = compact.completed(connection, payload);
      if (rebuilt !== null) deliver(connection, rebuilt);
    },
  };
}

/** The points that a transaction makes, about: one for itself and each input and output, and for its fee and how it spread. */
function pointsOf({ inputs, outputs }: Transaction): number {
  return 3 + inputs.length + outputs.length;
}

/** The value that `parse` gives, or null where the bytes are malformed, which is then reported. */
function parsed<T>(connection: Connection, violation: Violation, parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    connection.report(violation);
    return null;
  }
}
