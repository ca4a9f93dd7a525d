import { HashFingerprint } from './hash-fingerprint';
import { RollingFingerprints } from './rolling-fingerprints';

/**
 * A set of hashes with bounded memory. It remembers at least the last `capacity` hashes and hardly more than
 * twice as many, by fingerprints with a secret. Each of the last ones takes 23 bytes outside the heap
 * (bench/inventory.ts). In a set of five million, a hash that was never added is taken for a member with a
 * probability of 1 to 10^11. `RollingSet`, which takes any string, needs four times the memory, and time of
 * the garbage collector.
 */
export class RollingHashes<Hash extends string = string> {
  private readonly fingerprints: RollingFingerprints;
  private readonly fingerprint = new HashFingerprint();

  constructor(capacity: number) {
    this.fingerprints = new RollingFingerprints(capacity);
  }

  /** Whether a hash is remembered. Hashes are in wire order, one character for each byte. */
  has(hash: Hash): boolean {
    this.fingerprint.take(hash);
    return this.fingerprints.has(this.fingerprint);
  }

  add(hash: Hash): void {
    this.fingerprint.take(hash);
    this.fingerprints.add(this.fingerprint);
  }
}
