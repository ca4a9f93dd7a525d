import os from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { FailureError, UsageError } from '../../src/lib/errors';
import { StoreExporter } from '../../src/export/store';
import { InfluxUdpExporter } from '../../src/export/influx-udp';
import { ParquetExporter } from '../../src/export/parquet/exporter';
import { EXPORTER_KINDS, createExporter } from '../../src/export/registry';
import { StdoutExporter } from '../../src/export/stdout';

const context = { clock: new SystemClock(), warn: () => undefined, env: {} };

describe('an export URL', () => {
  it.each<[string, new (...args: never[]) => unknown, string, object]>([
    ['duckdb:store.duckdb', StoreExporter, 'duckdb', { path: path.resolve('store.duckdb') }],
    ['duckdb:a b/ü%20.duckdb', StoreExporter, 'duckdb', { path: path.resolve('a b/ü%20.duckdb') }],
    ['duckdb:/var/lib/x.duckdb', StoreExporter, 'duckdb', { path: '/var/lib/x.duckdb' }],
    ['duckdb:///var/lib/x.duckdb', StoreExporter, 'duckdb', { path: '/var/lib/x.duckdb' }],
    ['duckdb:~/x.duckdb', StoreExporter, 'duckdb', { path: path.join(os.homedir(), 'x.duckdb') }],
    ['duckdb::memory:', StoreExporter, 'duckdb', { path: path.resolve(':memory:') }],
    ['influx+udp://localhost', InfluxUdpExporter, 'influx+udp', { host: 'localhost', port: 8089 }],
    [
      'influx+udp://db.example.org:9999',
      InfluxUdpExporter,
      'influx+udp',
      { host: 'db.example.org', port: 9999 },
    ],
    ['INFLUX+UDP://127.0.0.1:1/', InfluxUdpExporter, 'influx+udp', { host: '127.0.0.1', port: 1 }],
    ['influx+udp://[::1]:8089', InfluxUdpExporter, 'influx+udp', { host: '::1', port: 8089 }],
    [
      'influx+udp://h?datagram=8192&datagrams=5000&bytes=9000000&buffer=1048576',
      InfluxUdpExporter,
      'influx+udp',
      {
        host: 'h',
        datagramBytes: 8_192,
        datagramsPerSecond: 5_000,
        bytesPerSecond: 9_000_000,
        sendBufferBytes: 1_048_576,
      },
    ],
    ['influx+udp://[2001:db8::1]', InfluxUdpExporter, 'influx+udp', { host: '2001:db8::1', port: 8089 }],
    ['parquet:~/points', ParquetExporter, 'parquet', { directory: path.join(os.homedir(), 'points') }],
    ['parquet:points/', ParquetExporter, 'parquet', { directory: path.resolve('points') }],
    ['stdout:', StdoutExporter, 'stdout', {}],
  ])('%s', (url, kind, name, options) => {
    const exporter = createExporter(url, context);
    expect(exporter).toBeInstanceOf(kind);
    expect(exporter.name).toBe(name);
    expect(exporter).toMatchObject(name === 'stdout' ? {} : { options });
  });

  it.each([
    ['duckdb:', 'must be duckdb:PATH'],
    ['duckdb', 'must be duckdb:PATH'],
    ['duckdb:folder/', 'must be duckdb:PATH'],
    ['duckdb://store.duckdb', 'must be duckdb:PATH'],
    ['influx+udp:', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp://', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp:localhost', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp://localhost:0', 'names no port; use influx+udp://host[:8089]'],
    ['influx+udp://localhost:65536', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp://localhost:http', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp://localhost/db', 'the server knows its database; use influx+udp://host[:8089]'],
    ['influx+udp://::1:8089', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp://[localhost]', "can't be read; use influx+udp://host[:8089]"],
    ['influx+udp://a b', "can't be read; use influx+udp://host[:8089]"],
    [
      'influx+udp://a?datagrm=1',
      'no such option: datagrm; did you mean datagram?; use influx+udp://host[:8089]',
    ],
    ['influx+udp://a?bytes=2000&bytes=3000', 'bytes is given twice; use influx+udp://host[:8089]'],
    ['influx+udp://a?datagram=100', 'datagram=100: give a whole number from 512 to 65507'],
    ['influx+udp://a?datagrams=fast', 'datagrams=fast: give a whole number from 1 to 1000000'],
    ['parquet:', 'must be parquet:DIR'],
    ['parquet://points', 'must be parquet:DIR'],
    ['stdout:x', 'must be stdout:'],
    ['stdout', 'must be stdout:'],
  ])('%s is refused', (url, reason) => {
    expect(() => createExporter(url, context)).toThrow(
      new UsageError(`--export ${url.replace(/\?.*/, '')}: ${reason}`),
    );
  });

  it.each([
    ['ducdb:x', 'did you mean duckdb?'],
    ['stdouts:', 'did you mean stdout?'],
    ['influx+upd://x', 'did you mean influx+udp?'],
    ['toString:x', 'there are duckdb:PATH, influx+udp://host[:8089], influx+http(s)://'],
    ['', 'no such exporter'],
  ])('%s: no such exporter', (url, hint) => {
    expect(() => createExporter(url, context)).toThrow(UsageError);
    expect(() => createExporter(url, context)).toThrow(hint);
  });

  it.each([
    'influx+udp://user:secret@host',
    'influx+udp://secret@',
    'postgres://me:secret@host/db',
    'x:secret@h',
  ])('never shows credentials: %s', (url) => {
    let message = '';
    try {
      createExporter(url, context);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('***@');
    expect(message).not.toContain('secret');
  });

  it('lists every kind for the help', () => {
    expect(EXPORTER_KINDS.map(({ form }) => form)).toEqual([
      'duckdb:PATH',
      'influx+udp://host[:8089]',
      'influx+http(s)://[user@]host[:8086]/database',
      'influx2+http(s)://host[:8086]/?bucket=BUCKET[&org=ORG]',
      'line+tcp://host[:8094]',
      'line+tls://host[:8094]',
      'line+unix:PATH',
      'nats://[user@]host[:4222]/STREAM',
      'prometheus://host[:9332]',
      'parquet:DIR',
      'stdout:',
    ]);
  });
});

it('a host that nobody knows ends the program at start', async () => {
  const exporter = createExporter('influx+udp://no-such-host.invalid', context);
  await expect(exporter.open()).rejects.toThrow(FailureError);
  await expect(exporter.open()).rejects.toThrow(
    'export influx+udp: the host no-such-host.invalid (port 8089)',
  );
});
