/** The networks that the listener can join, by the values of the tag `network`. */
export const NETWORK_NAMES = ['mainnet', 'testnet3', 'testnet4', 'signet', 'simnet', 'regtest'] as const;

/** Name of a network. */
export type NetworkName = (typeof NETWORK_NAMES)[number];

/** What distinguishes one network from another on the wire. */
export interface NetworkParams {
  readonly name: NetworkName;
  /** The first four bytes of each message, as the little-endian number in the sources of btcd and Core. */
  readonly magic: number;
  /** The port that nodes listen on by default. */
  readonly port: number;
}

/**
 * Sources: btcd v0.26 `chaincfg/params.go` and `wire/protocol.go`; Bitcoin Core 31
 * `src/kernel/chainparams.cpp`.
 */
export const NETWORKS: Readonly<Record<NetworkName, NetworkParams>> = {
  mainnet: { name: 'mainnet', magic: 0xd9b4bef9, port: 8333 },
  testnet3: { name: 'testnet3', magic: 0x0709110b, port: 18333 },
  testnet4: { name: 'testnet4', magic: 0x283f161c, port: 48333 },
  signet: { name: 'signet', magic: 0x40cf030a, port: 38333 },
  simnet: { name: 'simnet', magic: 0x12141c16, port: 18555 },
  regtest: { name: 'regtest', magic: 0xdab5bffa, port: 18444 },
};

/**
 * Whether a network is private and runs on one machine. Nobody mines there unless somebody asks for a block.
 */
export function isLocalNetwork(network: NetworkName): boolean {
  return network === 'simnet' || network === 'regtest';
}
