import type { Block } from '../../wire/block';
import type { Header } from '../../wire/header';

/**
 * What the chain says of a header:
 * `recent` - it is valid and stands near the tip;
 * `old` - it is valid and deep down;
 * `orphan` - it has proof of work, and a parent that is not known;
 * `early` - its time is more than two hours ahead of our clock, one of which is wrong;
 * `invalid` - it breaks a rule.
 */
export type HeaderStanding = 'recent' | 'old' | 'orphan' | 'early' | 'invalid';

/** What compact blocks need of the chain. */
export interface BlockChecks {
  /** Takes a header into the chain if it is valid and new. */
  judgeHeader(header: Header): HeaderStanding;
  /**
   * Whether the transactions of a block are those that its header, a valid one, commits to, witnesses
   * included.
   */
  isIntact(block: Block): boolean;
}
