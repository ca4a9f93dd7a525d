import fc from 'fast-check';
import { LineReader } from '../../src/collect/line-reader';

/** The result of a reader for bytes that come in pieces. */
function read(pieces: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const reader = new LineReader({
    line: (text) => {
      seen.push(text);
      return true;
    },
    bad: (refusal) => {
      seen.push(`<${refusal}>`);
      return true;
    },
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return seen;
}

describe('the reader of lines', () => {
  it('finds the same lines however the bytes are split', () => {
    const bytes = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
          fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
          fc
            .constantFrom('\n', '\n\n', '\r\n', 'x'.repeat(65_536), 'y'.repeat(70_000))
            .map((text) => Buffer.from(text)),
        ),
        { maxLength: 12 },
      )
      .map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(1_000), { maxLength: 20 }), (all, cuts) => {
        const pieces: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) pieces.push(all.subarray(from, (from += cut)));
        pieces.push(all.subarray(from));
        expect(read(pieces)).toEqual(read([all]));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, string[]]>([
    ['', []],
    ['a', ['a']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\n\r\n\nb', ['a', 'b']],
    ['"open\nb\n', ['"open', 'b']],
    [`a\n${'x'.repeat(65_536)}\nb\n`, ['a', 'x'.repeat(65_536), 'b']],
    [`a\n${'x'.repeat(65_537)}\nb\n`, ['a', '<too long>', 'b']],
    [`a\n${'x'.repeat(300_000)}\nb\n`, ['a', '<too long>', 'b']],
    ['x'.repeat(300_000), ['<too long>']],
    [`${'é'.repeat(40_000)}\nb\n`, ['<too long>', 'b']],
  ])('reads %j', (text, lines) => {
    const bytes = Buffer.from(text);
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(read([bytes])).toEqual(lines);
    expect(read(single)).toEqual(lines);
  });

  it('refuses only the line with bytes that are no UTF-8', () => {
    expect(read([Buffer.from('a\n\xff\xfe\nb\u00e9\nc', 'latin1')])).toEqual([
      'a',
      '<not UTF-8>',
      '<not UTF-8>',
      'c',
    ]);
    expect(read([Buffer.from('a\né\n\n😀\n')])).toEqual(['a', 'é', '😀']);
  });

  it('stops reading when its sink returns false', () => {
    const seen: string[] = [];
    const reader = new LineReader({
      line: (text) => {
        seen.push(text);
        return text !== 'b';
      },
      bad: () => true,
    });
    expect(reader.push(Buffer.from('a\nb\nc\nd\n'))).toBe(false);
    expect(seen).toEqual(['a', 'b']);
  });

  it('keeps at most one line of a sender that never ends its line', () => {
    const reader = new LineReader({ line: () => true, bad: () => true });
    const { parts } = reader as unknown as { readonly parts: readonly Buffer[] };
    for (let i = 0; i < 3_000; i++) {
      reader.push(Buffer.from('z'.repeat(50)));
      expect(parts.length).toBeLessThanOrEqual(17);
      expect(parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(65_536);
    }
  });
});
