import type { Block } from '../../wire/block';
import type { Header } from '../../wire/header';

/**
 * What the chain says about a header:
 * `recent` - it is valid and near the tip;
 * `old` - it is valid and deep in the chain;
 * `orphan` - it has proof of work, but its parent is unknown;
 * `early` - its time is more than two hours ahead of our clock; one of both is wrong;
 * `invalid` - it breaks a rule.
 */
export type HeaderStanding = 'recent' | 'old' | 'orphan' | 'early' | 'invalid';

/** The checks of the chain that compact blocks need. */
export interface BlockChecks {
  /** Checks a header, and adds it to the chain if it is valid and new. */
  judgeHeader(header: Header): HeaderStanding;
  /** Whether `judgeHeader` would call a header recent. Adds nothing to the chain. */
  isRecent(header: Header): boolean;
  /** Whether the valid header of a block commits to its transactions and their witnesses. */
  isIntact(block: Block): boolean;
}
