import type { PolicyName } from '../policy/standardness';

/**
 * Minimum relay fees in sat/kvB: btcd v0.26 `mempool/policy.go` DefaultMinRelayTxFee; Bitcoin Core 31
 * `src/policy/policy.h` DEFAULT_MIN_RELAY_TX_FEE.
 */
const MIN_RELAY_RATES: Readonly<Record<PolicyName, number>> = { btcd: 1000, core: 100 };

/**
 * The least fee in satoshi at which a policy relays a transaction of `vsize` vB. It is rounded up, as in
 * Core. btcd rounds down, which makes no difference at its whole satoshi for each vB.
 */
export function minRelayFee(policy: PolicyName, vsize: number): number {
  return Math.ceil((vsize * MIN_RELAY_RATES[policy]) / 1000);
}
