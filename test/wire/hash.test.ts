import { displayOf, type Hash, hash256, readHash, wireHash } from '../../src/wire/hash';

/** Takes a hash only; the compiler checks its calls. */
const lengthOf = (hash: Hash): number => hash.length;

describe('a hash', () => {
  const display = `00${'7f'.repeat(30)}ff`;

  it('is made from bytes and from the form that people write', () => {
    const bytes = Buffer.from(display, 'hex').reverse();
    expect(readHash(Buffer.concat([Buffer.of(1), bytes, Buffer.of(2)]), 1)).toBe(wireHash(display));
    expect(displayOf(readHash(bytes, 0))).toBe(display);
    expect(lengthOf(hash256(bytes))).toBe(32);
  });

  it('is told from other strings by the compiler', () => {
    // @ts-expect-error -- a hash in hexadecimal is no `Hash`
    expect(lengthOf(display)).toBe(64);
    // @ts-expect-error -- nor is any other string
    expect(displayOf('a')).toBe('61');
  });
});
