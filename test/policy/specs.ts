import { hex, type TransactionSpec } from '../wire/build';

/** Transactions, and parts of them, by what the rules of policies look at. */
export const outputs = (...scripts: Buffer[]): TransactionSpec => ({
  outputs: scripts.map((script) => ({ script })),
});
export const sigScript = (script: Buffer): TransactionSpec => ({ inputs: [{ sigScript: script }] });
export const times = <T>(count: number, item: T): T[] => Array<T>(count).fill(item);
export const nulldata = (bytes: number): Buffer =>
  Buffer.concat([hex('6a4d'), Buffer.of(bytes & 0xff, bytes >> 8), Buffer.alloc(bytes)]);
