import {
  compileAggregate,
  compilePoints,
  neededColumns,
  pointColumns,
  quoted,
} from '../../src/query/influxql';
import { type QueryArgs, parseQuery } from '../../src/query/model';
import { compileSql } from '../../src/query/sql';

const query = (args: QueryArgs) => parseQuery({ since: '100', until: '200', ...args }, 0n);
const sqlRange = '"time" >= make_timestamp_ns(100000000000) AND "time" < make_timestamp_ns(200000000000)';
const influxRange = 'time >= 100000000000 AND time < 200000000000';

it('points', () => {
  const points = query({ series: 'bandwidth', where: "node = 'it''s \\\\'", limit: 3 });
  const names = ['bytes_sent', 'bytes_recv', 'handshake_sent', 'handshake_recv', 'decoys_recv'];
  const columns = ['node', 'network', ...names].map((name) => `"${name}"`).join(', ');
  const fields = names.map((name) => `"${name}"::integer`).join(', ');
  expect(compileSql(points)).toBe(
    `SELECT * FROM (SELECT * FROM (SELECT epoch_ns("time") AS "time", ${columns} FROM "bandwidth" WHERE ${sqlRange} AND "node" = 'it''s \\') ORDER BY "time" DESC, "node" DESC, "network" DESC LIMIT 3) ORDER BY "time", "node", "network"`,
  );
  expect(compilePoints(points, pointColumns(points), 3)).toBe(
    `SELECT "node"::tag, "network"::tag, ${fields} FROM "bandwidth" WHERE ${influxRange} AND "node"::tag = 'it\\'s \\\\' ORDER BY time DESC LIMIT 3`,
  );
});

it.each<readonly [QueryArgs, string]>([
  [{ series: 'tx', agg: ['count'] }, `SELECT count("sha"::string) FROM "tx" WHERE ${influxRange}`],
  [
    { series: 'peers', agg: ['count'], by: ['user_agent'], every: '1m' },
    `SELECT count("total_connected"::integer), count("version"::integer) FROM "peers" WHERE ${influxRange} GROUP BY time(60000ms), "user_agent" fill(none)`,
  ],
  [
    { series: 'tx_outputs', agg: ['p99', 'value'], by: ['node'] },
    `SELECT percentile("value"::integer, 99) FROM "tx_outputs" WHERE ${influxRange} GROUP BY "node" fill(none)`,
  ],
  [
    { series: 'bandwidth', agg: ['rate', 'bytes_recv'] },
    `SELECT sum("increase") FROM (SELECT non_negative_difference("bytes_recv"::integer) AS "increase" FROM "bandwidth" WHERE ${influxRange} GROUP BY *) WHERE ${influxRange}`,
  ],
  [
    { series: 'btcdmon', agg: ['mean', 'cpu'], where: 'cpu > 1e-7 OR cpu < 2.5' },
    `SELECT mean("cpu"::float) FROM "btcdmon" WHERE ${influxRange} AND ("cpu"::float > ${(1e-7).toFixed(100).replace(/0+$/, '')}0 OR "cpu"::float < 2.50)`,
  ],
  [
    { series: 'tx_outputs', agg: ['count'], where: 'is_dust = false' },
    `SELECT count("size"::integer) FROM "tx_outputs" WHERE ${influxRange} AND ("is_dust"::boolean = false AND "is_dust"::boolean = "is_dust"::boolean)`,
  ],
])('InfluxQL for %j', (args, expected) => {
  expect(compileAggregate(query(args))).toBe(expected);
});

it.each<readonly [QueryArgs, string]>([
  [
    { series: 'tx', agg: ['count'] },
    `SELECT count(*) AS aggregate_of_group FROM "tx" WHERE ${sqlRange} GROUP BY ALL HAVING aggregate_of_group > 0`,
  ],
  [
    { series: 'tx', agg: ['sum', 'tx_size'], by: ['node'], every: '1m', limit: 2 },
    `SELECT * FROM (SELECT * FROM (SELECT epoch_ns("time") - epoch_ns("time") % CAST(60000000000 AS BIGINT) AS "time", "node", sum("tx_size") AS aggregate_of_group FROM "tx" WHERE ${sqlRange} GROUP BY ALL HAVING aggregate_of_group IS NOT NULL) ORDER BY "time" DESC NULLS LAST, "node" DESC NULLS LAST LIMIT 2) ORDER BY "time" ASC NULLS FIRST, "node" ASC NULLS FIRST`,
  ],
])('SQL for %j', (args, expected) => {
  expect(compileSql(query(args))).toBe(expected);
});

it('fetches the columns that grouping by a column needs, and an anchor of every point', () => {
  expect(neededColumns(query({ series: 'peers', agg: ['max', 'spv'], by: ['relay'] }))).toEqual([
    'relay',
    'spv',
    'total_connected',
    'version',
  ]);
  expect(
    neededColumns(query({ series: 'bandwidth', agg: ['rate', 'bytes_sent'], by: ['bytes_recv'] })),
  ).toEqual(['node', 'network', 'bytes_recv', 'bytes_sent']);
});

it('quotes identifiers', () => {
  expect(quoted('a"b\\c')).toBe('"a\\"b\\\\c"');
});
