import { DuckDBInstance } from '@duckdb/node-api';
import { bandsToDraw } from '../../../src/web/page/mempool-bands';
import { searchOf } from '../../../src/web/page/search';
import { withStored } from '../../../src/web/page/stored-blocks';
import { heightOf } from '../../../src/web/page/arrivals';
import { block } from '../../support/fake-live';

it.each([
  ['ab'.repeat(32), 'Transaction or block'],
  [' 900 000 ', 'Block 900000'],
  ['900,000', 'Block 900000'],
  ['192.0.2.1:8333', 'Peer 192.0.2.1:8333'],
  ['[2001:db8::1]:8333', 'Peer [2001:db8::1]:8333'],
])('knows what %s is', (text, what) => {
  expect(searchOf(text)?.what).toBe(what);
});

it.each(['', 'block size', 'abcdef', "192.0.2.1:8333' OR 1=1", '192.0.2.1', '123456789012'])(
  'looks for no %s',
  (text) => expect(searchOf(text)).toBeNull(),
);

it('asks in statements that DuckDB can parse', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const text of ['ab'.repeat(32), '5', 'a.b:1']) {
    const { count } = await connection.extractStatements(searchOf(text)?.sql ?? '');
    expect(count).toBe(1);
  }
  connection.closeSync();
});

it('puts stored blocks behind those of the stream, each once', () => {
  const shown = withStored([block(9), block(8)], [block(8), block(7)]);
  expect(shown.map(({ height }) => height)).toEqual([9, 8, 7]);
});

it('draws the bands from the lowest to the highest that has something', () => {
  const bands = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000].map(
    (from): readonly [number, number] => [from, from === 2 || from === 2_000 ? 100 : 0],
  );
  const drawn = bandsToDraw({ transactions: 2, bands, unknownVsize: 0, nextBlockRate: 10 });
  expect([drawn[0]?.label, drawn.at(-1)?.label]).toEqual(['2', '2000']);
  expect(drawn.filter(({ kind }) => kind === 'later').map(({ label }) => label)).toEqual(['2', '5']);
  expect(drawn[0]?.title).toMatch(/^2 to 5 sat\/vB: 100.vB$/);
  expect(bandsToDraw({ transactions: 0, bands: [], unknownVsize: 0, nextBlockRate: null })).toEqual([]);
  const [unknown, lowest] = bandsToDraw({ transactions: 3, bands, unknownVsize: 700, nextBlockRate: 10 });
  expect([unknown?.kind, unknown?.label, unknown?.vsize, lowest?.label]).toEqual(['unknown', '?', 700, '2']);
});

it('places feerates between the edges', () => {
  expect([0.01, 0.1, 10, 1_000, 9_999].map(heightOf)).toEqual([0, 0, expect.closeTo(0.5), 1, 1]);
});
