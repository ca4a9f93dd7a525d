import { readParams } from '../../src/web/params';

describe('parameters', () => {
  it.each(['node=%00', 'node=a%00b', 'node=%0a', 'node=%1b', 'node=%7f', 'node=%ff', 'node=%ed%a0%80'])(
    'that are not text are refused: %s',
    (query) => {
      expect(() => readParams(new URLSearchParams(query), ['node'])).toThrow(
        'the parameter node has control characters, or is not UTF-8',
      );
    },
  );

  it('that a path does not know are refused with those that it takes', () => {
    const params = new URLSearchParams('node=%00');
    expect(() => readParams(params, ['since', 'until'])).toThrow(
      'there is no parameter node; there are since, until',
    );
    expect(() => readParams(params, [])).toThrow('there is no parameter node; this path takes none');
  });

  it('of any other text are accepted', () => {
    expect(readParams(new URLSearchParams('node=%C3%A9%20x'), ['node'])).toEqual({ node: 'é x' });
  });
});
