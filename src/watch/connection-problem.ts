import { asciiLine } from '../lib/ascii-line';
import { messageOf } from '../lib/errors';
import { isCertificateProblem, tlsProblem } from '../lib/tls-problem';
import type { NodePlace } from './node-place';
import type { FailureKind } from './rpc-failure';
import { networkOfPeerPort } from './rpc-ports';

/** Why no response came, in words that follow the node's name. */
export interface ConnectionProblem {
  readonly kind: FailureKind;
  readonly reason: string;
}

/** A connection that ended before the response. */
const ENDED = ['ECONNRESET', 'EPIPE'];

/** What a connection that ended before the response means, where nothing is wrong with the place. */
export const NO_ANSWER: ConnectionProblem = {
  kind: 'unreachable',
  reason: 'ended the connection without an answer',
};

/**
 * Says what an error of a connection means, and what would be right.
 * @param hasAnswered whether the node has answered at this place: then nothing is wrong with the way to it
 */
export function connectionProblem(
  error: unknown,
  place: Pick<NodePlace, 'port' | 'isSecure' | 'certificateFile'>,
  hasAnswered = false,
): ConnectionProblem {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const network = networkOfPeerPort(place.port);
  const peers =
    network === undefined ? '' : `; ${place.port} is the port for peers on ${network}, the RPC has another`;
  if (code === 'ECONNREFUSED')
    return { kind: 'refused', reason: `nobody listens there; does the node run, with its RPC on?${peers}` };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { kind: 'unreachable', reason: 'there is no such host' };
  if (ENDED.includes(code) && hasAnswered) return NO_ANSWER;
  const tls = tlsProblem(error, authorityHint(place));
  if (tls !== undefined) return { kind: isCertificateProblem(error) ? 'certificate' : 'tls', reason: tls };
  if (code.startsWith('HPE_'))
    return {
      kind: 'tls',
      reason: `does not speak HTTP${place.isSecure ? '' : '; for TLS write https instead of http'}${peers}`,
    };
  if (ENDED.includes(code) && place.isSecure && message.includes('TLS'))
    return {
      kind: 'tls',
      reason: `ended the connection before TLS was agreed; for plain HTTP write http instead of https${peers}`,
    };
  if (ENDED.includes(code)) return { ...NO_ANSWER, reason: `${NO_ANSWER.reason}${peers}` };
  return { kind: 'unreachable', reason: asciiLine(messageOf(error)) };
}

/** How the user has the node's certificate trusted. */
function authorityHint({ certificateFile }: Pick<NodePlace, 'certificateFile'>): string {
  return certificateFile === undefined
    ? "name btcd's certificate with ?ca-file=PATH (rpc.cert in its data folder)"
    : `the node's certificate is not the one of ${certificateFile}; name that of this node with ?ca-file=PATH`;
}
