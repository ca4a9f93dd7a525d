import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findProgram, requirement } from './requires';

/** A real InfluxDB 1.x server on loopback, empty, with a UDP input that writes into `database`. */
export interface Influxd {
  readonly httpPort: number;
  readonly udpPort: number;
  readonly database: string;
  /** Runs InfluxQL on `database` and returns the body; times come as RFC 3339 with nanoseconds. Throws on any error. */
  query(q: string): Promise<InfluxResponse>;
  /** Points per series: the count of the column in the first row, 0 where the series does not exist. */
  count(series: string, column: string): Promise<number>;
  /** Writes line protocol over HTTP, which answers with what it refuses. Returns '' where it took everything. */
  write(lines: string): Promise<string>;
  /** Kills the server and removes its folder. */
  stop(): Promise<void>;
}

/** The body of an answer of /query. */
export interface InfluxResponse {
  readonly results: readonly {
    readonly series?: readonly {
      readonly name?: string;
      readonly tags?: Readonly<Record<string, string>>;
      readonly columns: readonly string[];
      readonly values?: readonly (readonly (string | number | boolean | null)[])[];
    }[];
  }[];
}

export interface InfluxdOptions {
  readonly database?: string;
  /**
   * Bytes of the UDP socket's buffer, capped by the kernel's net.core.rmem_max; default 8 MiB, as the sample
   * configuration says. 0 takes the kernel's default, as a server set up by nobody does.
   */
  readonly readBuffer?: number;
  readonly batchSize?: number;
  readonly batchPending?: number;
  /** How long a point may wait inside the server before a query sees it. */
  readonly batchTimeout?: string;
}

/** Declares that a test file needs influxd. */
export const influxd = requirement(
  'influxd',
  () => findProgram('influxd', ['/usr/sbin']),
  'install InfluxDB 1.x (Debian: apt-get install influxdb)',
);

/** Tells whether this machine has an influxd. */
export function influxdAvailable(): boolean {
  return influxd.path !== null;
}

/** Starts an influxd in a temporary folder on free ports of loopback. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const { path: program } = influxd;
  if (program === null) throw new Error('influxd was not found');
  const database = options.database ?? 'btcdmon';
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-influxd-'));
  const udpPort = await freeUdpPort();
  const config = path.join(folder, 'influxdb.conf');
  await writeFile(config, configuration(folder, udpPort, database, options));
  const child = spawn(program, ['-config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const stop = async (): Promise<void> => {
    process.off('exit', killOnExit);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const httpPort = await listening(child);
    const query = (q: string) => runQuery(httpPort, database, q);
    await query(`CREATE DATABASE "${database}"`);
    return {
      httpPort,
      udpPort,
      database,
      query,
      count: async (series, column) => {
        const { results } = await query(`SELECT count("${column}") FROM "${series}"`);
        return Number(results[0]?.series?.[0]?.values?.[0]?.[1] ?? 0);
      },
      write: async (lines) => {
        const response = await fetch(`http://127.0.0.1:${httpPort}/write?db=${database}&precision=n`, {
          method: 'POST',
          body: lines,
        });
        return response.text();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(folder: string, udpPort: number, database: string, options: InfluxdOptions): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[http]
  bind-address = "127.0.0.1:0"
  log-enabled = false
[[udp]]
  enabled = true
  bind-address = "127.0.0.1:${udpPort}"
  database = "${database}"
  precision = "n"
  batch-size = ${options.batchSize ?? 5000}
  batch-pending = ${options.batchPending ?? 100}
  batch-timeout = "${options.batchTimeout ?? '100ms'}"
  read-buffer = ${options.readBuffer ?? 8_388_608}
`;
}

/** The port that the log names once HTTP listens; everything else has been started by then. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let log = '';
    let port: number | undefined;
    const onData = (chunk: Buffer): void => {
      if (port !== undefined) return;
      log += chunk.toString();
      const match = /Listening on HTTP.*?addr=\S*?:(\d+)/.exec(log);
      if (match === null || !log.includes('Listening for signals')) return;
      port = Number(match[1]);
      resolve(port);
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`influxd ended with ${String(code)} before it listened:\n${log.slice(-2000)}`)),
    );
  });
}

async function runQuery(httpPort: number, database: string, q: string): Promise<InfluxResponse> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/query?db=${encodeURIComponent(database)}`, {
    method: 'POST',
    body: new URLSearchParams({ q }),
  });
  const body = await response.text();
  if (!response.ok || body.includes('"error"')) throw new Error(`${q}: ${body}`);
  return JSON.parse(body) as InfluxResponse;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
