import type { Hash } from '../wire/hash';
import { Fields, hashIn } from './fields';

/** A block that btcd connected to its chain, or disconnected. */
export interface BlockNotice {
  readonly kind: 'connected' | 'disconnected';
  readonly hash: Hash;
  readonly height: number;
  /** The time of its header, Unix seconds. */
  readonly time: number | undefined;
}

/** A transaction that btcd accepted into its mempool. */
export interface TransactionNotice {
  readonly kind: 'transaction';
  readonly txid: Hash;
  readonly vsize: number | undefined;
  readonly weight: number | undefined;
  /** The bytes with the witness; undefined if btcd's digits can't be read. */
  readonly bytes: Buffer | undefined;
}

/** The answer to a request. */
interface RequestAnswer {
  readonly kind: 'answer';
  readonly id: number;
  readonly result: unknown;
  /** The error's message; undefined without an error. */
  readonly error: string | undefined;
}

export type SocketMessage = BlockNotice | TransactionNotice | RequestAnswer;

/**
 * Reads a message of btcd's websocket. Null for a notification of another kind; undefined if it can't be
 * read. Source: btcd v0.26 `btcjson/chainsvrwsntfns.go`; the parameters are a list, in the order of the
 * struct.
 */
export function readMessage(text: string): SocketMessage | null | undefined {
  let fields: Fields | undefined;
  try {
    fields = Fields.of(JSON.parse(text));
  } catch {
    return undefined;
  }
  if (fields === undefined) return undefined;
  const method = fields.text('method');
  if (method === undefined) return readAnswer(fields);
  const [first, second, third] = fields.list('params');
  switch (method) {
    case 'blockconnected':
      return readBlock('connected', first, second, third);
    case 'blockdisconnected':
      return readBlock('disconnected', first, second, third);
    case 'txacceptedverbose':
      return readTransaction(Fields.of(first));
    default:
      return null;
  }
}

function readAnswer(fields: Fields): RequestAnswer | undefined {
  const id = fields.whole('id');
  if (id === undefined) return undefined;
  const error = fields.object('error');
  return {
    kind: 'answer',
    id,
    result: fields.member('result'),
    error: error === undefined ? undefined : (error.text('message') ?? 'an error without a message'),
  };
}

function readBlock(
  kind: BlockNotice['kind'],
  shown: unknown,
  height: unknown,
  time: unknown,
): BlockNotice | undefined {
  const hash = hashIn(shown);
  if (hash === undefined || typeof height !== 'number' || !Number.isSafeInteger(height) || height < 0)
    return undefined;
  return { kind, hash, height, time: typeof time === 'number' && Number.isFinite(time) ? time : undefined };
}

function readTransaction(fields: Fields | undefined): TransactionNotice | undefined {
  const txid = fields?.hash('txid');
  if (fields === undefined || txid === undefined) return undefined;
  return {
    kind: 'transaction',
    txid,
    vsize: fields.whole('vsize'),
    weight: fields.whole('weight'),
    bytes: fields.bytes('hex'),
  };
}
