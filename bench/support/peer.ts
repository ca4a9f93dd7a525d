import type { Connection } from '#dist/p2p/connection';

let lastId = 0;

/** An address of a host for a number; neighbours are in different networks. */
export function hostOf(n: number): string {
  return `${20 + (n % 200)}.${(n >> 8) & 255}.${n & 255}.1`;
}

/** A connection that requests are kept for: one that dialled us, unless said otherwise. It has no socket. */
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
