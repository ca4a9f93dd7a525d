import { FailureError } from '../lib/errors';

/** What went wrong with a call. */
export type FailureKind =
  /** Nothing listens at the address. */
  | 'refused'
  /** The host is unknown, or the connection broke. */
  | 'unreachable'
  /** TLS where plain HTTP is spoken, the other way round, or something else about TLS. */
  | 'tls'
  /** The certificate is not the one that is trusted, or it can't be read. */
  | 'certificate'
  /** The login is wrong, or there is none. */
  | 'unauthorized'
  /** The address may not ask, or the user may not call this method (403). */
  | 'forbidden'
  /** The user may not call this method. */
  | 'not-permitted'
  | 'unknown-method'
  /** The method failed. */
  | 'rpc'
  /** The node is starting, and answers later. */
  | 'warming-up'
  /** The node has too many clients. */
  | 'busy'
  | 'timeout'
  | 'too-long'
  | 'not-json'
  /** JSON of another form than the method gives. */
  | 'odd-answer'
  /** Too many calls wait for their turn. */
  | 'queue-full'
  /** The client was closed. */
  | 'closed'
  /** The node is on another network than the listener. */
  | 'other-network';

/** A call that failed. The message is one line that names the node, the method and the reason. */
export class RpcFailure extends FailureError {
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** The code of a JSON-RPC error. */
    readonly code?: number,
  ) {
    super(message);
  }
}

/** Failures of a node that is not there. */
const ABSENT: readonly FailureKind[] = ['refused', 'unreachable', 'timeout'];

/** Whether a failure means that the node is away. All other failures come from a running node. */
export function isAbsent({ kind }: RpcFailure): boolean {
  return ABSENT.includes(kind);
}

/** Failures of a single call. They don't say whether the node answers others. */
const OF_ONE_CALL: readonly FailureKind[] = ['rpc', 'odd-answer', 'too-long', 'queue-full'];

/** Whether an error is the failure of one call, while the node answers others. */
export function isOfOneCall(error: unknown): boolean {
  return error instanceof RpcFailure && OF_ONE_CALL.includes(error.kind);
}
