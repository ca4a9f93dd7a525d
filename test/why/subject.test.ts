import fc from 'fast-check';
import { UsageError } from '../../src/lib/errors';
import { parseSubject } from '../../src/why/subject';

/** Texts that look like what is asked for, and are damaged. */
const near = fc
  .tuple(
    fc.constantFrom(
      'ab'.repeat(32),
      'AB'.repeat(31),
      '900,000',
      '900 000',
      '192.0.2.1:8333',
      '[2001:db8::1%eth0]:8333',
      `${'a'.repeat(56)}.onion:8333`,
      'pool.example',
    ),
    fc.nat(70),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )
  .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + more.length));

describe('what a person asks `why` for', () => {
  it('is one of the kinds in bounded text of its own, or refused with one line, whatever it is', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof(near, fc.string({ unit: 'binary', maxLength: 300 }), fc.constant('9'.repeat(1e5))),
        (text) => {
          try {
            const subject = parseSubject(text);
            kinds.add(subject.kind);
            const [, value] = Object.values<string | number>(subject);
            // It goes into statements and paths of the page.
            expect(String(value)).toMatch(/^[\w.:[\]%-]{1,120}$/);
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
            expect((error as UsageError).message.length).toBeLessThan(300);
            kinds.add('refused');
          }
        },
      ),
      { numRuns: 3_000 },
    );
    expect([...kinds].sort()).toEqual(['hash', 'height', 'host', 'peer', 'prefix', 'refused']);
  });
});
