import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type SetupArguments, runSetup } from '../../src/cli/setup';
import { FailureError, UsageError } from '../../src/lib/errors';
import { ROLLUPS } from '../../src/influx/rollups';
import type { FieldValue } from '../../src/metrics/point';
import { SERIES_NAMES, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { Cleanup } from '../support/cleanup';
import { startHttpServer } from '../support/http-server';
import { type Influxd, type InfluxdOptions, influxd, startInfluxd } from '../support/influxd';
import { lineOf } from '../support/make-points';
import { until } from '../support/until';
import { startVictoriaMetrics, victoriaMetrics } from '../support/victoria-metrics';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** By series, the columns of its one row that have a value. */
type Sums = Readonly<Record<string, Record<string, unknown>>>;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `btcdmon-node setup influx`. */
async function setup(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [BIN, 'setup', 'influx', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: os.tmpdir(), ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

const start = async (options: InfluxdOptions = {}): Promise<Influxd> =>
  cleanup.add(await startInfluxd(options), (it) => it.stop());
const admin = { user: 'root', password: 'toor' };
const env = { BTCDMON_INFLUX_PASSWORD: admin.password };
const urlOf = ({ httpPort }: Pick<Influxd, 'httpPort'>, database = 'mon', user = 'root@'): string =>
  `influx+http://${user}127.0.0.1:${httpPort}/${database}`;

/** Everything that the server tells of its set-up. */
async function stateOf(server: Influxd): Promise<string> {
  const statements = [
    'SHOW DATABASES',
    'SHOW RETENTION POLICIES ON mon',
    'SHOW CONTINUOUS QUERIES',
    'SHOW USERS',
    'SHOW GRANTS FOR grafana',
  ];
  return JSON.stringify(await Promise.all(statements.map((statement) => server.query(statement))), null, 1);
}

influxd.describe('btcdmon-node setup influx', () => {
  it('makes everything, and a second run changes nothing', async () => {
    const server = await start({ admin });
    const url = urlOf(server);
    const first = await setup(['--url', url], env);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const queries = 2 * ROLLUPS.length;
    const password = /shown this once: (\S{24})\n/.exec(first.stdout)?.[1] ?? '';
    expect(first.stdout.split('\n')).toEqual([
      'database mon: made',
      'points are kept 30 days (retention policy autogen)',
      'rollups of 1m are kept 365 days (retention policy 1m)',
      'rollups of 1h are kept for ever (retention policy 1h)',
      `${queries} continuous queries make the rollups: ${queries} made, 0 replaced, 0 removed`,
      `user grafana may read mon; its password, shown this once: ${password}`,
      '',
      'For points over UDP, influxdb.conf needs:',
      '',
      '[[udp]]',
      '  enabled = true',
      '  bind-address = "127.0.0.1:8089"',
      '  database = "mon"',
      ...['  precision = "n"', '  batch-size = 5000', '  batch-pending = 100', '  batch-timeout = "1s"'],
      '  read-buffer = 8388608',
      '',
    ]);
    const state = await stateOf(server);
    expect(state).toContain('"720h0m0s"');

    const second = await setup(['--url', url], env);
    expect(second).toMatchObject({ status: 0, stderr: '' });
    expect(second.stdout).toContain('database mon: is there\n');
    expect(second.stdout).toContain('make the rollups: 0 made, 0 replaced, 0 removed\n');
    expect(second.stdout).toContain('user grafana may read mon; its password is as it was\n');
    expect(await stateOf(server)).toBe(state);

    const third = await setup(['--url', url, '--raw-days', '1'], env);
    expect(third.stdout).toContain('points are kept 1 day (retention policy autogen)\n');
    expect((await stateOf(server)).replaceAll('"24h0m0s"', '"720h0m0s"')).toBe(
      state.replaceAll('"24h0m0s"', '"720h0m0s"'),
    );

    // Without saying how long, what was said before stays.
    expect((await setup(['--url', url], env)).stdout).toContain('points are kept 1 day ');
    expect(await status(server, 'SELECT * FROM mon."1m".tx', password)).toBe(200);
    expect(await status(server, 'DROP DATABASE mon', password)).toBe(403);
    expect(await status(server, 'SHOW DATABASES', 'wrong')).toBe(401);
    expect((await write(server, password)).status).toBe(403);
  });

  it('makes the administrator of a server that has none, and a user who may only write', async () => {
    const server = await start({ admin });
    await server.query('DROP USER root');
    const args = ['--url', urlOf(server), '--writer', 'monitor'];
    const passwords = { BTCDMON_INFLUX_READER_PASSWORD: 'r', BTCDMON_INFLUX_WRITER_PASSWORD: 'w' };
    const first = await setup(args, { ...env, ...passwords });
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toMatch(/^user root is the administrator: there was none\n/);
    expect(first.stdout).toContain('user monitor may write mon; its password is yours\n');
    const state = await stateOf(server);

    const second = await setup(args, { ...env, ...passwords });
    expect(second.stdout).not.toContain('there was none');
    expect(await stateOf(server)).toBe(state);
    expect((await write(server, 'w', 'm v=1', 'monitor')).status).toBe(204);
    expect(await status(server, 'SELECT * FROM m', 'w', 'monitor')).toBe(403);
    expect(await status(server, 'SELECT * FROM mon..m', 'r')).toBe(200);
    expect((await write(server, 'r')).status).toBe(403);
  });

  it('says what a server without users does once it asks for passwords, and makes an administrator', async () => {
    const server = await start();
    const url = urlOf(server, 'mon', '');
    const first = await setup(['--store', url]);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^this server asks nobody for a password and has no administrator: [^\n]*auth-enabled[^\n]*--with-admin NAME[^\n]*$/m,
    );
    const made = await setup(['--store', url, '--with-admin', 'boss'], {
      BTCDMON_INFLUX_ADMIN_PASSWORD: 'b',
    });
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('user boss is an administrator; its password is yours\n');
    expect(made.stdout).not.toContain('asks nobody');
    const users = await server.query('SHOW USERS');
    expect(users.results[0]?.series?.[0]?.values).toEqual(expect.arrayContaining([['boss', true]]));
    const again = await setup(['--store', url, '--with-admin', 'boss']);
    expect(again.stdout).toContain('user boss is an administrator; its password is as it was\n');
    const file = path.join(os.tmpdir(), `btcdmon-admin-${process.pid}`);
    writeFileSync(file, 'of the file\n', { mode: 0o600 });
    try {
      const second = await setup(['--store', url, '--with-admin', 'chief', '--admin-password-file', file]);
      expect(second.stdout).toContain('user chief is an administrator; its password is yours\n');
    } finally {
      rmSync(file);
    }
    const shown = await setup(['--store', url, '--with-admin', 'third']);
    expect(shown.stdout).toMatch(/user third is an administrator; its password, shown this once: \S{24}\n/);
    expect((await setup(['--store', url])).stdout).not.toContain('asks nobody');
  });

  it('replaces its queries of another version, and lets those of others alone', async () => {
    const server = await start();
    const url = urlOf(server, 'mon', '');
    await setup(['--url', url]);
    const state = await stateOf(server);
    const query = 'BEGIN SELECT max(vsize) INTO mon."1m".tx FROM mon.autogen.tx GROUP BY time(1m) END';
    await server.query('DROP CONTINUOUS QUERY btcdmon_tx_1m ON mon');
    for (const name of ['btcdmon_tx_1m', 'btcdmon_tx_gone_1m', 'somebody_else'])
      await server.query(`CREATE CONTINUOUS QUERY ${name} ON mon ${query}`);
    const again = await setup(['--url', url]);
    expect(again.stdout).toContain('make the rollups: 0 made, 1 replaced, 1 removed\n');
    await server.query('DROP CONTINUOUS QUERY somebody_else ON mon');
    expect(sorted(await stateOf(server))).toEqual(sorted(state));
  });

  it('sums up every series as the kinds of its columns say', async () => {
    const server = await start();
    const url = urlOf(server, 'mon', '');
    await server.query('CREATE DATABASE mon');
    // Of one minute that is over, so that the queries take it in when they are made.
    const minute = Math.floor(Date.now() / 60_000 - 3) * 60_000;
    const values: Record<ColumnType, FieldValue[]> = {
      int: [1, 2, 6],
      float: [0.5, 1.5, 4],
      bool: [true, false, true],
      string: ['a', 'b', 'c'],
    };
    const lines = SERIES_NAMES.flatMap((series) =>
      [0, 1, 2].map((i) => {
        const tags = Object.fromEntries(tagNames(series).map((name) => [name, `${name} x`]));
        const columns = Object.entries(seriesOf(series).columns);
        const fields = Object.fromEntries(columns.map(([name, { type }]) => [name, values[type][i]]));
        return lineOf({ series, time: BigInt(minute) * 1_000_000n + BigInt(i), tags, fields });
      }),
    );
    expect((await write(server, '', lines.join('\n'))).status).toBe(204);
    expect(await setup(['--url', url])).toMatchObject({ status: 0 });
    const sums = async (policy: string): Promise<Sums> => {
      // Each series alone: a tag of one has the name of a field of another.
      const statements = SERIES_NAMES.map((series) => `SELECT * FROM mon."${policy}"."${series}"`);
      const { results } = await server.query(statements.join('; '));
      const all: Record<string, Sums[string]> = {};
      for (const { name = '', columns, values: rows = [] } of results.flatMap(({ series = [] }) => series)) {
        expect(rows).toHaveLength(1);
        all[name] = Object.fromEntries(
          columns.map((column, n) => [column, rows[0]?.[n]]).filter(([, value]) => value !== null),
        ) as Sums[string];
      }
      return all;
    };
    const expected: Record<string, Sums[string]> = {};
    for (const series of SERIES_NAMES) {
      const row: Sums[string] = {
        time: new Date(minute).toISOString().replace('.000Z', 'Z'),
      };
      for (const name of tagNames(series)) row[name] = `${name} x`;
      for (const [name, { type, kind }] of Object.entries(seriesOf(series).columns)) {
        const [low, , high] = values[type];
        const sum = type === 'int' ? 9 : 6;
        if (type === 'string') {
          if (seriesOf(series).anchors.includes(name)) row[`${name}_count`] = 3;
        } else if (type === 'bool') {
          Object.assign(row, { [`${name}_count`]: 3, [`${name}_true`]: 2 });
        } else if (kind === 'count' || kind === 'counter') {
          row[name] = kind === 'count' ? sum : high;
        } else {
          row[`${name}_max`] = high;
          if (kind === 'gauge')
            Object.assign(row, { [name]: high, [`${name}_mean`]: sum / 3, [`${name}_min`]: low });
          else Object.assign(row, { [`${name}_count`]: 3, [`${name}_sum`]: sum });
        }
      }
      expected[series] = row;
    }
    const made = await until('the queries to run', async () => {
      const all = await sums('1m');
      // Each statement runs on its own, and a row may get its columns one after another.
      return SERIES_NAMES.every((series) => columnsOf(all, series) === columnsOf(expected, series)) && all;
    });
    expect(made).toEqual(expected);

    // The same by hand, of the past.
    await server.query('DROP RETENTION POLICY "1m" ON mon');
    expect((await setup(['--url', url, '--fill', '2h'])).stdout).toMatch(
      /^rollups of 1m made from \S+ to \S+$/m,
    );
    expect(await sums('1m')).toEqual(made);
  });

  it('says in one line what is wrong', async () => {
    const server = await start({ admin });
    await server.query(`CREATE USER reader WITH PASSWORD 'r'`);
    const url = urlOf(server);
    const v2 = cleanup.add(
      await startHttpServer(() => ({ status: 204, headers: { 'X-Influxdb-Version': 'v2.7.11' } })),
      (it) => it.stop(),
    );
    const web = cleanup.add(await startHttpServer(() => ({ status: 200, text: 'hello' })), (it) => it.stop());
    const right = { BTCDMON_INFLUX_PASSWORD: admin.password };
    const cases: readonly (readonly [Partial<SetupArguments>, NodeJS.ProcessEnv, new () => Error, string])[] =
      [
        [{}, {}, UsageError, 'setup influx: give --store influx+http(s)://'],
        [{ store: 'http://me:secret@x/y' }, {}, UsageError, '--store http:…: use influx+http(s)://'],
        [
          { store: 'influx+http://me:secret@x/y' },
          {},
          UsageError,
          'a password in a URL is seen by other users',
        ],
        [{ store: 'influx+http://x' }, {}, UsageError, 'names no database'],
        [
          { store: url, rawDays: '0' },
          right,
          UsageError,
          '--raw-days 0: give a whole number of days from 1 to 36500',
        ],
        [{ store: url, fill: 'x' }, right, UsageError, '--fill x: give a duration'],
        [{ store: url, reader: "a'b" }, right, UsageError, 'give a name of letters, digits'],
        [
          { store: url },
          { BTCDMON_INFLUX_READER_PASSWORD: "secret'" },
          UsageError,
          'a password of printable ASCII',
        ],
        [{ store: url, writer: "a'b" }, right, UsageError, '--writer "a\'b": give a name of letters, digits'],
        [
          { store: url, writer: 'grafana' },
          right,
          UsageError,
          '--writer grafana: is the user who may only read',
        ],
        [
          { store: url, writerPasswordFile: 'w' },
          right,
          UsageError,
          '--writer-password-file: name the user with --writer',
        ],
        [
          { store: url, adminPasswordFile: 'w' },
          right,
          UsageError,
          '--admin-password-file: name the user with --with-admin',
        ],
        [
          { store: url, withAdmin: 'grafana' },
          right,
          UsageError,
          '--with-admin grafana: is the user who may only read; choose another name',
        ],
        [{ store: url, withAdmin: "a'b" }, right, UsageError, '--with-admin "a\'b": give a name of letters'],
        [{ store: url }, {}, FailureError, 'no password for user root'],
        [
          { store: url },
          { BTCDMON_INFLUX_PASSWORD: 'secret' },
          FailureError,
          'authorization failed; user root must be an administrator',
        ],
        [{ store: urlOf(server, 'mon', '') }, {}, FailureError, 'username required; name an administrator'],
        [
          { store: urlOf(server, 'mon', 'reader@') },
          { BTCDMON_INFLUX_PASSWORD: 'r' },
          FailureError,
          'requires admin privilege; user reader must be an administrator',
        ],
        [
          { store: url, reader: 'root' },
          right,
          FailureError,
          'user root is an administrator, not one who may only read',
        ],
        [
          { store: url, writer: 'root' },
          right,
          FailureError,
          'user root is an administrator, not one who may only write; choose another with --writer',
        ],
        [{ store: 'influx+http://127.0.0.1:1/x' }, {}, FailureError, 'nobody listens there'],
        [
          { store: urlOf({ httpPort: v2.port }, 'x', '') },
          {},
          FailureError,
          'no InfluxDB 1.x (its version is v2.7.11)',
        ],
        [
          { store: urlOf({ httpPort: web.port }, 'x', '') },
          {},
          FailureError,
          'no InfluxDB 1.x (it tells no version)',
        ],
      ];
    for (const [options, environment, kind, message] of cases) {
      const error: unknown = await runSetup(
        { reader: 'grafana', ...options },
        { env: environment, write: () => undefined },
      ).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).not.toMatch(/secret|\n/);
    }
    expect(await setup(['--url', url])).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^btcdmon-node: --url [^\n]*: no password for user root[^\n]*\n$/,
      ) as string,
    });
  });
});

victoriaMetrics.describe('btcdmon-node setup influx with VictoriaMetrics', () => {
  it('says that there is nothing to set up', async () => {
    const server = cleanup.add(await startVictoriaMetrics(), (it) => it.stop());
    expect(await setup(['--url', `influx+http://127.0.0.1:${server.port}/x`])).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^btcdmon-node: setup influx: [^\n]*VictoriaMetrics needs no setup[^\n]*\n$/,
      ) as string,
    });
  });
});

/** How many columns the row of a series has. */
function columnsOf(sums: Sums, series: string): number {
  return Object.keys(sums[series] ?? {}).length;
}

function sorted(text: string): readonly string[] {
  return text.split('\n').sort();
}

/** What the server answers to a statement of a user, who may read unless another is named. */
async function status({ httpPort }: Influxd, q: string, password: string, user = 'grafana'): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/query?db=mon&u=${user}&p=${password}`, {
    method: 'POST',
    body: new URLSearchParams({ q }),
  });
  return response.status;
}

function write({ httpPort }: Influxd, password: string, body = 'm v=1', user = 'grafana'): Promise<Response> {
  const login = password === '' ? '' : `&u=${user}&p=${password}`;
  return fetch(`http://127.0.0.1:${httpPort}/write?db=mon${login}`, { method: 'POST', body });
}
