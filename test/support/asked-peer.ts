import type { Connection } from '../../src/p2p/connection';
import type { Hash } from '../../src/wire/hash';
import type { InventoryItem } from '../../src/wire/messages/inventory';

/** A peer that records what it is asked for. */
export interface AskedPeer {
  readonly connection: Connection;
  /** The hashes that were asked for, in order. */
  readonly asked: Hash[];
}

/** The properties of a peer. Default: one that we dialled, with witnesses and all blocks. */
export interface AskedPeerOptions {
  readonly kind?: Connection['kind'];
  readonly wtxidRelay?: boolean;
  readonly services?: bigint | undefined;
  readonly claimsWitness?: boolean | undefined;
}

/** A peer without a socket: only this end of the connection exists. */
export function askedPeer({
  kind = 'joined',
  wtxidRelay = false,
  services = 1n,
  claimsWitness = true,
}: AskedPeerOptions = {}): AskedPeer {
  const asked: Hash[] = [];
  const connection = {
    ...{ kind, wtxidRelay, claimsWitness, ended: false, established: true, claims: { services } },
    outbound: kind !== 'inbound',
    request: (items: readonly InventoryItem[]): void => void asked.push(...items.map(({ hash }) => hash)),
  };
  return { connection: connection as unknown as Connection, asked };
}
