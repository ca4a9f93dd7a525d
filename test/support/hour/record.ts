import type { NonStandardReason } from '../../../src/policy/reasons';
import type { PolicyName } from '../../../src/policy/standardness';
import type { Signed } from '../wallet';

/** What a policy must say of a transaction; what is left out is as it should be. */
export interface Verdict {
  readonly reason?: NonStandardReason;
  /** The fault of each input, where it is that of an input. */
  readonly inputs?: readonly (NonStandardReason | undefined)[];
  /** The fault of each output. */
  readonly outputs?: readonly (NonStandardReason | undefined)[];
  /** Which outputs are dust; nulldata is to btcd, whatever this says. */
  readonly dust?: readonly number[];
}

/** What both policies must say. */
export type Verdicts = Readonly<Record<PolicyName, Verdict>>;

/** All is standard, to both. */
export const STANDARD: Verdicts = { btcd: {}, core: {} };

/** A transaction that was relayed to the listeners. */
export interface Relayed {
  readonly transaction: Signed;
  readonly verdicts: Verdicts;
  /** What it pays, where a listener can know that. */
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
  /** Numbers of the peers that may have sent it. */
  readonly from: readonly number[];
  /** Transactions of it that were never relayed. */
  readonly unseen: number;
  /** Of a block that no btcd has: its bytes, and what is known of its place. */
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

/** What the script did, and what follows from it for the series. */
export class ScriptRecord {
  readonly relayed = new Map<string, Relayed>();
  /** txids of what no btcd has, and no block. */
  readonly unmined = new Set<string>();
  /**
   * txids of what a block is in conflict with. btcd keeps them after a reorganisation: it does not clean its
   * mempool while it fetches blocks (v0.26 `netsync/manager.go`, NTBlockConnected), and has put them back
   * when it took the old blocks off.
   */
  readonly lost = new Set<string>();
  readonly conflicts: Conflict[] = [];
  readonly judged: Judged[] = [];
  /** Hashes of the blocks that became the best, in that order. */
  readonly bests: string[] = [];
  readonly reorgs: Reorg[] = [];
  /** Violations of the scripted peer by reason. */
  readonly violations = new Map<string, number>();
  /** Addresses that it told, by network. */
  readonly addresses = new Map<string, number>();

  /** Notes a transaction that spends what `other` was already known to spend. */
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

/** What a transaction pays: the values of what it spends less those of its outputs. */
export function feeOf({ inputs, outputs }: Signed): number {
  const sum = (items: readonly { readonly value: number }[]): number =>
    items.reduce((total, { value }) => total + value, 0);
  return sum(inputs) - sum(outputs);
}
