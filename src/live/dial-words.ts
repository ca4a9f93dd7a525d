import type { DialState } from '../p2p/dial-state';
import { formatEndpoint } from '../p2p/endpoint';
import type { DisconnectReason } from '../p2p/p2p-events';
import { networkOfPeerPort, RPC_PORTS } from '../watch/rpc-ports';
import { NETWORKS, type NetworkName } from '../wire/networks';

/** Why a configured peer is not connected, and what to do. */
export interface DialWords {
  /** What the peer does: `hangs up during the handshake`. */
  readonly why: string;
  /** Whole sentences; '' where nothing must be done. */
  readonly advice: string;
}

/** The words for a peer that is not connected. */
export function dialWords({ endpoint, last }: DialState, network: NetworkName): DialWords {
  const { port } = endpoint;
  if (last === null) return { why: 'is being dialled', advice: '' };
  const { reason, reached, text } = last;
  if (reason === null) return { why: `has no address: ${text}`, advice: 'Is its name right?' };
  if (reached === 'handshake') return { why: endedWords(reason), advice: '' };
  switch (reason) {
    case 'http':
      return { why: 'answers HTTP', advice: rpcAdvice(network) };
    case 'tls':
      return { why: 'answers TLS', advice: rpcAdvice(network) };
    case 'wrong-network':
      return { why: 'speaks the protocol of another network', advice: networkAdvice(port, network) };
    case 'closed-by-peer':
    case 'socket-error':
      return reached === 'connection'
        ? { why: 'hangs up during the handshake', advice: networkAdvice(port, network) }
        : { why: 'can’t be reached', advice: 'Is its address right, and is there a way to it?' };
    case 'connection-refused':
      return { why: 'refuses connections', advice: refusedAdvice(port, network) };
    case 'connect-timeout':
      return { why: 'does not answer', advice: 'Is its address right? A firewall may drop what comes.' };
    case 'route-failed':
      return { why: 'can’t be reached by its proxy', advice: 'The log says what is wrong with the proxy.' };
    case 'handshake-timeout':
      return {
        why: 'accepts connections and says nothing',
        advice: 'It may be overloaded, or no Bitcoin node.',
      };
    case 'unknown-protocol':
      return {
        why: 'speaks another protocol',
        advice: `Nodes of ${network} listen on port ${NETWORKS[network].port}.`,
      };
    case 'self-connection':
      return { why: 'is this monitor itself', advice: 'Name another node.' };
    case 'duplicate':
      return { why: 'is connected already, by another name', advice: '' };
    default:
      return { why: `is not taken: ${reason.replaceAll('-', ' ')}`, advice: '' };
  }
}

/** The same as one sentence about the peer. */
export function dialSentence(dial: DialState, network: NetworkName): string {
  const { why, advice } = dialWords(dial, network);
  return `${formatEndpoint(dial.endpoint)} ${why}${advice === '' ? '' : `: ${advice}`}`;
}

function endedWords(reason: DisconnectReason): string {
  if (reason === 'closed-by-peer' || reason === 'socket-error') return 'ended the connection';
  return `was disconnected: ${reason.replaceAll('-', ' ')}`;
}

function networkAdvice(port: number, network: NetworkName): string {
  const other = networkOfPeerPort(port);
  if (other !== undefined && other !== network) return `Another network? Try --network ${other}.`;
  return `Another network? This monitor listens to ${network}. Or it has banned the monitor.`;
}

function rpcAdvice(network: NetworkName): string {
  return `That is an RPC port; the P2P port of ${network} is ${NETWORKS[network].port}.`;
}

function refusedAdvice(port: number, network: NetworkName): string {
  const isRpc = Object.values(RPC_PORTS).some((ports) => Object.values(ports).includes(port));
  if (isRpc) return rpcAdvice(network);
  const usual = NETWORKS[network].port;
  return port === usual
    ? 'Does the node run, and does it listen?'
    : `Does the node run? The P2P port of ${network} is ${usual}.`;
}
