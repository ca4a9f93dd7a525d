import fc from 'fast-check';
import { LineSerializer } from '../../src/export/line';
import type { FieldValue, Point } from '../../src/metrics/point';
import { SERIES_NAMES, columnNames, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { type ParsedLine, parseLine } from '../support/parse-line';

const lines = new LineSerializer({ maxBytes: 1400 });
const TAGS = { node: 'n', network: 'regtest' };
const TIME = 1_700_000_000_123_456_789n;

const tx = (fields: Record<string, unknown>, tags: Record<string, string> = TAGS): Point => ({
  series: 'tx',
  time: TIME,
  tags,
  fields: fields as Record<string, FieldValue>,
});

describe('a line', () => {
  it.each<[string, Record<string, FieldValue>, string]>([
    ['an integer', { tx_size: 250 }, 'tx_size=250i'],
    ['zero', { tx_size: 0 }, 'tx_size=0i'],
    ['minus zero', { tx_size: -0 }, 'tx_size=0i'],
    ['a negative integer', { version_num: -1 }, 'version_num=-1i'],
    ['the largest exact integer', { weight: 2 ** 53 - 1 }, 'weight=9007199254740991i'],
    ['the smallest exact integer', { weight: -(2 ** 53) + 1 }, 'weight=-9007199254740991i'],
    ['true', { is_standard: true }, 'is_standard=true'],
    ['false', { is_standard: false }, 'is_standard=false'],
    ['an empty string', { sha: '' }, 'sha=""'],
    ['quotes', { sha: 'a"b"' }, 'sha="a\\"b\\""'],
    ['a backslash', { sha: 'a\\b' }, 'sha="a\\\\b"'],
    ['a backslash at the end', { sha: 'a\\' }, 'sha="a\\\\"'],
    ['comma, space, equals sign', { sha: 'a, b=c' }, 'sha="a, b=c"'],
    ['letters beyond ASCII', { sha: 'ü₿😀' }, 'sha="ü₿😀"'],
    ['a newline and control characters', { sha: '\0\t\n\x1b' }, 'sha="\0\t\n\x1b"'],
    ['unknown values left out', { tx_size: undefined, sha: 'x' }, 'sha="x"'],
    ['several', { tx_size: 1, is_standard: true, sha: 'x' }, 'tx_size=1i,is_standard=true,sha="x"'],
  ])('writes %s', (_, fields, expected) => {
    expect(lines.serialize(tx(fields))).toBe(`tx,network=regtest,node=n ${expected} ${TIME}`);
  });

  it.each([
    ['0', 0],
    ['0.5', 0.5],
    ['-12.75', -12.75],
    ['1e+21', 1e21],
    ['1e-7', 1e-7],
    ['5e-324', 5e-324],
    ['1.7976931348623157e+308', Number.MAX_VALUE],
  ])('writes the float %s', (text, cpu) => {
    const line = lines.serialize({ series: 'btcdmon', time: TIME, tags: TAGS, fields: { cpu } });
    expect(line).toBe(`btcdmon,network=regtest,node=n cpu=${text} ${TIME}`);
  });

  it.each([
    ['comma', 'a,b', 'a\\,b'],
    ['space', 'a b', 'a\\ b'],
    ['equals sign', 'a=b', 'a\\=b'],
    ['all of them', ' ,=', '\\ \\,\\='],
    ['a quote, which means nothing in a tag', 'a"b', 'a"b'],
    ['a backslash inside', 'a\\b', 'a\\b'],
    ['a backslash before a comma', 'a\\,b', 'a\\\\,b'],
    ['a backslash at the end, which nothing can write', 'a\\', 'a'],
    ['letters beyond ASCII', 'ünï₿', 'ünï₿'],
  ])('escapes in a tag: %s', (_, node, expected) => {
    expect(lines.serialize(tx({ sha: 'x' }, { node, network: 'r' }))).toBe(
      `tx,network=r,node=${expected} sha="x" ${TIME}`,
    );
  });

  it.each(['', '\\', '\\\\'])('leaves out a tag without a value: %j', (node) => {
    expect(lines.serialize(tx({ sha: 'x' }, { node, network: 'r' }))).toBe(`tx,network=r sha="x" ${TIME}`);
  });
});

describe('a point that no line can hold', () => {
  it.each<[string, Point, string]>([
    ['without fields', tx({}), 'no fields'],
    ['whose values are all unknown', tx({ tx_size: undefined }), 'no fields'],
    ['NaN as integer', tx({ tx_size: NaN }), 'value'],
    ['infinity', tx({ tx_size: -Infinity }), 'value'],
    ['a fraction as integer', tx({ tx_size: 1.5 }), 'value'],
    ['an integer that is not exact', tx({ tx_size: 2 ** 53 }), 'value'],
    ['a bigint', tx({ tx_size: 1n }), 'value'],
    ['null', tx({ tx_size: null }), 'value'],
    ['a number as string', tx({ sha: 1 }), 'value'],
    ['a string as integer', tx({ tx_size: '1' }), 'value'],
    ['a number as boolean', tx({ is_standard: 1 }), 'value'],
    ['a column that the schema lacks', tx({ evil: 1, sha: 'x' }), 'unknown column'],
    ['a column of Object.prototype', tx({ constructor: 1 }), 'unknown column'],
    ['a tag that the schema lacks', tx({ sha: 'x' }, { ...TAGS, evil: 'x' }), 'unknown tag'],
    ['a tag with a newline', tx({ sha: 'x' }, { node: 'a\nb' }), 'tag'],
    ['a tag with a carriage return', tx({ sha: 'x' }, { node: 'a\r' }), 'tag'],
    ['a time beyond 64 bits', { ...tx({ sha: 'x' }), time: 2n ** 63n }, 'time'],
    ['a line that is too long', tx({ sha: 'x'.repeat(1400) }), 'too long'],
    ['a line that is too long in bytes alone', tx({ sha: '₿'.repeat(500) }), 'too long'],
    ['a series that the schema lacks', { ...tx({}), series: 'evil' as 'tx' }, 'unknown column'],
    ['NaN as float', { series: 'btcdmon', time: 1n, tags: TAGS, fields: { cpu: NaN } }, 'value'],
    ['infinity as float', { series: 'btcdmon', time: 1n, tags: TAGS, fields: { cpu: Infinity } }, 'value'],
  ])('is refused: %s', (_, point, reason) => {
    expect(lines.serialize(point)).toMatchObject({ reason });
  });

  it('is named without its text, which may come from a peer', () => {
    expect(lines.serialize(tx({ tx_size: 'evil' }))).toEqual({
      reason: 'value',
      detail: 'tx.tx_size: a string is not an integer within ±2^53',
    });
  });
});

describe('the schema', () => {
  it.each(SERIES_NAMES)('%s: no name needs escaping, and all its columns fit into a datagram', (series) => {
    for (const name of [series, ...tagNames(series), ...columnNames(series)])
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    const values: Record<ColumnType, FieldValue> = {
      int: 999_999_999,
      float: 1 / 3,
      bool: false,
      string: 'f'.repeat(64),
    };
    const columns = Object.entries(seriesOf(series).columns);
    const fields = Object.fromEntries(columns.map(([name, { type }]) => [name, values[type]]));
    const tags = Object.fromEntries(tagNames(series).map((name) => [name, 't'.repeat(20)]));
    const line = lines.serialize({ series, time: TIME, tags, fields });
    if (typeof line !== 'string') throw new Error(line.detail);
    expect(Object.keys(parseLine(line).fields)).toEqual(columnNames(series));
  });
});

it('reads back as what was written, whatever the values', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('\\', '"', ',', ' ', '=', 'i', 'a', '\n') }),
  );
  const arbitraries: Record<ColumnType, fc.Arbitrary<FieldValue>> = {
    int: fc.maxSafeInteger().map((value) => value + 0),
    float: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    bool: fc.boolean(),
    string: text,
  };
  const point = fc.constantFrom(...SERIES_NAMES).chain((series) =>
    fc.record({
      series: fc.constant(series),
      time: fc.bigInt(-(2n ** 63n) + 2n, 2n ** 63n - 2n),
      tags: fc.record(
        Object.fromEntries(
          tagNames(series).map((name) => [name, text.map((tag) => tag.replace(/[\n\r]|\\+$/g, ''))]),
        ),
        { requiredKeys: [] },
      ),
      fields: fc.record(
        Object.fromEntries(
          Object.entries(seriesOf(series).columns).map(([name, { type }]) => [
            name,
            fc.option(arbitraries[type], { nil: undefined }),
          ]),
        ),
        { requiredKeys: [] },
      ),
    }),
  );
  const generous = new LineSerializer({ maxBytes: 1_000_000 });
  fc.assert(
    fc.property(point, ({ series, time, ...rest }) => {
      const tags = rest.tags as Record<string, string>;
      const fields = rest.fields as Record<string, FieldValue>;
      const known = Object.entries(fields).filter(([, value]) => value !== undefined);
      const line = generous.serialize({ series, time, tags, fields });
      if (known.length === 0) {
        expect(line).toMatchObject({ reason: 'no fields' });
        return;
      }
      if (typeof line !== 'string') throw new Error(line.detail);
      const expected: ParsedLine = {
        series,
        time,
        tags: Object.fromEntries(
          Object.entries(tags)
            .map(([name, tag]): [string, string] => [name, tag.replace(/\\+$/, '')])
            .filter(([, tag]) => tag !== ''),
        ),
        fields: Object.fromEntries(
          known.map(([name, value]) => [name, { type: seriesOf(series).columns[name]?.type ?? '', value }]),
        ),
      };
      expect(parseLine(line)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
