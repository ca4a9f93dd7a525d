/** Limits of a relay view besides its memory. */
export const RELAY_VIEW_LIMITS = {
  /** How long a transaction may wait for a block: 336 hours, Core 31's default. */
  expiryMs: 336 * 3_600_000,
  /**
   * The number of transactions whose output values are remembered: 12 to 24 hours of mainnet, in at most 35
   * MB.
   */
  coinTransactions: 250_000,
} as const;
