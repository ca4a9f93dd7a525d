import { UsageError } from '../../src/lib/errors';
import { type QueryArgs, formatQuery, parseQuery } from '../../src/query/model';

const now = 1_700_000_000_000_000_000n;
const parse = (args: Partial<QueryArgs>) => parseQuery({ series: 'tx_outputs', ...args }, now);

it('asks for the last hour by default', () => {
  expect(parse({})).toEqual({
    series: 'tx_outputs',
    since: now - 3_600_000_000_000n,
    until: now,
    where: null,
    agg: null,
    by: [],
    everyNs: null,
    limit: 0,
  });
});

it.each<Partial<QueryArgs>>([
  {},
  { since: '1d', until: '30m' },
  { where: "script_type IN ('a', 'it''s \\\\') OR NOT (size > 1.5 AND is_dust = true)" },
  { agg: ['count'], by: ['script_type', 'value'], every: '1m', limit: 5 },
  { agg: ['P90', 'value'], every: '1500ms', limit: '7' },
])('%j survives a round trip as text', (args) => {
  const query = parse(args);
  expect(parseQuery(formatQuery(query), now + 99n)).toEqual(query);
});

it.each<readonly [Partial<QueryArgs>, string]>([
  [{ series: 'tx_output' }, 'there is no series tx_output; did you mean tx_outputs?'],
  [{ series: 'zzzzzzzz' }, 'there is no series zzzzzzzz; there are bandwidth, blocks,'],
  [{ series: '__proto__' }, 'there is no series __proto__'],
  [{ series: 'constructor' }, 'there is no series constructor'],
  [{ since: '1m', until: '1h' }, 'is not before --until'],
  [{ since: '2030-01-01' }, '--since 2030-01-01T00:00:00.000000000Z is not before --until'],
  [{ agg: ['avg', 'size'] }, '--agg avg: there is no such aggregate; use one of count, sum'],
  [{ agg: ['sum'] }, '--agg sum needs a column, such as --agg sum num_pubkeys; tx_outputs has num_pubkeys,'],
  [{ agg: ['sum', 'size', 'value'] }, 'takes one aggregate and at most one column'],
  [{ agg: ['sum', 'sizes'] }, 'series tx_outputs has no column sizes; did you mean size?'],
  [{ agg: ['sum', 'is_dust'] }, '--agg sum is_dust: the column is not a number (bool)'],
  [{ agg: ['count', 'script_type'] }, 'script_type is a tag; group by it: --agg count --by script_type'],
  [{ agg: ['rate', 'size'] }, 'size is a fact, which has no rate'],
  [{ agg: ['count', '__proto__'] }, 'has no column __proto__'],
  [{ by: ['node'] }, '--by makes groups for --agg'],
  [{ every: '1m' }, '--every makes buckets for --agg'],
  [{ agg: ['count'], by: ['scripttype'] }, 'did you mean script_type?'],
  [{ agg: ['count'], by: ['node', 'node'] }, '--by node is given twice'],
  [{ agg: ['count'], by: ['time'] }, '--by time: use --every'],
  [{ agg: ['count'], every: 'x' }, '--every x: not a duration'],
  [{ limit: '-1' }, '--limit -1: not a whole number'],
  [{ limit: '1.5' }, '--limit 1.5: not a whole number'],
  [{ limit: 'all' }, '--limit all: not a whole number'],
  [{ limit: NaN }, '--limit NaN: not a whole number'],
])('refuses %j', (args, message) => {
  expect(() => parse(args)).toThrow(UsageError);
  expect(() => parse(args)).toThrow(message);
});
