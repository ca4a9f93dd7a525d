import type { Connection } from '#dist/p2p/connection';

let lastId = 0;

/** An IP address for a number. Consecutive numbers give addresses in different networks. */
export function hostOf(n: number): string {
  return `${20 + (n % 200)}.${(n >> 8) & 255}.${n & 255}.1`;
}

/** A connection without a socket, for the bookkeeping of requests. By default the peer has dialled us. */
export function newPeer(
  more: { readonly kind: Connection['kind']; readonly outbound: boolean } = {
    kind: 'inbound',
    outbound: false,
  },
): Connection {
  const id = ++lastId;
  const peer = {
    ...{ id, host: hostOf(id), port: 8333, openedAt: 0, ...more },
    ...{ claims: { services: 9n }, claimsWitness: true, wtxidRelay: true, established: true, ended: false },
    request: () => undefined,
  };
  return peer as unknown as Connection;
}
