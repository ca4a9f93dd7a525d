import type { NonStandardReason } from '../../../src/policy/reasons';
import type { PolicyName } from '../../../src/policy/standardness';
import type { Signed } from '../wallet';

/** A policy's verdict on a transaction. Parts that are left out must be standard. */
export interface Verdict {
  readonly reason?: NonStandardReason;
  /** The fault of each input, if it has one. */
  readonly inputs?: readonly (NonStandardReason | undefined)[];
  /** The fault of each output. */
  readonly outputs?: readonly (NonStandardReason | undefined)[];
  /** The outputs that are dust. To btcd nulldata always is. */
  readonly dust?: readonly number[];
}

/** The verdicts of both policies. */
export type Verdicts = Readonly<Record<PolicyName, Verdict>>;

/** Everything is standard under both policies. */
export const STANDARD: Verdicts = { btcd: {}, core: {} };

/** A transaction that was relayed to the listeners. */
export interface Relayed {
  readonly transaction: Signed;
  readonly verdicts: Verdicts;
  /** Its fee, if a listener can know it. */
  readonly fee: number | undefined;
}

/** A conflict, by the columns of `double_spends`. */
export interface Conflict {
  readonly tx_id: string;
  readonly conflicts_with: string;
  readonly prev_out: string;
  readonly fee: number | null;
  readonly other_fee: number | null;
}

/** A judgement of a block that the listeners must come to. */
export interface Judged {
  readonly sha: string;
  readonly status: string;
  /** The numbers of the peers that may have sent it. */
  readonly from: readonly number[];
  /** The number of its transactions that were never relayed. */
  readonly unseen: number;
  /** For a block that no btcd has: its bytes, and what is known about its place. */
  readonly forged?: {
    readonly bytes: Buffer;
    readonly height: number | null;
    readonly reason?: string;
    readonly code?: number;
  };
}

/** A reorganisation, by the columns of `reorgs`. */
export interface Reorg {
  readonly depth: number;
  readonly old_tip: string;
  readonly new_tip: string;
  readonly fork_height: number;
}

/** What the script did, and its consequences for the series. */
export class ScriptRecord {
  readonly relayed = new Map<string, Relayed>();
  /** The txids of transactions that neither a btcd nor a block has. */
  readonly unmined = new Set<string>();
  /**
   * The txids of transactions that conflict with a block. btcd keeps them after a reorganisation: it does not
   * clean its mempool while it fetches blocks (v0.26 `netsync/manager.go`, NTBlockConnected), and has put
   * them back when it disconnected the old blocks.
   */
  readonly lost = new Set<string>();
  readonly conflicts: Conflict[] = [];
  readonly judged: Judged[] = [];
  /** The hashes of the blocks that became the best, in order. */
  readonly bests: string[] = [];
  readonly reorgs: Reorg[] = [];
  /** The violations of the scripted peer, by reason. */
  readonly violations = new Map<string, number>();
  /** The addresses that it sent, by network. */
  readonly addresses = new Map<string, number>();

  /** Records a transaction that spends an output that `other` spends as well. */
  conflict(later: Signed, other: Signed): void {
    const outpoints = new Set(other.inputs.map(({ txid, vout }) => `${txid}:${vout}`));
    for (const { txid, vout } of later.inputs) {
      const prevOut = `${txid}:${vout}`;
      if (!outpoints.has(prevOut)) continue;
      this.conflicts.push({
        tx_id: later.txid,
        conflicts_with: other.txid,
        prev_out: prevOut,
        fee: feeOf(later),
        other_fee: feeOf(other),
      });
    }
  }

  violation(reason: string): void {
    this.violations.set(reason, (this.violations.get(reason) ?? 0) + 1);
  }
}

/** The fee of a transaction: the values that it spends less those of its outputs. */
export function feeOf({ inputs, outputs }: Signed): number {
  const sum = (items: readonly { readonly value: number }[]): number =>
    items.reduce((total, { value }) => total + value, 0);
  return sum(inputs) - sum(outputs);
}
