import fc from 'fast-check';
import { PartialMessage } from '../../src/wire/partial-message';

const pattern = Buffer.from(Array.from({ length: 251 }, (_, i) => i));

describe('a message that has come in part', () => {
  it('has the bytes that came, in any chunks, at every size at which its memory grows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 20 }),
        (wanted, sizes) => {
          const whole = Buffer.alloc(wanted, pattern);
          const partial = new PartialMessage(wanted);
          for (let at = 0, n = 0; at < wanted; n++) {
            const end = Math.min(wanted, at + Math.max(1, sizes[n % sizes.length] ?? 1));
            expect(partial.missing).toBe(wanted - at);
            partial.add(whole.subarray(at, end));
            at = end;
          }
          const taken = partial.take();
          expect(taken.equals(whole)).toBe(true);
          // Code that reads bytes is slower once it has met a resizable buffer.
          expect((taken.buffer as ArrayBuffer).resizable).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('frees its memory at once, without a garbage collection', () => {
    const chunk = Buffer.alloc(65_536, 1);
    const partials = Array.from({ length: 10 }, () => new PartialMessage(4_000_000));
    const before = process.memoryUsage.rss();
    for (const partial of partials) for (let n = 0; n < 61; n++) partial.add(chunk);
    const filled = process.memoryUsage.rss();
    expect(filled - before).toBeGreaterThan(30_000_000);
    for (const partial of partials) partial.drop();
    expect(filled - process.memoryUsage.rss()).toBeGreaterThan(30_000_000);
  });
});
