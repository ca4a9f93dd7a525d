import { isIP } from 'node:net';
import { NetAddress, type Network } from '../bcoin/bcoin';
import { Session, type SessionHooks } from '../bcoin/session';
import { NODE_P2P_V2 } from '../wire/services';
import type { ConnectionOptions } from './connection-options';
import { DIRECT } from './route/direct';

/** Our protocol version: the one that BIP155 and BIP339 ask for. */
export const PROTOCOL_VERSION = 70_016;

/** What a session takes from its connection. */
export interface PeerSessionHooks extends SessionHooks {
  /** The nonce of our `version`. */
  createNonce(): Buffer;
}

/** Makes the session with a peer: what our `version` claims, and how the socket is opened. */
export function makeSession(options: ConnectionOptions, host: string, hooks: PeerSessionHooks): Session {
  const { network, port, route = DIRECT, userAgent } = options;
  return new Session(
    {
      network,
      protocolVersion: PROTOCOL_VERSION,
      userAgent,
      // We serve nothing, so we claim no other service.
      services: options.mode === 'v1' ? 0 : Number(NODE_P2P_V2),
      noRelay: options.relay === false,
      connectMs: route.timeoutMs,
      createSocket: () => {
        const socket = route.open(host, port);
        // bcoin handles only the first error; a second one must not end the process.
        socket.on('error', () => undefined);
        return socket;
      },
      createNonce: () => hooks.createNonce(),
      features: options.wtxidRelay ? ['wtxidrelay', 'sendaddrv2'] : ['sendaddrv2'],
    },
    hooks,
  );
}

/**
 * A host in the form of bcoin, and the address of the peer in our `version`. bcoin knows IP addresses without
 * zones: a link-local one (`fe80::1%eth0`) gets its zone back. `version` has no address for a peer with a
 * name, as in Core (`src/net_processing.cpp` PushNodeVersion).
 */
export function addressOf({ host, port, network }: { host: string; port: number; network: Network }): {
  readonly host: string;
  readonly address: NetAddress;
} {
  const [bare = '', zone] = host.split('%');
  if (isIP(bare) === 0) return { host, address: NetAddress.fromHost('0.0.0.0', 0, network) };
  const address = NetAddress.fromHost(bare, port, network);
  return { host: zone === undefined ? address.host : `${address.host}%${zone}`, address };
}
