// Line protocol: points to lines, beside JSON.stringify of the same points and beside the client packages
// `influx` and `@influxdata/influxdb-client`, which make the same lines of points in their own forms.
import { createRequire } from 'node:module';
import { makePoints, medianMs } from './support/points.mjs';

const require = createRequire(import.meta.url);
const { LineSerializer } = require('../dist/export/line.js');
const { FieldType, InfluxDB } = require('influx');
const { Point } = require('@influxdata/influxdb-client');
const { seriesOf, tagNames } = require('../dist/metrics/schema.js');

const COUNT = 100_000;
const RUNS = 15;

const points = makePoints(COUNT, 1_700_000_000_000_000_000n);

const serializer = new LineSerializer({ maxBytes: 1_400 });
let bytes = 0;
const ours = () => {
  bytes = 0;
  for (const point of points) bytes += serializer.serialize(point).length + 1;
};

// The package keeps the lines to itself: what it would send is caught at its pool.
const TYPES = {
  int: FieldType.INTEGER,
  float: FieldType.FLOAT,
  bool: FieldType.BOOLEAN,
  string: FieldType.STRING,
};
const client = new InfluxDB({
  host: '127.0.0.1',
  database: 'bench',
  schema: ['tx', 'tx_inputs', 'tx_outputs'].map((series) => ({
    measurement: series,
    tags: tagNames(series),
    fields: Object.fromEntries(
      Object.entries(seriesOf(series).columns).map(([name, { type }]) => [name, TYPES[type]]),
    ),
  })),
});
let body = '';
client._pool.discard = (request) => {
  ({ body } = request);
  return Promise.resolve();
};
const theirs = points.map(({ series, time, tags, fields }) => ({
  measurement: series,
  timestamp: String(time),
  tags,
  fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
}));

// The way its documentation shows: a Point is made of what is known, and asked for its line.
const SET = { int: 'intField', float: 'floatField', bool: 'booleanField', string: 'stringField' };
const lineOfPoint = ({ series, time, tags, fields }) => {
  const point = new Point(series).timestamp(String(time));
  for (const name in tags) point.tag(name, tags[name]);
  const { columns } = seriesOf(series);
  for (const name in fields)
    if (fields[name] !== undefined) point[SET[columns[name].type]](name, fields[name]);
  return point.toLineProtocol();
};
const client2 = () => points.forEach(lineOfPoint);

// JSON has no integers of 64 bits.
const plain = points.map((point) => ({ ...point, time: String(point.time) }));

ours();
await client.writePoints(theirs, { precision: 'n' });
const first = serializer.serialize(points[0]);
if (typeof first !== 'string') throw new Error(first.detail);
const same = (line) => line.split(' ')[0].split(',').sort().join();
for (const other of [body.split('\n')[0], lineOfPoint(points[0])])
  if (same(other) !== same(first)) throw new Error(`${other}\nis not\n${first}`);

const ms = {
  ours: await medianMs(RUNS, ours),
  json: await medianMs(RUNS, () => plain.forEach((point) => JSON.stringify(point))),
  client2: await medianMs(RUNS, client2),
  influx: await medianMs(RUNS, () => client.writePoints(theirs, { precision: 'n' })),
};
const rate = (time) => `${(COUNT / time / 1_000).toFixed(2)} million/s`;
console.log(
  `line: ${rate(ms.ours)} lines of ${(bytes / COUNT).toFixed(0)} bytes; JSON.stringify ${rate(ms.json)} ` +
    `(${(ms.json / ms.ours).toFixed(1)} times slower); the package influx ${rate(ms.influx)} (${(ms.influx / ms.ours).toFixed(1)} times slower); ` +
    `Point of @influxdata/influxdb-client ${rate(ms.client2)} (${(ms.client2 / ms.ours).toFixed(1)} times slower)`,
);
