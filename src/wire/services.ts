/** Service bits that a node claims in its `version` (Core 31 `src/protocol.h` ServiceFlags). */
export const NODE_NETWORK = 1n << 0n;
export const NODE_WITNESS = 1n << 3n; // BIP144
export const NODE_NETWORK_LIMITED = 1n << 10n; // BIP159
export const NODE_P2P_V2 = 1n << 11n; // BIP324

/** A node with one of these bits serves headers and blocks: all blocks, or the latest ones. */
export const SERVES_BLOCKS = NODE_NETWORK | NODE_NETWORK_LIMITED;
