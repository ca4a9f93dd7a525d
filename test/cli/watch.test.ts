import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { NETWORKS } from '../../src/wire/networks';
import { main } from '../../src/cli/main';
import { encodeFrame } from '../../src/wire/framing';
import { Btcd, btcd } from '../support/btcd';
import { type FilePacket, pcapFile } from '../support/capture-files';
import { makeCertificate, openssl } from '../support/certificate';
import { sharedCoreAnswers } from '../support/data';
import { Cleanup } from '../support/cleanup';
import { versionPayload } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { startHttpServer } from '../support/http-server';
import { BIN, outputOf, runProgram } from '../support/program';
import { openStored } from '../support/stored';
import { type From, packet } from '../support/tcp-packets';
import { until } from '../support/until';
import { recordedReply } from '../watch/recorded-core';

const { magic, port: REGTEST_PORT } = NETWORKS.regtest;

/** How a run of the program ended. */
interface Run {
  readonly status: number;
  readonly stderr: string;
}

const cleanup = new Cleanup();
let home = '';
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-bad-watch-'));
});
afterAll(async () => {
  await cleanup.run();
  rmSync(home, { recursive: true, force: true });
});

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...{
    PATH: process.env['PATH'],
    HOME: home,
    BTCDMON_HTTP: 'off',
    BTCDMON_DATA_DIR: path.join(home, 'data'),
  },
  ...more,
});

/** Runs the program until it ends by itself. */
function run(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [BIN, ...args],
      { env: environment(more), timeout: 240_000 },
      (error, _, stderr) => resolve({ status: Number(error?.code ?? (error === null ? 0 : NaN)), stderr }),
    );
  });
}

/** The lines that are no records of the log. */
const plainLines = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

/** What the program says as it ends: one line, with what is expected in it. */
function expectLine({ status, stderr }: Run, expected: number, ...parts: readonly string[]): void {
  expect([stderr, status]).toEqual([stderr, expected]);
  expect(plainLines(stderr)).toEqual([expect.stringMatching(/^btcdmon-node: [^\n]+$/)]);
  expect(stderr).not.toMatch(/\n\s+at |undefined|\[object|"level":"error"/);
  for (const part of parts) expect(plainLines(stderr)[0]).toContain(part);
}

btcd.describe('a node that can not be watched', (program) => {
  let node: Btcd;
  let plain: Btcd;
  /** A listener beside the node. */
  const beside = (): string[] => ['-n', 'regtest', '-c', `127.0.0.1:${node.p2pPort}`];
  const secure = (query = ''): string => `https://${node.user}@127.0.0.1:${node.rpcPort}${query}`;
  const trusted = (): string => secure(`?ca-file=${node.certificateFile}`);
  const login = (): NodeJS.ProcessEnv => ({ BTCDMON_WATCH_PASSWORD: node.password });

  beforeAll(async () => {
    node = cleanup.add(await Btcd.start(program, { tls: true }), (it) => it.stop());
    plain = cleanup.add(await Btcd.start(program), (it) => it.stop());
  });

  it('without a password', async () => {
    const place = `127.0.0.1:${node.rpcPort}`;
    const right = ['no password for user test', 'BTCDMON_WATCH_PASSWORD', '?password-file=PATH'];
    expectLine(await run([...beside(), '--watch', secure()]), 1, '--watch https://', place, ...right);
    expectLine(await run(['tap', '-n', 'regtest', '--watch', secure()]), 1, place, ...right);
  });

  it('with the wrong password', async () => {
    const wrong = { BTCDMON_WATCH_PASSWORD: 'another' };
    for (const args of [beside(), ['tap', '-n', 'regtest']]) {
      const ended = await run([...args, '--watch', trusted()], wrong);
      expectLine(
        ended,
        1,
        `127.0.0.1:${node.rpcPort}`,
        'refuses the login of BTCDMON_WATCH_PASSWORD',
        'give the user and password',
      );
      expect(ended.stderr).not.toContain('another');
    }
  });

  it('in one line also where a tap is open already, or another node answers', async () => {
    const port = await freePort();
    const tapped = ['--forward', `127.0.0.1:${port}=127.0.0.1:${node.p2pPort}`, '--watch', trusted()];
    const cookie = path.join(home, 'cookie');
    writeFileSync(cookie, `${node.user}:${node.password}`);
    const answers = [
      '--watch',
      `first=${secure(`?ca-file=${node.certificateFile}&cookie=${cookie}`).replace('test@', '')}`,
    ];
    for (const args of [
      [...beside(), ...answers],
      ['tap', '-n', 'regtest', ...answers],
    ]) {
      const { stderr, status } = await run([...args, ...tapped], { BTCDMON_WATCH_PASSWORD: 'another' });
      expect(stderr.split('\n').filter((line) => !line.includes('"stopped"'))).toEqual([
        expect.stringMatching(/^btcdmon-node: .* refuses the login /),
        '',
      ]);
      expect(status).toBe(1);
    }
  });

  it('with http on a port of https, and https on one of http', async () => {
    const http = `http://${node.user}@127.0.0.1:${node.rpcPort}`;
    expectLine(
      await run([...beside(), '--watch', http], login()),
      1,
      `${node.rpcPort}`,
      'write https instead of http',
    );
    const https = `https://${plain.user}@127.0.0.1:${plain.rpcPort}?ca-file=${node.certificateFile}`;
    const password = { BTCDMON_WATCH_PASSWORD: plain.password };
    expectLine(
      await run([...beside(), '--watch', https], password),
      1,
      `${plain.rpcPort}`,
      'http instead of https',
    );
  });

  openssl.describe('with a certificate', () => {
    it('of another node', async () => {
      const other = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
      const ended = await run([...beside(), '--watch', secure(`?ca-file=${other.certificateFile}`)], login());
      expectLine(ended, 1, `${node.rpcPort}`, 'does not verify', other.certificateFile, '?ca-file=PATH');
    });
  });

  it('with a certificate of its own that is not named, or a file that is none', async () => {
    const right = ['does not verify', '?ca-file=PATH (rpc.cert in its data folder)'];
    expectLine(await run([...beside(), '--watch', secure()], login()), 1, ...right);
    const none = path.join(home, 'none.cert');
    expectLine(await run([...beside(), '--watch', secure(`?ca-file=${none}`)], login()), 1, none);
    writeFileSync(none, 'not a certificate');
    expectLine(await run([...beside(), '--watch', secure(`?ca-file=${none}`)], login()), 1, none);
  });

  it('is waited for in one line where its certificate is not there yet', async () => {
    const away = cleanup.add(await Btcd.start(program, { tls: true }), (it) => it.stop());
    await away.halt();
    const { certificateFile } = away;
    for (const file of [certificateFile, certificateFile.replace(/cert$/, 'key')]) rmSync(file);
    const place = `https://${away.user}@127.0.0.1:${away.rpcPort}`;
    const said = await waitingLines(['--watch', `${place}?ca-file=${certificateFile}`], () => away.run(), {
      BTCDMON_WATCH_PASSWORD: away.password,
    });
    expect(said).toEqual([
      `btcd at https://127.0.0.1:${away.rpcPort}: getcurrentnet: certificate ${certificateFile}: is not there, and nobody listens at the address; does the node run?`,
      `btcd at https://127.0.0.1:${away.rpcPort} (btcd) answers again`,
    ]);
  });

  it('on another network, with both names', async () => {
    for (const args of [['-c', '127.0.0.1'], ['tap']])
      expectLine(
        await run([...args, '-n', 'mainnet', '--watch', trusted()], login()),
        1,
        ...['is on regtest', 'on mainnet', '--network regtest'],
      );
  });

  it('under a name that is taken', async () => {
    const named = await run([...beside(), '--node', 'btcd', '--watch', trusted()], login());
    expectLine(named, 2, '--node btcd', 'give another name');
    const twice = await run(['tap', '-n', 'regtest', '--watch', trusted(), '--watch', trusted()], login());
    expectLine(twice, 2, '--watch btcd', 'two nodes have this name', 'first=https://');
    const tapped = await run([...beside(), '--node', 'x', '--tap', 'x', '--socks', '0'], login());
    expectLine(tapped, 2);
  });

  it('by a text that is no place', async () => {
    expectLine(await run([...beside(), '--watch', 'ftp://x']), 2, '--watch ftp://x:', 'http(s)://');
    expectLine(await run([...beside(), '--watch', 'auto']), 1, '--watch auto', 'found no btcd', 'give a URL');
    const secret = await run([...beside(), '--watch', `https://a:geheim@127.0.0.1:1`]);
    expectLine(secret, 2);
    expect(secret.stderr).not.toContain('geheim');
  });

  it('by a tap that leads back to itself, or whose port is taken', async () => {
    const port = await freePort();
    const own = `127.0.0.1:${port}=127.0.0.1:${port}`;
    expectLine(
      await run([...beside(), '--forward', own]),
      2,
      `--forward ${own}: leads back to itself`,
      'give the port',
    );
    expectLine(await run(['tap', '--forward', own]), 2, `--forward ${own}: leads back to itself`);
    const other = await freePort();
    const circle = [`127.0.0.1:${port}=127.0.0.1:${other}`, `127.0.0.1:${other}=127.0.0.1:${port}`];
    expectLine(await run(['tap', '--forward', circle[0] ?? '', '--forward', circle[1] ?? '']), 2, ...circle);
    const taken = `127.0.0.1:${node.p2pPort}=127.0.0.1:${port}`;
    const right = [`--forward ${taken}: can't be listened on`, 'another program'];
    expectLine(await run([...beside(), '--forward', taken]), 1, ...right);
    expectLine(await run(['tap', '-n', 'regtest', '--forward', taken]), 1, ...right);
    expectLine(
      await run(['tap', '-n', 'regtest', '--socks', `${node.p2pPort}`]),
      1,
      `--socks 127.0.0.1:${node.p2pPort}`,
    );
  });

  it('goes on where a client of the SOCKS server speaks garbage, and counts it', async () => {
    const socks = await freePort();
    const store = path.join(home, 'garbage.duckdb');
    const args = [
      'tap',
      '-n',
      'regtest',
      '--interval',
      '200ms',
      '--socks',
      `${socks}`,
      '--export',
      `duckdb:${store}`,
    ];
    const tap = cleanup.add(runProgram(args, home), (it) => it.kill());
    await until('the tap', () => tap.log().includes('"message":"watching"'), { giveUp: tap.ended });
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\u0004\u0001', '\u0000'.repeat(5_000)]) {
      const client = connect(socks, '127.0.0.1');
      client.on('error', () => undefined).resume();
      client.write(garbage);
      await once(client, 'close');
    }
    // The node dials as before.
    const dialling = cleanup.add(
      await Btcd.start(program, {
        extraArgs: [`--proxy=127.0.0.1:${socks}`, `--connect=127.0.0.1:${plain.p2pPort}`],
      }),
      (it) => it.stop(),
    );
    await until('its peer', async () => (await dialling.peers()).length === 1, { giveUp: tap.ended });
    await dialling.stop();
    expect(await tap.stop()).toBe(0);
    expect(
      tap.log().match(/"message":"--socks [^"]*: a client does not speak SOCKS5 and is closed"/g),
    ).toHaveLength(1);
    const stored = await openStored(store);
    expect(await stored.rows('SELECT max(refused) AS refused FROM tap')).toEqual([{ refused: 3 }]);
    expect(
      await stored.rows(
        `SELECT reason, sum(disconnects) AS ended FROM rejects WHERE reason LIKE 'socks%' GROUP BY ALL`,
      ),
    ).toEqual([{ reason: 'socks-garbage', ended: 3 }]);
    stored.close();
  });
});

// The answers are those of a recorded Bitcoin Core 31; no Core was started.
sharedCoreAnswers.describe('a Core that does not run yet', (folder) => {
  it('is waited for in one line, as its cookie is not there', async () => {
    const port = await freePort();
    const cookie = path.join(home, 'regtest', '.cookie');
    const start = async (): Promise<void> => {
      mkdirSync(path.dirname(cookie), { recursive: true });
      writeFileSync(cookie, '__cookie__:secret');
      cleanup.add(await startHttpServer(({ body }) => recordedReply(folder, body), undefined, port), (it) =>
        it.stop(),
      );
    };
    const said = await waitingLines(['--watch', `core=http://127.0.0.1:${port}?cookie=${cookie}`], start);
    expect(said).toEqual([
      `core at http://127.0.0.1:${port}: getcurrentnet: cookie ${cookie}: is not there, and nobody listens at the address; does the node run?`,
      `core at http://127.0.0.1:${port} (Bitcoin Core) answers again`,
    ]);
  });
});

/**
 * What is said of a node that does not run as the program starts: until it is waited for, and from then until
 * it answers.
 */
async function waitingLines(
  args: readonly string[],
  start: () => Promise<unknown>,
  more: NodeJS.ProcessEnv = {},
): Promise<string[]> {
  const watching = cleanup.add(runProgram(['tap', '-n', 'regtest', ...args], home, [], more), (it) =>
    it.kill(),
  );
  const patience = { giveUp: watching.ended };
  await until('the program', () => watching.log().includes('"message":"watching"'), patience);
  await until('the line', () => watching.log().includes('"level":"warn"'), patience);
  await start();
  await until('the node', () => watching.log().includes(' answers'), patience);
  expect(await watching.stop()).toBe(0);
  const messages = [...watching.log().matchAll(/"message":"([^"]*)"/g)].map(([, text]) => text ?? '');
  return messages.filter((text) => text.includes(' at http'));
}

describe('without a node', () => {
  let stderr = '';
  beforeEach(() => {
    stderr = '';
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });

  it.each([
    ['tap', 'nothing to watch', '--forward, --socks, --pcap or --watch'],
    ['tap --tap x', '--tap x: has a meaning only with', '--forward or --socks'],
    ['tap --tap-ban', '--tap-ban: has a meaning only with', '--forward or --socks'],
    ['tap --tap-plain', '--tap-plain: has a meaning only with', '--forward or --socks'],
    [
      'tap --upstream-proxy 127.0.0.1:9050',
      '--upstream-proxy 127.0.0.1:9050: has a meaning only with',
      '--forward or --socks',
    ],
    [
      'tap --forward 127.0.0.1:1=127.0.0.1:2 --upstream-proxy h',
      '--upstream-proxy h: has a meaning only',
      'with --socks',
    ],
    ['tap --forward 28800', '--forward 28800: not LISTEN=TARGET', '0.0.0.0:8333=127.0.0.1:18333'],
    ['tap --socks nonsense', '--socks nonsense: give a port', '127.0.0.1:9150'],
    ['tap --pcap-node 192.0.2.1', '--pcap-node 192.0.2.1: has a meaning only', 'with --pcap'],
    ['tap --pcap - --pcap-node x.example:1', '--pcap-node x.example:1', 'give IP or IP:port'],
    ['tap --pcap x --socks 9150', '--pcap x: is read instead of watching', 'leave --watch'],
    ['tap --pcap x --tap-ban', '--tap-ban: has a meaning only with', '--forward or --socks'],
    ['tap --pcap x --node btcd', '--node btcd: is also the name of a node', 'give another name'],
    ['tap --pcap x --tap a --node a', '--node a: is also the name of a node', 'give another name'],
    ['tap --forward 127.0.0.1:1=127.0.0.1:2 --tap a --node a', '--node a: is also the name', 'give another'],
    ['-c 127.0.0.1:1 --tap x', '--tap x: has a meaning only with', '--forward or --socks'],
    ['-c 127.0.0.1:1 --tap-ban', '--tap-ban: has a meaning only with', '--forward or --socks'],
    ['-c 127.0.0.1:1 --pcap x', 'unknown option or argument "pcap"', 'tap'],
  ])('%s is refused in one line', async (line, ...parts) => {
    await main(line.split(' '));
    expectLine({ status: Number(process.exitCode), stderr }, 2, ...parts);
  });
});

describe('a capture', () => {
  /** A connection of a peer to the node, from its beginning; the last packet is a ping. */
  const file = (): Buffer => {
    const next = { client: 1, server: 1 };
    const packets: FilePacket[] = [];
    const send = (from: From, command: string, payload: Buffer = Buffer.alloc(0)): void => {
      const message = encodeFrame(magic, command, payload);
      const other = from === 'client' ? 'server' : 'client';
      const bytes = packet({
        ...{ from, payload: message, sequence: next[from], acknowledgment: next[other] },
        serverPort: REGTEST_PORT,
      });
      packets.push({ bytes, timeNs: 1_700_000_000_000_000_000n + BigInt(packets.length) * 1_000_000n });
      next[from] += message.length;
    };
    send('client', 'version', versionPayload());
    send('server', 'version', versionPayload());
    for (const from of ['client', 'server'] as const) send(from, 'verack');
    for (let i = 0; i < 9; i++) send('client', 'ping', Buffer.alloc(8, i));
    return pcapFile(packets);
  };
  const named = (name: string, content: Buffer | string): string => {
    const place = path.join(home, name);
    writeFileSync(place, content);
    return place;
  };
  const tap = (pcap: string, ...more: readonly string[]): string[] => [
    'tap',
    '-n',
    'regtest',
    '--pcap',
    pcap,
    ...more,
  ];
  /** The pings to the node in a store. */
  const pings = async (store: string): Promise<unknown> => {
    const stored = await openStored(store);
    const [row] = await stored.rows(
      `SELECT sum(ping) AS pings, string_agg(DISTINCT node) AS node FROM msg_recv`,
    );
    stored.close();
    return row;
  };

  it('that is none, is no file, or is missing is refused before anything is begun', async () => {
    const untouched = path.join(home, 'untouched');
    const refused = async (file: string, ...parts: readonly string[]): Promise<void> => {
      const ended = await run(tap(file), { BTCDMON_DATA_DIR: untouched });
      expectLine(ended, 1, `--pcap ${file}`, ...parts);
      expect(ended.stderr.split('\n')).toEqual([expect.stringMatching(/^btcdmon-node: /), '']);
    };
    const text = named('text.pcap', 'this is a text, and no capture');
    await refused(text, ': no capture: it begins with', 'give pcap or pcapng');
    const zeros = named('zeros.pcap', Buffer.alloc(100));
    await refused(zeros, ': no capture');
    const missing = path.join(home, 'missing.pcap');
    await refused(missing, 'name a file that is there');
    const folder = path.join(home, 'folder.pcap');
    mkdirSync(folder);
    await refused(folder, 'name a file');
    const empty = named('empty.pcap', '');
    await refused(empty, ': no capture: it has no bytes');
    await refused(named('short.pcap', Buffer.of(1, 2, 3)), ': no capture: it has 3 bytes');
    // No store was made for them.
    expect(existsSync(path.join(untouched, 'btcdmon.duckdb'))).toBe(false);
  });

  it('that is none and comes from a pipe writes no point of the node', async () => {
    const store = path.join(home, 'none.duckdb');
    const args = tap('-', '--export', `duckdb:${store}`);
    const child = spawn(process.execPath, [BIN, ...args], {
      env: environment(),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more));
    child.stdin.end('this is a text, and no capture');
    const [status] = (await once(child, 'close')) as [number];
    expectLine({ status, stderr }, 1, '--pcap -: no capture: it begins with', 'give pcap or pcapng');
    const stored = await openStored(store);
    expect(await stored.rows("SELECT count(*) AS points FROM btcdmon WHERE node = 'btcd'")).toEqual([
      { points: 0 },
    ]);
    expect(await stored.rows('SELECT count(*) AS points FROM msg_recv')).toEqual([{ points: 0 }]);
    stored.close();
  });

  it('that ends in the middle keeps what is before, and says so', async () => {
    const whole = file();
    const cut = named('cut.pcap', whole.subarray(0, whole.length - 10));
    const store = path.join(home, 'cut.duckdb');
    const ended = await run(tap(cut, '--export', `duckdb:${store}`));
    expect([ended.stderr, ended.status]).toEqual([ended.stderr, 0]);
    expect(plainLines(ended.stderr)).toEqual([]);
    expect(
      ended.stderr.match(/"message":"--pcap [^"]*: the capture ends in the middle of [^"]*"/g),
    ).toHaveLength(1);
    expect(await pings(store)).toEqual({ pings: 8, node: 'btcd' });
  });

  it.each([1, 7, 100_000])('comes from a pipe, %i bytes at once', async (size) => {
    const whole = file();
    const store = path.join(home, `pipe-${size}.duckdb`);
    const args = tap('-', '--tap', 'captured', '--export', `duckdb:${store}`);
    const child = spawn(process.execPath, [BIN, ...args], {
      env: environment(),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    for (let at = 0; at < whole.length; at += size) child.stdin.write(whole.subarray(at, at + size));
    child.stdin.end();
    const [status] = (await once(child, 'close')) as [number | null];
    expect([stderr, status]).toEqual([stderr, 0]);
    expect(stderr).not.toMatch(/"level":"(warn|error)"/);
    expect(await pings(store)).toEqual({ pings: 9, node: 'captured' });
    const audit = await outputOf(['audit', '--since', '1000w', '--from', `duckdb:${store}`], home);
    expect(audit).toContain('captured regtest, run of 2023-11-14T22:13:20.000Z');
  });
});
