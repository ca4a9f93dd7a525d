import * as crypto from 'node:crypto';
import { type Hash, hash256 } from './hash';
import { compileSha256x4, HASH_BYTES, type Sha256x4 } from './sha256x4';

/** The number of messages that fit into the module's memory together with their hashes. */
const BATCH = 1_024;
const HASHES = BATCH * HASH_BYTES;

/** The hash function for the second round; null where this machine cannot run it. */
let second: Sha256x4 | null | undefined;

/** Compiles that function. Else it is compiled when it is first needed, which delays that by 15 ms. */
export function prepareHashMany(): void {
  second ??= compileSha256x4() ?? null;
}

/**
 * Computes the double SHA-256 of the bytes of each item. The second round always hashes 32 bytes. For many
 * items WebAssembly computes it in 70 ns, while a call of OpenSSL takes 270 ns. The hashes are slices of one
 * long string: keeping one keeps all of them in memory.
 * @param bytesOf gives the bytes of an item, which are read at once
 */
export function hashMany<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => Uint8Array,
  found: (item: Item, hash: Hash) => void,
): void {
  prepareHashMany();
  if (!second) {
    for (const item of items) found(item, hash256(bytesOf(item)));
    return;
  }
  const { memory, hash } = second;
  for (let done = 0; done < items.length; done += BATCH) {
    const batch = items.slice(done, done + BATCH);
    for (const [i, item] of batch.entries())
      memory.write(crypto.hash('sha256', bytesOf(item), 'binary'), i * HASH_BYTES, HASH_BYTES, 'latin1');
    const end = HASHES + batch.length * HASH_BYTES;
    hash(0, HASHES, end);
    const text = memory.toString('latin1', HASHES, end);
    for (const [i, item] of batch.entries())
      found(item, text.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES) as Hash);
  }
}

/**
 * Writes the double SHA-256 of messages of 64 bytes that lie one behind the other.
 * @param from the messages
 * @param count how many there are
 * @param target where the hashes go, one behind the other; it may be `from`
 */
export function hashPairs(from: Buffer, count: number, target: Buffer): void {
  prepareHashMany();
  if (!second) {
    for (let i = 0; i < count; i++) target.write(hash256(pairAt(from, i)), i * HASH_BYTES, 'latin1');
    return;
  }
  const { memory, hash } = second;
  for (let done = 0; done < count; done += BATCH) {
    const batch = Math.min(BATCH, count - done);
    for (let i = 0; i < batch; i++) {
      const first = crypto.hash('sha256', pairAt(from, done + i), 'binary');
      memory.write(first, i * HASH_BYTES, HASH_BYTES, 'latin1');
    }
    const end = HASHES + batch * HASH_BYTES;
    hash(0, HASHES, end);
    memory.copy(target, done * HASH_BYTES, HASHES, end);
  }
}

function pairAt(bytes: Buffer, index: number): Buffer {
  return bytes.subarray(2 * index * HASH_BYTES, 2 * (index + 1) * HASH_BYTES);
}
