import { createHash } from 'node:crypto';
import { GENESIS, block, hash256, transaction } from './bytes';

/** The least number of honest peers. Culprits know the transactions of so many. */
export const HONEST_PEERS = 2;

/** Transaction `n` of an honest peer. Culprits know it too, so that one can announce it first. */
export function honestTransaction(peer: number, n: number): { readonly raw: Buffer; readonly hash: Buffer } {
  const txid = createHash('sha256').update(`honest ${peer} ${n}`).digest();
  const raw = transaction({ spends: [{ txid, index: 0 }], outputs: 2, value: 100_000 + n });
  return { raw, hash: hash256(raw) };
}

const chain: { readonly header: Buffer; readonly bytes: Buffer; readonly hash: Buffer }[] = [];

/** The block of the honest chain at a height, from 1. */
export function honestBlock(height: number): {
  readonly header: Buffer;
  readonly bytes: Buffer;
  readonly hash: Buffer;
} {
  while (chain.length < height) {
    const made = block(chain.at(-1)?.header ?? GENESIS, chain.length + 1);
    chain.push({ ...made, hash: hash256(made.header) });
  }
  const made = chain[height - 1];
  if (made === undefined) throw new Error(`no block has height ${height}`);
  return made;
}
