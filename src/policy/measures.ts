import type { Output } from '../wire/output';
import { isPushOnly } from '../wire/script';
import type { Transaction } from '../wire/transaction';
import { isBtcdNulldata } from './btcd';
import { isNonFinal, leastSigopCost } from './common';
import { isCoreMultisig } from './core';
import { isBtcdDust, isCoreDust } from './dust';
import type { PolicyContext } from './verdict';

/** btcd's default minimum relay fee in sat/kvB, from which its dust limit follows. */
const BTCD_MIN_RELAY_FEE = 1_000;

/** What relay policies look at in a transaction, as numbers. All policies' verdicts follow from them. */
export interface Measures {
  readonly version: number;
  /** WU. */
  readonly weight: number;
  readonly vsize: number;
  /** Bytes without witnesses. */
  readonly strippedSize: number;
  readonly lockTime: number;
  /** Whether its lock time keeps it out of the next block; false where that is not known. */
  readonly isNonFinal: boolean;
  /** The longest signature script, in bytes, and how many do more than push. */
  readonly longestSigScript: number;
  readonly notPushOnly: number;
  /** Outputs of no known form, and of future witness programs. */
  readonly nonStandardOutputs: number;
  readonly unknownWitnessOutputs: number;
  /** Outputs that pay to a key without a hash. */
  readonly pubkeyOutputs: number;
  /** Bare multisig outputs, those among them that Core does not relay, and the most keys of one. */
  readonly multisigOutputs: number;
  readonly wrongMultisigOutputs: number;
  readonly mostMultisigKeys: number;
  /** Nulldata outputs, the bytes of their scripts, and those that are not of btcd's form. */
  readonly nulldataOutputs: number;
  readonly nulldataBytes: number;
  readonly longestNulldata: number;
  readonly wrongNulldataOutputs: number;
  /** Outputs that are neither nulldata nor dust by Core's limit. */
  readonly monetaryOutputs: number;
  /** Outputs that are dust by Core's limit; without anchors of value 0; by btcd's limit. */
  readonly coreDust: number;
  readonly knotsDust: number;
  readonly btcdDust: number;
  /** A lower bound on the weight of its signature checks. */
  readonly sigopCost: number;
}

/**
 * Measures while they are summed up. Objects that are put together from parts take ten times as long to make
 * (bench/why.ts).
 */
class Sums implements Measures {
  version = 0;
  weight = 0;
  vsize = 0;
  strippedSize = 0;
  lockTime = 0;
  isNonFinal = false;
  longestSigScript = 0;
  notPushOnly = 0;
  nonStandardOutputs = 0;
  unknownWitnessOutputs = 0;
  pubkeyOutputs = 0;
  multisigOutputs = 0;
  wrongMultisigOutputs = 0;
  mostMultisigKeys = 0;
  nulldataOutputs = 0;
  nulldataBytes = 0;
  longestNulldata = 0;
  wrongNulldataOutputs = 0;
  monetaryOutputs = 0;
  coreDust = 0;
  knotsDust = 0;
  btcdDust = 0;
  sigopCost = 0;
}

/** Measures a transaction. The fee is no part of it, as it may become known later. */
export function measuresOf(transaction: Transaction, context: PolicyContext): Measures {
  const sums = new Sums();
  sums.version = transaction.version;
  sums.weight = transaction.weight;
  sums.vsize = transaction.vsize;
  sums.strippedSize = transaction.strippedSize;
  sums.lockTime = transaction.lockTime;
  sums.isNonFinal = isNonFinal(transaction, context);
  sums.sigopCost = leastSigopCost(transaction);
  for (const { bytes, scriptStart, scriptEnd } of transaction.inputs) {
    sums.longestSigScript = Math.max(sums.longestSigScript, scriptEnd - scriptStart);
    if (!isPushOnly(bytes, scriptStart, scriptEnd)) sums.notPushOnly += 1;
  }
  for (const output of transaction.outputs) addOutput(sums, output);
  return sums;
}

function addOutput(sums: Sums, output: Output): void {
  const { type } = output;
  const isDust = isCoreDust(output);
  if (isDust) sums.coreDust += 1;
  else if (type !== 'nulldata') sums.monetaryOutputs += 1;
  if (isDust && (type !== 'anchor' || output.value !== 0)) sums.knotsDust += 1;
  if (type !== 'nulldata' && isBtcdDust(output, BTCD_MIN_RELAY_FEE)) sums.btcdDust += 1;
  if (type === 'nonstandard') sums.nonStandardOutputs += 1;
  else if (type === 'witness_unknown') sums.unknownWitnessOutputs += 1;
  else if (type === 'pubkey') sums.pubkeyOutputs += 1;
  else if (type === 'multisig') {
    sums.multisigOutputs += 1;
    if (!isCoreMultisig(output)) sums.wrongMultisigOutputs += 1;
    sums.mostMultisigKeys = Math.max(sums.mostMultisigKeys, output.multisig?.keys ?? 0);
  } else if (type === 'nulldata') {
    sums.nulldataOutputs += 1;
    sums.nulldataBytes += output.scriptLength;
    sums.longestNulldata = Math.max(sums.longestNulldata, output.scriptLength);
    if (!isBtcdNulldata(output)) sums.wrongNulldataOutputs += 1;
  }
}
