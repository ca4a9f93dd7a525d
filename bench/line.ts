// Measures how fast points become line protocol. Compares our serializer with JSON.stringify of the same
// points and with the client packages `influx` and `@influxdata/influxdb-client`, which make the same lines
// from their own types.
import { Point as ClientPoint } from '@influxdata/influxdb-client';
import { FieldType, InfluxDB } from 'influx';
import { LineSerializer } from '#dist/export/line';
import type { Point } from '#dist/metrics/point';
import { seriesOf, tagNames } from '#dist/metrics/schema';
import { lineOf } from '../test/support/line-of';
import { medianMs, medianMsOf } from './support/median';
import { makePoints } from './support/points';

const COUNT = 100_000;
const RUNS = 15;

const points = makePoints(COUNT, 1_700_000_000_000_000_000n);

const serializer = new LineSerializer({ maxBytes: 1_400 });
let bytes = 0;
function ours(): void {
  bytes = 0;
  for (const point of points) bytes += lineOf(serializer, point).length + 1;
}

const TYPES = {
  int: FieldType.INTEGER,
  float: FieldType.FLOAT,
  bool: FieldType.BOOLEAN,
  string: FieldType.STRING,
};
const client = new InfluxDB({
  host: '127.0.0.1',
  database: 'bench',
  schema: (['tx', 'tx_inputs', 'tx_outputs'] as const).map((series) => ({
    measurement: series,
    tags: [...tagNames(series)],
    fields: Object.fromEntries(
      Object.entries(seriesOf(series).columns).map(([name, { type }]) => [name, TYPES[type]]),
    ),
  })),
});
let body = '';
// The package does not return its lines, so a function in place of its pool's takes what it would send.
const { _pool: pool } = client as unknown as {
  readonly _pool: { discard(request: { readonly body: string }): Promise<void> };
};
pool.discard = (request) => {
  ({ body } = request);
  return Promise.resolve();
};
const theirs = points.map(({ series, time, tags, fields }) => ({
  measurement: series,
  timestamp: String(time),
  tags,
  fields: Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
}));

// Makes a Point from the values and returns its line, as the package's documentation shows.
const SET = {
  int: 'intField',
  float: 'floatField',
  bool: 'booleanField',
  string: 'stringField',
} as const;
function lineOfPoint({ series, time, tags, fields }: Point): string {
  const point = new ClientPoint(series).timestamp(String(time));
  for (const name in tags) point.tag(name, tags[name] ?? '');
  const { columns } = seriesOf(series);
  for (const name in fields) {
    const value = fields[name];
    const column = columns[name];
    if (value !== undefined && column !== undefined) point[SET[column.type]](name, value);
  }
  return point.toLineProtocol() ?? '';
}

// JSON has no integers of 64 bits, so the times become strings.
const plain = points.map((point) => ({ ...point, time: String(point.time) }));

/** The measurement and the sorted tags of a line. */
function headOf(line = ''): string {
  return (line.split(' ')[0] ?? '').split(',').sort().join();
}

async function main(): Promise<void> {
  ours();
  await client.writePoints(theirs, { precision: 'n' });
  const [point] = points;
  if (point === undefined) throw new Error('there are no points');
  const first = lineOf(serializer, point);
  for (const other of [body.split('\n')[0], lineOfPoint(point)])
    if (headOf(other) !== headOf(first)) throw new Error(`${String(other)}\nis not\n${first}`);

  const ms = {
    ours: medianMs(RUNS, ours),
    json: medianMs(RUNS, () => plain.forEach((each) => JSON.stringify(each))),
    client2: medianMs(RUNS, () => points.forEach(lineOfPoint)),
    influx: await medianMsOf(RUNS, () => client.writePoints(theirs, { precision: 'n' })),
  };
  const rate = (time: number): string => `${(COUNT / time / 1_000).toFixed(2)} million/s`;
  const times = (other: number): string => `${(other / ms.ours).toFixed(1)} times slower`;
  console.log(
    `line: ${rate(ms.ours)} lines of ${(bytes / COUNT).toFixed(0)} bytes; JSON.stringify ${rate(ms.json)} ` +
      `(${times(ms.json)}); the package influx ${rate(ms.influx)} (${times(ms.influx)}); ` +
      `Point of @influxdata/influxdb-client ${rate(ms.client2)} (${times(ms.client2)})`,
  );
}

void main();
