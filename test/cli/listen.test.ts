import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { runProgram } from '../support/program';
import { until } from '../support/until';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

let home = '';
beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), 'btcdmon-listen-'))));
afterEach(() => rmSync(home, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Outcome {
  return spawnSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off', ...env },
    timeout: 240_000,
  });
}

describe('a call that cannot be right ends with one line and status 2', () => {
  it.each([
    [['--log-level', 'info'], 'nothing to listen to: give --connect'],
    [['--conect', 'a'], 'unknown option or argument "conect"; did you mean connect?'],
    [['-c', 'nonsense:99999'], '--connect nonsense:99999: "99999" is not a port; give one from 1 to 65535'],
    [['-c', 'a', '--network', 'moon'], '--network moon: give one of mainnet, testnet3,'],
    [['-c', 'a', '--policy', 'x'], '--policy x: give one of btcd, core'],
    [['-c', 'a', '--validate', 'x'], '--validate x: give one of headers, full'],
    [['-c', 'a', '--log-level', 'x'], '--log-level x: give one of error,'],
    [['-c', 'a', '--interval', '5'], '--interval 5: give a duration'],
    [['-c', 'a', '--interval'], '--interval: a value must follow'],
    [['-c', 'a', '--tx-rate', '1.5'], '--tx-rate 1.5: give a whole number'],
    [['-c', 'a', '--node', 'a', '--node', 'b'], '--node a and b: give it once'],
    [['-c', 'a', '--node', 'a\nb'], '--node "a\\nb": has a control character; give text of one line'],
    [['-c', 'a', '--export', 'influxudp://h'], '--export influxudp://h: no such exporter'],
    [
      ['-c', 'a', '--export', 'influx+udp://h:0'],
      '--export influx+udp://h:0: names no port; use influx+udp://host[:8089]',
    ],
    [['--join', '--peers', '0'], '--peers 0: give a whole number from 1 to 20000'],
    [['--join', '--listen', 'nonsense'], '--listen nonsense: give a port, IP[:port] or [IPv6]:port'],
    [['--listen', '1', '--max-inbound', 'x'], '--max-inbound x: give a whole number from 1 up'],
    [
      ['--join', '-n', 'regtest'],
      '--join: regtest has no DNS seeds and no node of it is known; give --connect host[:port] or --seed',
    ],
    [['-c', 'a', '--retention', '5'], '--retention 5: give a duration from 1h up, such as 12h, 30d or 4w'],
    [['-c', 'a', '--retention', 'soon'], '--retention soon: give a duration from 1h up'],
    [['-c', 'a', '--retention', '59m'], '--retention 59m: give a duration from 1h up'],
    [['-c', 'a', '--retention', '1d', '-e', 'stdout:'], '--retention 1d: concerns the embedded store'],
    [['-c', 'a', '--config', '/no/such/file'], "--config /no/such/file: can't be read"],
  ])('%j', (args, line) => {
    const { status, stdout, stderr } = run(args);
    expect(stderr).toMatch(/^btcdmon-node: [^\n]*\n$/);
    expect(stderr).toContain(line);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});

describe('a call without arguments', () => {
  it('shows how to start and what commands there are, and ends with one line and status 2', () => {
    const { status, stdout, stderr } = run([]);
    for (const line of ['btcdmon-node demo ', 'btcdmon-node -c 127.0.0.1 ', 'btcdmon-node --join '])
      expect(stdout).toContain(`  ${line}`);
    for (const command of ['collect', 'tap', 'serve', 'demo', 'top', 'query [series]', 'audit', 'setup'])
      expect(stdout).toMatch(new RegExp(`^ {2}${command.replace(/[[\]]/g, '\\$&')} +[A-Z]`, 'm'));
    expect(stdout.split('\n').filter((line) => line.length > 130)).toEqual([]);
    expect(stderr).toMatch(/^btcdmon-node: nothing to listen to: give --connect[^\n]*\n$/);
    expect(status).toBe(2);
  });

  it('listens where a variable names a peer', () => {
    const { stdout, stderr } = run([], { BTCDMON_CONNECT: 'a:0' });
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('BTCDMON_CONNECT a:0: "0" is not a port')]);
  });
});

it('reads a file whose path begins with ~/', () => {
  mkdirSync(path.join(home, 'conf'));
  writeFileSync(path.join(home, 'conf', 'a.yaml'), 'network: simnt\n');
  const { status, stderr } = run(['-c', 'a', '--config=~/conf/a.yaml']);
  expect([status, stderr]).toEqual([
    2,
    expect.stringContaining('~/conf/a.yaml:1: network simnt: give one of'),
  ]);
});

describe('a call that cannot be carried out ends with one line and status 1', () => {
  it.each([
    ['duckdb:/no/such/folder/x.duckdb', 'the folder /no/such/folder does not exist'],
    // Not even root can write there; a folder's permissions would not stop root.
    ['duckdb:/proc/self/x.duckdb', 'the folder /proc/self is not writable'],
    ['duckdb:/etc/hostname', 'is not a DuckDB database'],
    ['influx+udp://no.such.host.invalid', 'the host no.such.host.invalid'],
  ])('--export %s', (url, line) => {
    const { status, stderr } = run(['-c', '127.0.0.1:1', '--export', url]);
    expect(stderr).toMatch(/^btcdmon-node: [^\n]*\n$/);
    expect(stderr).toContain(line);
    expect(status).toBe(1);
  });

  it('a data directory that cannot be made', () => {
    const { status, stderr } = run(['-c', '127.0.0.1:1', '--data-dir', '/proc/x']);
    expect(stderr).toMatch(/^btcdmon-node: --data-dir \/proc\/x: can't be made: [^\n]*\n$/);
    expect(status).toBe(1);
  });

  it('a place to listen on that is taken', async () => {
    const peer = await FakePeer.start();
    const place = `127.0.0.1:${peer.port}`;
    const { status, stderr } = run(['--listen', place, '-n', 'regtest']);
    await peer.stop();
    expect(stderr).toBe(
      `btcdmon-node: --listen ${place}: can't be listened on: another program listens there\n`,
    );
    expect(status).toBe(1);
  });

  it('a second instance on one store, while the first goes on', async () => {
    const first = runProgram(['-c', '127.0.0.1:1'], home);
    await until('the first to listen', () => first.log().includes('listening'), { giveUp: first.ended });
    const { status, stderr } = run(['-c', '127.0.0.1:1']);
    expect(stderr).toMatch(/^btcdmon-node: store .*btcdmon\.duckdb: in use by process \d+; [^\n]*\n$/);
    expect(status).toBe(1);
    expect(await first.stop()).toBe(0);
  });
});

describe('the listener', () => {
  it('flushes everything and ends with 0 at SIGTERM, within 5 seconds', async () => {
    const peer = await FakePeer.start();
    const program = runProgram(['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '1h'], home);
    await until('a handshake', () => program.log().includes('peer connected'), { giveUp: program.ended });
    // Its own watchdog (src/cli/signals.ts) kills it after 4.8 s: then there is no status.
    expect(await program.stop()).toBe(0);
    await peer.stop();
    const answer = run(['query', 'msg_recv', '--agg', 'sum', 'verack', '--format', 'csv']);
    expect(answer).toMatchObject({ status: 0, stdout: 'sum_verack\r\n1\r\n' });
  });

  it('writes JSON lines to its log and nothing but points to stdout', async () => {
    const child = spawn(
      process.execPath,
      [BIN, '-n', 'regtest', '-c', '127.0.0.1:1', '-e', 'stdout:', '--interval', '100ms'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
      },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await until(
      'some points, and a line of the log',
      () => stdout.split('\n').length > 50 && stderr.includes('"reason":"connection-refused"'),
    );
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    for (const line of stdout.trim().split('\n'))
      expect(line).toMatch(/^[a-z_]+,[^ ]*network=regtest[^ ]* [^ ]+ \d{19}$/);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  });

  it('ends with 0 when the reader of its points goes away', async () => {
    const child = spawn(
      'sh',
      [
        '-c',
        `"${process.execPath}" "${BIN}" -n regtest -c 127.0.0.1:1 -e stdout: --interval 100ms | head -n 3`,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
      },
    );
    child.stdout.resume();
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('prefers a flag to the environment, and the environment to a file', async () => {
    const ports = await Promise.all([0, 1, 2].map(() => freePort()));
    const config = path.join(home, 'config.yaml');
    mkdirSync(path.join(home, '.btcdmon'), { recursive: true });
    writeFileSync(
      config,
      `connect: ["127.0.0.1:${ports[0]}"]\nnetwork: regtest\nnode: from-file\nexport: ["stdout:"]\n`,
    );
    const env = {
      BTCDMON_CONNECT: `127.0.0.1:${ports[1]}`,
      BTCDMON_NODE: 'from-environment',
      BTCDMON_INTERVAL: '100ms',
    };
    const start = (args: readonly string[]): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [BIN, '--config', config, ...args], {
          env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off', ...env },
        });
        let text = '';
        const take = (part: Buffer): void => {
          text += part.toString();
          if (text.includes('bandwidth,') && text.includes('no handshake')) child.kill('SIGTERM');
        };
        child.stdout.on('data', take);
        child.stderr.on('data', take);
        child.once('close', () => resolve(text));
      });
    const plain = await start([]);
    expect(plain).toContain('network=regtest,node=from-environment');
    expect(plain).toContain(`127.0.0.1:${ports[1]}`);
    const flagged = await start(['--node', 'from-flag', '-c', `127.0.0.1:${ports[2]}`]);
    expect(flagged).toContain('node=from-flag');
    expect(flagged).toContain(`127.0.0.1:${ports[2]}`);
    for (const text of [plain, flagged]) expect(text).not.toContain(`127.0.0.1:${ports[0]}`);
  });
});
