import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';

/** A real InfluxDB 1.x server on loopback, empty, with a UDP input that writes into `database`. */
export interface Influxd {
  readonly httpPort: number;
  readonly udpPort: number;
  readonly database: string;
  /** Where its data files are. */
  readonly dataFolder: string;
  /**
   * Runs InfluxQL on `database` and returns the body. Times are RFC 3339 with nanoseconds.
   * @throws Error on any error of the server
   */
  query(q: string): Promise<InfluxResponse>;
  /**
   * The number of points of a series: the count of the column in the first row, 0 where the series does not
   * exist.
   */
  count(series: string, column: string): Promise<number>;
  /** Writes line protocol over HTTP. Returns what the server refuses, '' where it took everything. */
  write(lines: string): Promise<string>;
  /** Kills the server with SIGKILL. Its folder stays. */
  halt(): Promise<void>;
  /** Runs it again after `halt`, on the same ports and data. */
  run(): Promise<void>;
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
   * Bytes of the UDP socket's buffer, capped by the kernel's net.core.rmem_max. Default 8 MiB, as in the
   * sample configuration. 0 takes the kernel's default, like a server that nobody configured.
   */
  readonly readBuffer?: number;
  readonly batchSize?: number;
  readonly batchPending?: number;
  /** How long a point may wait inside the server before a query sees it. */
  readonly batchTimeout?: string;
  /** Folder in which its own folder is created; default that for temporary files. */
  readonly parent?: string;
  /** Makes it require a user. `query` and `write` come as this administrator. */
  readonly admin?: { readonly user: string; readonly password: string };
  /** Makes it speak TLS with this certificate. `query` trusts `ca`. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string };
  /** Folder of its write-ahead log; default one in its own folder. */
  readonly wal?: string;
  /** Lines of its configuration's sections [data] and [http]. */
  readonly data?: string;
  readonly http?: string;
}

/** Declares that a test file needs influxd. */
export const influxd = requirement(
  'influxd',
  () => findProgram('influxd', ['/usr/sbin']),
  'install InfluxDB 1.x (Debian: apt-get install influxdb)',
);

/** Starts an influxd in a temporary folder on free ports of loopback. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const { path: program } = influxd;
  if (program === null) throw new Error('influxd was not found');
  const database = options.database ?? 'btcdmon';
  const folder = await mkdtemp(path.join(options.parent ?? os.tmpdir(), 'btcdmon-influxd-'));
  const udpPort = await freePort();
  const config = path.join(folder, 'influxdb.conf');
  let child: ChildProcess | undefined;
  const killOnExit = () => child?.kill('SIGKILL');
  process.once('exit', killOnExit);
  const start = async (port: number): Promise<number> => {
    await writeFile(config, configuration(folder, { http: port, udp: udpPort }, database, options));
    child = spawn(program, ['-config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    return listening(child);
  };
  const halt = async (): Promise<void> => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const stop = async (): Promise<void> => {
    process.off('exit', killOnExit);
    await halt();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const httpPort = await start(await freePort());
    const query = (q: string) => runQuery(httpPort, database, q, options);
    const { admin } = options;
    if (admin !== undefined)
      await query(`CREATE USER "${admin.user}" WITH PASSWORD '${admin.password}' WITH ALL PRIVILEGES`);
    await query(`CREATE DATABASE "${database}"`);
    return {
      httpPort,
      udpPort,
      database,
      dataFolder: path.join(folder, 'data'),
      query,
      count: async (series, column) => {
        const { results } = await query(`SELECT count("${column}") FROM "${series}"`);
        return Number(results[0]?.series?.[0]?.values?.[0]?.[1] ?? 0);
      },
      write: (lines) =>
        send(httpPort, `/write?db=${database}&precision=n`, lines, options).then(({ text }) => text),
      halt,
      run: async () => {
        await start(httpPort);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(
  folder: string,
  ports: { readonly http: number; readonly udp: number },
  database: string,
  options: InfluxdOptions,
): string {
  const { admin, tls, wal = `${folder}/wal`, data = '', http = '' } = options;
  return `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${wal}"
  query-log-enabled = false
  ${data}
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[http]
  bind-address = "127.0.0.1:${ports.http}"
  log-enabled = false
  auth-enabled = ${admin !== undefined}
  https-enabled = ${tls !== undefined}
  ${tls === undefined ? '' : `https-certificate = "${tls.certificate}"\n  https-private-key = "${tls.key}"`}
  ${http}
[[udp]]
  enabled = true
  bind-address = "127.0.0.1:${ports.udp}"
  database = "${database}"
  precision = "n"
  batch-size = ${options.batchSize ?? 5000}
  batch-pending = ${options.batchPending ?? 100}
  batch-timeout = "${options.batchTimeout ?? '100ms'}"
  read-buffer = ${options.readBuffer ?? 8_388_608}
`;
}

/** The port that the log names once HTTP listens. All other parts have been started by then. */
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

async function runQuery(
  port: number,
  database: string,
  q: string,
  options: InfluxdOptions,
): Promise<InfluxResponse> {
  const body = new URLSearchParams({ q }).toString();
  const { ok, text } = await send(port, `/query?db=${encodeURIComponent(database)}`, body, options);
  if (!ok || text.includes('"error"')) throw new Error(`${q}: ${text}`);
  return JSON.parse(text) as InfluxResponse;
}

/**
 * Posts a request and reads the whole answer. `fetch` would not accept a certificate authority of our own.
 */
function send(
  port: number,
  target: string,
  body: string,
  { admin, tls }: InfluxdOptions,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = (tls === undefined ? httpRequest : httpsRequest)({
      host: '127.0.0.1',
      port,
      path: target,
      method: 'POST',
      agent: false,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': Buffer.byteLength(body),
      },
      ...(admin === undefined ? {} : { auth: `${admin.user}:${admin.password}` }),
      ...(tls === undefined ? {} : { ca: tls.ca }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ ok: response.statusCode === 200 || response.statusCode === 204, text }),
      );
    });
    request.end(body);
  });
}
