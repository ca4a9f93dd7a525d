import { compactSize } from '../compact-size';
import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/**
 * Inventory types (Core 31 `src/protocol.h` GetDataMsg). The flag asks for the serialization with witnesses.
 */
export const INV_TX = 1;
export const INV_BLOCK = 2;
const INV_CMPCT_BLOCK = 4; // BIP152
export const INV_WTX = 5; // BIP339
export const INV_WITNESS_FLAG = 0x4000_0000; // BIP144

/** The largest number of items of one message (Core 31 `src/net_processing.cpp` MAX_INV_SZ). */
const MAX_ITEMS = 50_000;

/** Length of an item in bytes. */
export const ITEM_BYTES = 36;

/** One item of `inv`, `getdata` or `notfound`. */
export interface InventoryItem {
  readonly type: number;
  readonly hash: Hash;
}

/** Whether an item is a transaction or a block, in any form; null for other things. */
export function kindOfItem(type: number): 'tx' | 'block' | null {
  switch (type & ~INV_WITNESS_FLAG) {
    case INV_TX:
    case INV_WTX:
      return 'tx';
    case INV_BLOCK:
    case INV_CMPCT_BLOCK:
      return 'block';
    default:
      return null;
  }
}

/** Decodes `inv`, `getdata` and `notfound`, which have the same form. */
export function decodeInventory(payload: Buffer): readonly InventoryItem[] {
  const reader = new ByteReader(payload);
  const count = reader.count(ITEM_BYTES, MAX_ITEMS);
  const items = new Array<InventoryItem>(count);
  for (let i = 0; i < count; i++) items[i] = { type: reader.u32(), hash: reader.hash() };
  return items;
}

/** The payload of `inv`, `getdata` or `notfound`. */
export function encodeInventory(items: readonly InventoryItem[]): Buffer {
  const count = compactSize(items.length);
  const payload = Buffer.alloc(count.length + items.length * ITEM_BYTES);
  count.copy(payload);
  items.forEach((item, i) => {
    const offset = count.length + i * ITEM_BYTES;
    payload.writeUInt32LE(item.type, offset);
    payload.write(item.hash, offset + 4, 'latin1');
  });
  return payload;
}
