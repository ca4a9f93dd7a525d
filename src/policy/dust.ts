import type { Output } from '../wire/output';
import { isUnspendable, isWhole, isWitnessProgram } from '../wire/script';

/**
 * Size of an input that spends an output: outpoint 36, script length 1, sequence 4, and 107 for a signature
 * and a key. A witness program pays a quarter of the 107.
 */
const SPEND_BYTES = 148;
const WITNESS_SPEND_BYTES = 67;

/** Bitcoin Core's dust relay fee in satoshi a byte (`src/policy/policy.h` DUST_RELAY_TX_FEE, per kvB). */
const CORE_DUST_RATE = 3;

/** Bytes that an output costs the network: its own and those of the input that spends it. */
function costBytes({ bytes, scriptStart, scriptEnd, start }: Output): number {
  const spend = isWitnessProgram(bytes, scriptStart, scriptEnd) ? WITNESS_SPEND_BYTES : SPEND_BYTES;
  return scriptEnd - start + spend;
}

/**
 * Whether Core 31 considers the output dust (`src/policy/policy.cpp` IsDust). An unspendable output is never
 * dust.
 */
export function isCoreDust(output: Output): boolean {
  if (output.value >= CORE_DUST_RATE * costBytes(output)) return false;
  return !isUnspendable(output.bytes, output.scriptStart, output.scriptEnd);
}

/**
 * Whether btcd v0.26 considers the output dust (`mempool/policy.go` IsDust), `minRelayFee` in sat/kvB. An
 * unspendable output is always dust, and so is one whose script can't be parsed.
 */
export function isBtcdDust(output: Output, minRelayFee: number): boolean {
  if (output.value * 1000 < minRelayFee * 3 * costBytes(output)) return true;
  if (output.type !== 'nulldata' && output.type !== 'nonstandard') return false;
  const { bytes, scriptStart, scriptEnd } = output;
  return isUnspendable(bytes, scriptStart, scriptEnd) || !isWhole(bytes, scriptStart, scriptEnd);
}
