import fc from 'fast-check';
import { LineParser } from '../../src/collect/parse-line';
import { LINE_REFUSALS } from '../../src/collect/line-refusal';
import { LineSerializer, MAX_LINE_BYTES } from '../../src/export/line';
import type { FieldValue, Point } from '../../src/metrics/point';
import { SERIES_NAMES, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { parseLine } from '../support/parse-line';

const serializer = new LineSerializer({ maxBytes: MAX_LINE_BYTES });

function lineOf(point: Point): string {
  const line = serializer.serialize(point);
  if (typeof line !== 'string') throw new Error(line.detail);
  return line;
}

/** Text without newlines: none of our strings has any. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .map((it) => it.replace(/\p{Cc}/gu, '').replace(/[\ud800-\udfff]/g, (it) => it));

const VALUES: Readonly<Record<ColumnType, fc.Arbitrary<FieldValue>>> = {
  int: fc.maxSafeInteger().map((it) => it + 0),
  float: fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0),
  bool: fc.boolean(),
  string: fc.oneof(text, fc.constantFrom('', '"', '\\', 'a\\"', ',= ', 'x"y z=1i 5')),
};

/** A point of any series with some of its columns and tags. */
const points: fc.Arbitrary<Point> = fc.constantFrom(...SERIES_NAMES).chain((series) => {
  const columns = Object.entries(seriesOf(series).columns);
  return fc
    .record({
      fields: fc.record(Object.fromEntries(columns.map(([name, { type }]) => [name, VALUES[type]])), {
        requiredKeys: [],
      }),
      tags: fc.record(
        Object.fromEntries(
          tagNames(series).map((name) => [
            name,
            name === 'network'
              ? fc.constantFrom('mainnet', 'regtest')
              : text.filter((it) => /[^\\]$/.test(it)),
          ]),
        ),
        { requiredKeys: ['node'] },
      ),
      time: fc.bigInt(-9_223_372_036_854_775_806n, 9_223_372_036_854_775_806n),
    })
    .filter(({ fields }) => Object.keys(fields).length > 0)
    .map(({ fields, tags, time }) => ({ series, fields, tags: tags as Point['tags'], time }));
});

describe('the parser of lines', () => {
  it('reads every point that the serializer writes', () => {
    const parser = new LineParser();
    fc.assert(
      fc.property(points, (point) => {
        expect(parser.parse(lineOf(point))).toEqual(point);
      }),
      { numRuns: 1_000 },
    );
  });

  it('agrees with a parser written after InfluxDB’s on every line that it accepts', () => {
    const parser = new LineParser();
    const sample = 'tx,network=regtest,node=a\\ b tx_size=1i,sha="x\\"y",is_standard=true 12';
    const damaged = fc
      .tuple(
        fc.nat(sample.length),
        fc.nat(4),
        fc.string({ unit: fc.constantFrom(' ', ',', '=', '\\', '"', 'i', '1', 'x', 't', '.', '-') }),
      )
      .map(([at, length, put]) => sample.slice(0, at) + put + sample.slice(at + length));
    let taken = 0;
    fc.assert(
      fc.property(damaged, (line) => {
        const point = parser.parse(line);
        if (typeof point === 'string') return;
        taken += 1;
        const { series, tags, fields, time } = parseLine(line);
        expect(point).toMatchObject({ series, tags, time });
        for (const [name, { value }] of Object.entries(fields)) expect(point.fields[name]).toEqual(value);
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it('never throws, whatever the input', () => {
    const parser = new LineParser();
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            'tx',
            ',',
            'node',
            '=',
            'a',
            ' ',
            '\\',
            '"',
            '1i',
            '__proto__',
            'sha',
            'constructor',
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, (line) => {
        const result = parser.parse(line);
        if (typeof result === 'string') expect(Object.keys(LINE_REFUSALS)).toContain(result);
      }),
      { numRuns: 5_000 },
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['', 'not line protocol'],
    [' ', 'not line protocol'],
    ['tx', 'not line protocol'],
    ['GET / HTTP/1.1', 'unknown series'],
    ['{"a": 1}', 'not line protocol'],
    ['tx,node=a ', 'not line protocol'],
    ['tx,node=a  tx_size=1i 1', 'not line protocol'],
    ['tx,node=a sha="open 1', 'not line protocol'],
    ['tx,node=a sha="a"b 1', 'not line protocol'],
    ['tx,node tx_size=1i 1', 'not line protocol'],
    ['tx,node=a tx_size=1i,=2i 1', 'not line protocol'],
    ['tx tx_size=1i 1', 'no node'],
    ['tx,node= tx_size=1i 1', 'bad value'],
    ['tx,node=a,node=b tx_size=1i 1', 'bad value'],
    [`tx,node=${'a'.repeat(257)} tx_size=1i 1`, 'bad value'],
    ['tx,node=a\u0007 tx_size=1i 1', 'bad value'],
    ['tx,node=a,network=moon tx_size=1i 1', 'unknown network'],
    ['cpu,node=a usage=1 1', 'unknown series'],
    ['__proto__,node=a usage=1 1', 'unknown series'],
    ['tx,node=a,host=b tx_size=1i 1', 'unknown tag'],
    ['tx,node=a tx_size=1i,new_column=1i 1', 'unknown column'],
    ['tx,node=a __proto__=1i 1', 'unknown column'],
    ['tx,node=a tx_size=1 1', 'bad value'],
    ['tx,node=a tx_size=1.5i 1', 'bad value'],
    ['tx,node=a tx_size=-i 1', 'bad value'],
    ['tx,node=a tx_size="1" 1', 'bad value'],
    ['tx,node=a tx_size=9007199254740992i 1', 'bad value'],
    ['tx,node=a tx_size=99999999999999999999i 1', 'bad value'],
    ['tx,node=a tx_size=1i,tx_size=2i 1', 'bad value'],
    ['tx,node=a is_standard=1 1', 'bad value'],
    ['tx,node=a sha=abc 1', 'bad value'],
    ['ping,node=a rtt=NaN 1', 'bad value'],
    ['ping,node=a rtt=1e999 1', 'bad value'],
    ['ping,node=a rtt=1i 1', 'bad value'],
    ['tx,node=a tx_size=1i', 'no time'],
    ['tx,node=a tx_size=1i ', 'no time'],
    ['tx,node=a tx_size=1i 1.5', 'no time'],
    ['tx,node=a tx_size=1i 9223372036854775807', 'no time'],
    ['tx,node=a tx_size=1i 1 2', 'no time'],
  ])('refuses %j: %s', (line, refusal) => {
    expect(new LineParser().parse(line)).toBe(refusal);
  });

  it.each([
    ['tx,node=a tx_size=-5i 0', { tx_size: -5 }],
    ['tx,node=a tx_size=-0i 0', { tx_size: 0 }],
    ['tx,node=a is_standard=T 0', { is_standard: true }],
    ['ping,node=a rtt=3 0', { rtt: 3 }],
    ['ping,node=a rtt=1.5e-7 0', { rtt: 1.5e-7 }],
    ['tx,node=a sha="a\\\\\\"\\b,= " 0', { sha: 'a\\"\\b,= ' }],
  ])('reads %s', (line, fields) => {
    expect(new LineParser().parse(line)).toMatchObject({ fields });
  });

  it('shares one object between the points of a tag set, and bounds its cache', () => {
    const parser = new LineParser();
    const tagsOf = (line: string): unknown => (parser.parse(line) as Point).tags;
    expect(tagsOf('tx,node=a tx_size=1i 1')).toBe(tagsOf('tx,node=a tx_size=2i 2'));
    for (let i = 0; i < 250_000; i++) parser.parse(`tx,node=${i} tx_size=1i 1`);
    const { prefixes } = parser as unknown as { readonly prefixes: ReadonlyMap<string, unknown> };
    expect(prefixes.size).toBeLessThanOrEqual(100_000);
    for (let i = 0; i < 1_000; i++) parser.parse(`made_up_${i},node=a tx_size=1i 1`);
    expect(prefixes.size).toBeLessThanOrEqual(100_000);
  });
});
