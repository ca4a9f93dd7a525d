import { type Hash, hash256, readHash } from '../wire/hash';

/** The topics of Core's ZMQ that are read. Source: Bitcoin Core 31 `doc/zmq.md`. */
export const ZMQ_TOPICS = ['sequence', 'rawtx', 'hashtx', 'hashblock', 'rawblock'] as const;

export type ZmqTopic = (typeof ZMQ_TOPICS)[number];

/** What a message of Core tells. Hashes are in wire order. */
export type ZmqNotice =
  /** The mempool accepted a transaction. */
  | { readonly kind: 'accepted'; readonly txid: Hash }
  /** A transaction was accepted, or is in a block that was connected or disconnected. */
  | { readonly kind: 'transaction'; readonly txid: Hash }
  /** The same, with its bytes: the txid follows from them. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'connected' | 'disconnected'; readonly hash: Hash };

const HASH_BYTES = 32;
const HEADER_BYTES = 80;
/** The mempool's own sequence number after the label. */
const SEQUENCE_BYTES = 8;

/**
 * Reads the body of a message. Null where it tells what is not used (a removal from the mempool), undefined
 * where it has not the form that is documented. Hashes are published as people write them, the last byte of
 * the wire first: `src/zmq/zmqpublishnotifier.cpp`.
 */
export function readZmqMessage(topic: ZmqTopic, body: Buffer): ZmqNotice | null | undefined {
  switch (topic) {
    case 'sequence':
      return readSequence(body);
    case 'rawtx':
      return body.length === 0 ? undefined : { kind: 'bytes', bytes: body };
    case 'hashtx': {
      const txid = body.length === HASH_BYTES ? publishedHash(body) : undefined;
      return txid === undefined ? undefined : { kind: 'transaction', txid };
    }
    case 'hashblock':
      return body.length === HASH_BYTES ? { kind: 'connected', hash: publishedHash(body) } : undefined;
    case 'rawblock':
      return body.length > HEADER_BYTES
        ? { kind: 'connected', hash: hash256(body.subarray(0, HEADER_BYTES)) }
        : undefined;
  }
}

function readSequence(body: Buffer): ZmqNotice | null | undefined {
  const label = body.toString('latin1', HASH_BYTES, HASH_BYTES + 1);
  const isOfMempool = label === 'A' || label === 'R';
  if (body.length !== HASH_BYTES + 1 + (isOfMempool ? SEQUENCE_BYTES : 0)) return undefined;
  const hash = publishedHash(body);
  switch (label) {
    case 'A':
      return { kind: 'accepted', txid: hash };
    case 'R':
      return null;
    case 'C':
      return { kind: 'connected', hash };
    case 'D':
      return { kind: 'disconnected', hash };
    default:
      return undefined;
  }
}

function publishedHash(body: Buffer): Hash {
  return readHash(Buffer.from(body.subarray(0, HASH_BYTES)).reverse(), 0);
}
