import type { Hash } from '../wire/hash';
import type { ItemGroup } from './item-log';
import type { WhyRecord } from './why-record';

/** A block that contains a transaction. */
export interface Mined {
  /** When it joined the best chain. */
  readonly timeMs: number;
  /** Null where it is not known. */
  readonly hash: Hash | null;
  readonly height: number | null;
  /** When it left that chain; null if it did not, as far as is known. */
  readonly leftMs: number | null;
  /** Whether the block is still remembered; of others the name alone is known. */
  readonly isRemembered: boolean;
}

/** The block that a group of ids in a block tells of. */
export function minedIn({ blocks, former }: WhyRecord, { of, timeMs }: ItemGroup): Mined {
  const known = blocks.ofConnection(of);
  if (known !== null) {
    const { height, leftMs } = known.connection;
    return { timeMs, hash: known.block.hash, height, leftMs, isRemembered: true };
  }
  const { hash = null, height = null } = former.block(of) ?? {};
  return { timeMs, hash, height, leftMs: null, isRemembered: false };
}

/** The block of the best chain that contains it. */
export function currentOf(mined: readonly Mined[]): (Mined & { readonly height: number }) | undefined {
  return mined.findLast(
    (it): it is Mined & { readonly height: number } => it.height !== null && it.leftMs === null,
  );
}
