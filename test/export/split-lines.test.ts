import fc from 'fast-check';
import { LineSerializer } from '../../src/export/line';
import { offsetOfLine, seriesOfLine } from '../../src/export/split-lines';

const serializer = new LineSerializer({ maxBytes: 65_536 });
const odd = fc.stringMatching(/^[a \\"\n,=ü]{0,12}$/);

describe('lines', () => {
  it('are split, whatever their tags and strings contain', () => {
    const oneLine = fc.tuple(odd, odd).map(([node, sha]) => ({
      line: serializer.serialize({
        series: 'tx',
        time: 1n,
        tags: { node: node.replaceAll('\n', ''), network: 'regtest' },
        fields: { sha, vsize: 1 },
      }),
    }));
    fc.assert(
      fc.property(fc.array(oneLine, { minLength: 1, maxLength: 8 }), (list) => {
        const lines = list.map(({ line }) => {
          if (typeof line !== 'string') throw new Error(line.detail);
          return Buffer.from(`${line}\n`);
        });
        const all = Buffer.concat(lines);
        for (let n = 0; n <= lines.length; n++)
          expect(offsetOfLine(all, n)).toBe(Buffer.concat(lines.slice(0, n)).length);
      }),
    );
  });

  it('end with the bytes', () => {
    expect(offsetOfLine(Buffer.from('a b=1 1\nc'), 5)).toBe(9);
    expect(offsetOfLine(Buffer.from('a b="1'), 1)).toBe(6);
  });

  it('begin with their series', () => {
    const bytes = Buffer.from('tx,a=b c=1 1\ntx_inputs c=1 1\n');
    expect(seriesOfLine(bytes)).toBe('tx');
    expect(seriesOfLine(bytes, offsetOfLine(bytes, 1))).toBe('tx_inputs');
  });
});
