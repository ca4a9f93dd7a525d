import { asciiLine } from '../lib/ascii-line';
import { messageOf } from '../lib/errors';
import { isCertificateProblem, tlsProblem } from '../lib/tls-problem';
import type { NodePlace } from './node-place';
import type { FailureKind } from './rpc-failure';
import { networkOfPeerPort } from './rpc-ports';

/** Why no response came, in words behind the node's name. */
export interface ConnectionProblem {
  readonly kind: FailureKind;
  readonly reason: string;
}

/** A connection that ended before the response. */
const ENDED = ['ECONNRESET', 'EPIPE'];

/** Says what an error of a connection means, and what would be right. */
export function connectionProblem(
  error: unknown,
  place: Pick<NodePlace, 'port' | 'isSecure' | 'certificateFile'>,
): ConnectionProblem {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const network = networkOfPeerPort(place.port);
  const peers =
    network === undefined ? '' : `; ${place.port} is the port for peers on ${network}, the RPC has another`;
  if (code === 'ECONNREFUSED')
    return { kind: 'refused', reason: `nobody listens there; does the node run, with its RPC on?${peers}` };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { kind: 'unreachable', reason: 'there is no such host' };
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
  if (ENDED.includes(code))
    return { kind: 'unreachable', reason: `ended the connection without an answer${peers}` };
  return { kind: 'unreachable', reason: asciiLine(messageOf(error)) };
}

/** How the user has the node's certificate trusted. */
function authorityHint({ certificateFile }: Pick<NodePlace, 'certificateFile'>): string {
  return certificateFile === undefined
    ? "name btcd's certificate with ?ca-file=PATH (rpc.cert in its data folder)"
    : `the node's certificate is not the one of ${certificateFile}; name that of this node with ?ca-file=PATH`;
}
