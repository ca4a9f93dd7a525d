import { decodeCompactTarget, workOf } from './compact-target';

/** A target in the two forms that are compared with headers. */
interface Target {
  readonly bits: number;
  /** 32 bytes, lowest first, like a hash in wire order. */
  readonly bytes: Buffer;
  readonly work: bigint;
}

/** Checks proofs of work. Remembers the last target, because thousands of headers in a row share it. */
export class ProofOfWork {
  private last: Target | undefined;

  constructor(private readonly powLimit: bigint) {}

  /**
   * The work that a hash (32 bytes from `start`, in wire order) proves by being at or below the target of
   * `bits`. Undefined if the hash is above it, or if `bits` is no target or an easier one than the limit.
   */
  proven(hash: Buffer, start: number, bits: number): bigint | undefined {
    const target = this.last?.bits === bits ? this.last : this.derive(bits);
    if (target === undefined) return undefined;
    this.last = target;
    for (let i = 31; i >= 0; i--) {
      const difference = (hash[start + i] ?? 0) - (target.bytes[i] ?? 0);
      if (difference !== 0) return difference < 0 ? target.work : undefined;
    }
    return target.work;
  }

  private derive(bits: number): Target | undefined {
    const target = decodeCompactTarget(bits);
    if (target === undefined || target > this.powLimit) return undefined;
    const bytes = Buffer.from(target.toString(16).padStart(64, '0'), 'hex').reverse();
    return { bits, bytes, work: workOf(target) };
  }
}
