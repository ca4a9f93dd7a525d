import fc from 'fast-check';
import { heldBytes, RawStore } from '../../src/mempool/raw-store';

/**
 * Bytes that differ from one number to the next, and from chunk to chunk: the pattern does not fit into 64.
 */
const bytesOf = (number: number, size: number): Buffer =>
  Buffer.alloc(size, `${number} and a tail that makes it long`.padEnd(61));

function read(store: RawStore, raw: number, size: number): Buffer {
  const target = Buffer.alloc(size + 2, 0xee);
  store.copy(raw, size, target, 1);
  expect([target[0], target[size + 1]]).toEqual([0xee, 0xee]);
  return target.subarray(1, size + 1);
}

describe('RawStore', () => {
  it('returns what was stored, whatever was added and removed in between', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(63, 64, 65, 128, 129, 70_000, 1_100_000),
    );
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ size }) },
        { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
      ),
      { minLength: 20, maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const store = new RawStore();
        let kept: { readonly raw: number; readonly number: number; readonly size: number }[] = [];
        all.forEach((step, number) => {
          if ('size' in step) {
            // Not the whole buffer: the bytes before and after belong to others.
            const bytes = Buffer.concat([Buffer.alloc(3), bytesOf(number, step.size), Buffer.alloc(3)]);
            kept.push({ raw: store.add(bytes, 3, 3 + step.size), number, size: step.size });
            bytes.fill(0);
          } else {
            const gone = kept[step.remove % Math.max(1, kept.length)];
            if (gone !== undefined) store.remove(gone.raw);
            kept = kept.filter((one) => one !== gone);
          }
        });
        for (const { raw, number, size: length } of kept)
          expect(read(store, raw, length).equals(bytesOf(number, length))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('reuses freed space before it takes more', () => {
    const store = new RawStore();
    const bytes = bytesOf(1, 1_000);
    const first = Array.from({ length: 2_000 }, () => store.add(bytes, 0, bytes.length));
    for (const raw of first) store.remove(raw);
    const again = Array.from({ length: 2_000 }, () => store.add(bytes, 0, bytes.length));
    // Chunks are numbered: no number is above the highest of the first time.
    expect(Math.max(...again)).toBeLessThanOrEqual(Math.max(...first));
    expect(new Set(again).size).toBe(2_000);
  });

  it('reports the memory of a size: whole chunks of 64, and 4 for each', () => {
    expect([1, 64, 65, 640].map(heldBytes)).toEqual([68, 68, 136, 680]);
  });
});
