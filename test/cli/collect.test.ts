import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { collectSettings } from '../../src/cli/collect-settings';
import { SystemClock } from '../../src/lib/clock';
import { isLocalAddress, parseListenAddress } from '../../src/collect/listen-address';
import { KNOWN } from '../../src/cli/known-options';
import { COLLECT_OPTIONS } from '../../src/cli/options';
import { Settings } from '../../src/cli/settings';
import { Cleanup } from '../support/cleanup';
import { LineClient } from '../support/line-client';
import { lineOf, makePoints } from '../support/make-points';
import { runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');
/** Text that looks like a certificate and is none. */
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
const cleanup = new Cleanup();
let home = '';
beforeEach(() => {
  home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-cli-')), (it) =>
    rmSync(it, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [BIN, 'collect', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
    timeout: 240_000,
  });
}

function file(name: string, content: string, mode = 0o600): string {
  const full = path.join(home, name);
  writeFileSync(full, content, { mode });
  return full;
}

/** What yargs hands over where nothing else is given. */
const DEFAULTS = { maxConnections: '4000', interval: '5s', spoolSize: '1000' };
const settingsOf = (args: object): ReturnType<typeof collectSettings> =>
  collectSettings({ ...DEFAULTS, ...args } as unknown as Parameters<typeof collectSettings>[0]);

describe('a call of collect that cannot be right ends with one line and status 2', () => {
  it.each([
    [
      ['-l', 'tcp://0.0.0.0:8094'],
      '--listen tcp://0.0.0.0:8094: everyone who can reach it could write into your store',
    ],
    [['-e', 'line+tcp://'], "--export line+tcp://: can't be read"],
    [['--lisen', 'tcp://127.0.0.1:1'], 'did you mean listen?'],
  ])('%j', (args, line) => {
    const { status, stdout, stderr } = run(args);
    expect(stderr).toMatch(/^btcdmon-node: [^\n]*\n$/);
    expect(stderr).toContain(line);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it.each([
    [
      { listen: ['udp://127.0.0.1:1'] },
      "--listen udp://127.0.0.1:1: can't be read; give tcp://127.0.0.1:8094",
    ],
    [{ listen: ['tcp://127.0.0.1'] }, "--listen tcp://127.0.0.1: can't be read"],
    [{ listen: ['tcp://127.0.0.1:70000'] }, '70000 is not a port'],
    [{ listen: ['tcp://collect.example.org:1'] }, 'not an address of this machine'],
    [{ listen: ['unix:'] }, 'names no socket'],
    [{ listen: [`unix:/${'x'.repeat(120)}`] }, 'the path of a socket has 103 bytes at most'],
    [{ listen: ['tcp://127.0.0.1:1', 'tcp://[::]:8094'] }, 'give --token-file'],
    [{ tlsCert: 'c.pem' }, '--tls-cert c.pem: needs --tls-key as well'],
    [{ tlsKey: 'k.pem' }, '--tls-key k.pem: needs --tls-cert as well'],
    [{ maxConnections: '0' }, '--max-connections 0: give a whole number from 1 up'],
    [{ interval: '5' }, '--interval 5: give a duration'],
    [{ node: 'a\nb' }, '--node "a\\nb": give a name'],
  ])('%j', async (args, line) => {
    await expect(settingsOf(args)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(line) as string,
    });
  });
});

describe('a call of collect that cannot be carried out ends with one line and status 1', () => {
  it.each([
    ['a token file that is missing', () => ({ tokenFile: path.join(home, 'none') }), "can't be read"],
    ['one that is empty', () => ({ tokenFile: file('token', '\n') }), 'is empty'],
    ['one that all users can read', () => ({ tokenFile: file('token', 'x', 0o644) }), 'is open to all users'],
    [
      'a token of two words',
      () => ({ tokenFile: file('token', 'a b') }),
      'no space; openssl rand -hex 32 makes one',
    ],
    [
      'a key that is missing',
      () => ({ tlsCert: file('c.pem', PEM), tlsKey: path.join(home, 'none') }),
      "/none: can't be read",
    ],
    [
      'a key that all users can read',
      () => ({ tlsCert: file('c.pem', PEM), tlsKey: file('k.pem', 'x', 0o644) }),
      'is open to all users of this machine (mode 644)',
    ],
  ])('%s', async (_, args, line) => {
    await expect(settingsOf(args())).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(line) as string,
    });
  });

  it('a certificate that is none', () => {
    const [cert, key] = [file('c.pem', PEM), file('k.pem', 'x')];
    const { status, stderr } = run(['-l', 'tcp://127.0.0.1:0', '--tls-cert', cert, '--tls-key', key]);
    expect(stderr).toMatch(/^btcdmon-node: [^\n]*the certificate and its key can't be used[^\n]*\n$/);
    expect(status).toBe(1);
  });

  it('a port in use, and the store is closed', async () => {
    const server = cleanup.add(createServer().listen(0, '127.0.0.1'), (it) => it.close());
    await once(server, 'listening');
    const place = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const args of [
      ['-l', place],
      ['-l', 'tcp://127.0.0.1:0', '-l', place],
    ]) {
      const { status, stderr } = run(args);
      expect(stderr).toMatch(/^btcdmon-node: [^\n]*\n$/);
      expect(stderr).toContain(`--listen ${place}: can't be used: another process listens there`);
      expect(status).toBe(1);
    }
  });
});

describe('the collector', () => {
  it('survives strangers, stores valid points, accounts for itself, and ends with 0 at SIGTERM', async () => {
    const socket = path.join(home, 'collect.sock');
    const token = file('token', 'right\n');
    const program = runProgram(
      [
        'collect',
        '-l',
        'tcp://127.0.0.1:0',
        '-l',
        `unix:${socket}`,
        '--token-file',
        token,
        '--node',
        'center',
      ],
      home,
    );
    cleanup.add(program, (it) => it.kill());
    const port = await until(
      'the port',
      () => Number(/"listen":"tcp:\/\/127\.0\.0\.1:(\d+)"/.exec(program.log())?.[1] ?? 0) || undefined,
      { giveUp: program.ended },
    );
    await until('the socket', () => program.log().includes(`unix:${socket}`));
    const stranger = await LineClient.connect({ host: '127.0.0.1', port });
    stranger.send('GET / HTTP/1.1');
    await stranger.isClosed();
    const sender = await LineClient.connect({ path: socket });
    const lines = makePoints(50, new SystemClock()).map(lineOf);
    sender.send(
      '#btcdmon 1 token=right',
      '#batch n-1-0',
      ...lines,
      'cpu,node=a x=1 1',
      'noise',
      '#end n-1-0',
    );
    await sender.hears('ok n-1-0 2');
    expect(await program.stop()).toBe(0);
    expect(program.log()).toContain(
      '1 of an unknown series (of a newer node?), 1 that are not line protocol',
    );
    expect(program.log()).toContain('connections turned away: 1 without a token, or with a wrong one');

    const stored = cleanup.add(await openStored(path.join(home, '.btcdmon', 'btcdmon.duckdb')), (it) =>
      it.close(),
    );
    expect(await stored.rows('SELECT count(*) AS n FROM tx')).toEqual([{ n: 10 }]);
    expect(
      await stored.rows(
        'SELECT node, network, received, refused FROM btcdmon WHERE rss IS NOT NULL ORDER BY time DESC LIMIT 1',
      ),
    ).toEqual([{ node: 'center', network: '', received: 50, refused: 2 }]);
  });

  it('ends with 0 within 5 seconds though neither its senders nor its receiver goes on', async () => {
    const places = ['a', 'b', 'c'].map((name) => path.join(home, `${name}.sock`));
    const args = ['collect', ...places.flatMap((place) => ['-l', `unix:${place}`]), '-e', 'stdout:'];
    const child = spawn(process.execPath, [BIN, ...args], {
      env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanup.add(child, (it) => it.kill('SIGKILL'));
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    // Nobody reads its points.
    child.stdout.pause();
    await until('the places', () => places.every((place) => log.includes(place)));
    const lines = makePoints(5_000, new SystemClock()).map(lineOf);
    for (const [i, place] of places.entries()) {
      const sender = await LineClient.connect({ path: place });
      sender.send('#btcdmon 1', `#batch n-${i}-0`, ...lines, `#end n-${i}-0`);
      await sender.hears('ready');
      await until('the collector to have read', () => sender.socket.writableLength === 0);
    }
    child.kill('SIGTERM');
    // After 4.8 s it would kill itself (src/cli/signals.ts), and there would be no status.
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('has a sample configuration that it knows every key of', () => {
    const sample = path.join(__dirname, '..', '..', 'config', 'collect.yaml');
    const settings = Settings.load({}, sample, KNOWN).of(COLLECT_OPTIONS);
    const places = (settings['listen'] as string[]).map(parseListenAddress);
    expect(places.some((place) => !isLocalAddress(place))).toBe(true);
    expect(settings).toHaveProperty('token-file');
  });
});
