import { SystemClock } from '../../src/lib/clock';
import { InfluxUdpExporter } from '../../src/export/influx-udp';
import { memoryQueue } from '../../src/export/make-queue';
import type { FieldValue, Point } from '../../src/metrics/point';
import { SERIES_NAMES, columnNames, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';
import { lineOf, makePoints, pointsPerBuffer } from '../support/make-points';
import { until } from '../support/until';

const TAGS = { node: 'n', network: 'regtest' };

influxd.describe('InfluxDB', () => {
  let server: Influxd;
  beforeEach(async () => {
    server = await startInfluxd();
  });
  afterEach(() => server.stop());

  it('gets 200,000 points over UDP, all of them, each with a time of its own', async () => {
    const clock = new SystemClock();
    const exporter = new InfluxUdpExporter({ host: '127.0.0.1', port: server.udpPort }, { clock });
    await exporter.open();
    const queue = memoryQueue({ maxPoints: 200_000 }, { exporter, clock, warn: () => undefined });
    const points = makePoints(200_000, clock);
    const counts = async (): Promise<number[]> =>
      Promise.all([
        server.count('tx', 'sha'),
        server.count('tx_inputs', 'sig_script_len'),
        server.count('tx_outputs', 'size'),
      ]);
    // The system drops what a server is too slow to read. So no more is under way than its buffer holds.
    const portion = pointsPerBuffer();
    for (let at = 0; at < points.length; at += portion) {
      const next = points.slice(at, at + portion);
      for (const point of next) queue.push(point);
      const stored = async (): Promise<number> => (await counts()).reduce((a, b) => a + b);
      await until('a portion to be stored', async () => (await stored()) === at + next.length);
    }
    expect(await queue.close(1000)).toEqual({ sent: 200_000, acked: 0, dropped: 0, queued: 0, retried: 0 });
    // Every fifth point is of `tx`, every fifth of `tx_inputs`.
    expect(await counts()).toEqual([40_000, 40_000, 120_000]);
  });

  it.each(SERIES_NAMES)('takes every column of %s, with its type and value', async (series) => {
    const values: Record<ColumnType, FieldValue> = { int: 7, float: 0.1, bool: true, string: 'x' };
    const columns = Object.entries(seriesOf(series).columns);
    const tags = Object.fromEntries(tagNames(series).map((name) => [name, `${name} a,b=c\\d"e`]));
    const fields = Object.fromEntries(columns.map(([name, { type }]) => [name, values[type]]));
    expect(await server.write(lineOf({ series, time: 1n, tags, fields }))).toBe('');

    const types: Record<ColumnType, string> = {
      int: 'integer',
      float: 'float',
      bool: 'boolean',
      string: 'string',
    };
    const kinds =
      (await server.query(`SHOW FIELD KEYS FROM "${series}"`)).results[0]?.series?.[0]?.values ?? [];
    expect(Object.fromEntries(kinds)).toEqual(
      Object.fromEntries(columns.map(([name, { type }]) => [name, types[type]])),
    );
    const names = [...tagNames(series), ...columnNames(series)].map((name) => `"${name}"`).join(', ');
    const row = (await server.query(`SELECT ${names} FROM "${series}"`)).results[0]?.series?.[0]?.values;
    expect(row).toEqual([
      ['1970-01-01T00:00:00.000000001Z', ...Object.values(tags), ...Object.values(fields)],
    ]);
  });

  it('reads back every odd value as it was', async () => {
    const texts = [
      '',
      'a"b',
      'a\\',
      '\\',
      '\\"',
      'a\\\\"',
      'a\nb',
      'a, b=c',
      '#',
      'ü₿😀',
      '\t\x01\x1b\x7f',
      "'",
      '\\n',
    ];
    const ints = [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1];
    const floats = [0, -0.5, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 1 / 3];
    const nodes = ['a\\b', 'a\\,b', 'a b', '=', ',', '"', 'ü₿😀', "'", '#', '\t', 'a\\ b\\=c'];
    let time = 0n;
    const tx = (fields: Point['fields'], tags: Point['tags'] = TAGS): Point => ({
      series: 'tx',
      time: ++time,
      tags,
      fields,
    });
    const points = [
      ...texts.map((sha) => tx({ sha })),
      ...ints.map((weight) => tx({ weight })),
      ...floats.map((cpu): Point => ({ ...tx({ cpu }), series: 'btcdmon' })),
      ...nodes.map((node) => tx({ vsize: 1 }, { ...TAGS, node })),
    ];
    // In one body: a line that is read wrongly would spoil those after it.
    expect(await server.write(points.map(lineOf).join('\n'))).toBe('');
    const column = async (series: string, name: string, where = ''): Promise<unknown[]> => {
      const { results } = await server.query(`SELECT ${name}, time FROM "${series}" ${where}`);
      return (results[0]?.series?.[0]?.values ?? []).map((row) => row[1]);
    };
    expect(await column('tx', 'sha')).toEqual(texts);
    expect(await column('tx', 'weight')).toEqual(ints);
    expect(await column('btcdmon', 'cpu')).toEqual(floats);
    expect(await column('tx', '"node", vsize', 'WHERE vsize = 1')).toEqual(nodes);
  });
});
