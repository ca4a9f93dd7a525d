import fc from 'fast-check';
import { EntrySplitter } from '../../src/watch/entry-splitter';

/** Feeds the bytes of an answer in chunks of `size`. */
function split(text: string, size: number) {
  const entries: [string | null, unknown][] = [];
  const splitter = new EntrySplitter((key, value) => entries.push([key, value]));
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) splitter.push(bytes.subarray(i, i + size));
  return { entries, members: splitter.end() };
}

describe('EntrySplitter', () => {
  it('gives the entries of an object or a list as JSON.parse does, wherever the chunks end', () => {
    const value = fc.jsonValue({ depthSize: 'small' });
    const result = fc.oneof(fc.dictionary(fc.string(), value), fc.array(value));
    fc.assert(
      fc.property(result, value, fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 2), (...given) => {
        const [result, error, size, indent] = given;
        const text = JSON.stringify({ jsonrpc: '1.0', error, result, id: 7 }, null, indent);
        const { entries, members } = split(`${text}\n`, size);
        const plain = JSON.parse(text) as { result: object; error: unknown };
        expect(members).toEqual({ jsonrpc: '1.0', error: plain.error, id: 7 });
        if (Array.isArray(plain.result))
          expect(entries).toEqual(plain.result.map((entry: unknown) => [null, entry]));
        // Numbers as keys come first in an object, whatever their place in the text.
        else expect(new Map(entries)).toEqual(new Map(Object.entries(plain.result)));
      }),
    );
  });

  it('gives a result that is neither among the members', () => {
    expect(split('{"result":null,"error":{"code":-28,"message":"x"},"id":1}', 5)).toEqual({
      entries: [],
      members: { result: null, error: { code: -28, message: 'x' }, id: 1 },
    });
    expect(split('{"result":"{[,\\"","id":1}', 3).members).toEqual({ result: '{[,"', id: 1 });
  });

  it('takes a result within a member for what it is', () => {
    const { entries, members } = split('{"error":{"result":[1,2]},"result":[3]}', 4);
    expect(entries).toEqual([[null, 3]]);
    expect(members).toEqual({ error: { result: [1, 2] } });
  });

  it.each([
    ['', 'ends in the middle'],
    ['{"result":{"a":1}', 'ends in the middle'],
    ['{"result":{"a":', 'ends in the middle'],
    ['<html>', 'is no object'],
    ['[1,2]', 'is no object'],
    ['"text"', 'is no object'],
    ['{"result":[1}', 'has a wrong bracket'],
    ['{"id":1}}', 'has a bracket too many'],
    ['{"id":1}{"id":2}', 'goes on after its end'],
    ['{"result":[1,x]}', 'x'],
    ['{"result":{1:2}}', ''],
  ])('refuses %s', (text, reason) => {
    expect(() => split(text, 3)).toThrow(SyntaxError);
    expect(() => split(text, 1_000)).toThrow(reason);
  });

  it('refuses an entry that never ends before it fills the memory', () => {
    const splitter = new EntrySplitter(() => undefined);
    const chunk = Buffer.alloc(65_536, 0x61);
    splitter.push(Buffer.from('{"result":["'));
    expect(() => {
      for (let i = 0; i < 1_000; i++) splitter.push(chunk);
    }).toThrow(RangeError);
  });
});
