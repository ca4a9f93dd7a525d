import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KeyFile } from '../../../src/p2p/i2p/key-file';
import { type AcceptedStream, SamSession } from '../../../src/p2p/i2p/sam-session';
import { Cleanup } from '../../support/cleanup';
import { freePort } from '../../support/free-port';
import { nameOfKey, newPrivateKey, type SamOverride, SamTestBridge } from '../../support/sam-bridge';
import { TestTimer } from '../../support/test-timer';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

async function bridge(override?: SamOverride): Promise<SamTestBridge> {
  return cleanup.add(await SamTestBridge.start(override), (it) => it.stop());
}

function newKeyFile(): KeyFile {
  const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-i2p-')), (it) =>
    rmSync(it, { recursive: true }),
  );
  return new KeyFile(folder, 'mainnet');
}

function session({ endpoint }: Pick<SamTestBridge, 'endpoint'>, key?: KeyFile): SamSession {
  return cleanup.add(new SamSession({ bridge: { endpoint }, key }), (it) => it.stop());
}

async function textOf(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

const asked = ({ lines }: SamTestBridge, words: string): Promise<boolean> =>
  until(words, () => lines.some((line) => line.startsWith(words)));

/** A session that accepts a stream, and one that opened it. */
async function pair(over: SamTestBridge): Promise<{ accepted: AcceptedStream; dialled: Socket }> {
  const [ours, theirs] = [session(over), session(over)];
  const accepting = ours.accept();
  await asked(over, 'STREAM ACCEPT');
  const dialled = await theirs.connect(await ours.open(), never);
  const accepted = await accepting;
  expect(accepted.name).toBe(await theirs.open());
  return { accepted, dialled };
}

describe('a session with a SAM bridge', () => {
  it('opens and accepts streams, whose bytes arrive both ways', async () => {
    const { accepted, dialled } = await pair(await bridge());
    dialled.write('hello');
    expect(await textOf(accepted.socket)).toBe('hello');
    accepted.socket.write('welcome');
    expect(await textOf(dialled)).toBe('welcome');
  });

  it('leaves what follows a reply in the same chunk to the reader of the stream', async () => {
    const early = await bridge((line) =>
      line.startsWith('STREAM CONNECT') ? 'STREAM STATUS RESULT=OK\nfirst' : undefined,
    );
    const name = await session(early).open();
    expect(await textOf(await session(early).connect(name, never))).toBe('first');
  });

  it('asks for as many tunnels and the same encryption as Core, by SAM 3.1', async () => {
    const over = await bridge();
    await session(over).open();
    await session(over, newKeyFile()).open();
    const created = over.lines.filter((line) => line.startsWith('SESSION CREATE'));
    expect(
      created.map((line) => line.replace(/ID=[0-9a-f]{10}/, 'ID').replace(/=[\w~-]{600,}=*/, '')),
    ).toEqual([
      'SESSION CREATE STYLE=STREAM ID DESTINATION=TRANSIENT SIGNATURE_TYPE=7 i2cp.leaseSetEncType=4,0 inbound.quantity=1 outbound.quantity=1',
      'SESSION CREATE STYLE=STREAM ID DESTINATION i2cp.leaseSetEncType=4,0 inbound.quantity=3 outbound.quantity=3',
    ]);
    expect(over.lines[0]).toBe('HELLO VERSION MIN=3.1 MAX=3.1');
  });

  it('is made again after its connection broke, and where the bridge has lost it', async () => {
    let isLost = false;
    const over = await bridge((line) =>
      isLost && line.startsWith('STREAM CONNECT') ? 'STREAM STATUS RESULT=INVALID_ID\n' : undefined,
    );
    const it = session(over, newKeyFile());
    const name = await it.open();
    over.cutSessions();
    await until('the end of the session', () => over.sessionCount === 0);
    await until('a session', async () => (await it.open()) === name && over.sessionCount === 1);
    isLost = true;
    const other = await session(over).open();
    await expect(it.connect(other, never)).rejects.toThrow('asked for STREAM CONNECT, answered "INVALID_ID"');
    isLost = false;
    await until('the end of the lost session', () => over.sessionCount === 1);
    expect(await it.open()).toBe(name);
    expect(over.sessionCount).toBe(2);
  });

  it('gives up a stream that is no longer wanted', async () => {
    const silent = await bridge((line) => (line.startsWith('NAMING') ? null : undefined));
    const abort = new AbortController();
    const opening = session(silent).connect(nameOfKey(newPrivateKey()), abort.signal);
    const failed = expect(opening).rejects.toThrow('hung up');
    await asked(silent, 'NAMING LOOKUP');
    abort.abort();
    await failed;
    await until('the end of all but the session', () => silent.sockets.size === 1);
  });

  it('ends everything by stop', async () => {
    const over = await bridge();
    const it = session(over);
    const failed = expect(it.accept()).rejects.toThrow('hung up');
    await asked(over, 'STREAM ACCEPT');
    it.stop();
    await failed;
    await until('the end', () => over.sockets.size === 0);
    await expect(it.open()).rejects.toThrow("can't be reached");
  });
});

describe('a SAM bridge that fails', () => {
  const at = (port: number): string => `the SAM bridge 127.0.0.1:${port}`;

  it('is named where nobody listens', async () => {
    const port = await freePort();
    const it = session({ endpoint: { host: '127.0.0.1', port } });
    await expect(it.open()).rejects.toThrow(`${at(port)} can't be reached: connect ECONNREFUSED`);
  });

  const hello = 'asked for HELLO VERSION, ';
  const create = 'asked for SESSION CREATE, ';
  const status = (rest: string): string => `SESSION STATUS RESULT=${rest}\n`;
  it.each<[string, string, string | Buffer, string]>([
    ['another version', 'HELLO', 'HELLO REPLY RESULT=NOVERSION\n', `${hello}answered "NOVERSION"`],
    ['HTTP', 'HELLO', 'HTTP/1.1 400 Bad\r\n', `${hello}answered "HTTP/1.1 400" without a result`],
    [
      'a line without end',
      'SESSION',
      Buffer.alloc(70_000, 'x'),
      `${create}sent a line of more than 65536 bytes`,
    ],
    ['bytes', 'SESSION', '\0\x1b[2J\n', `${create}sent what is no reply: "\\u0000\\u001b[2J"`],
    ['no destination', 'SESSION', status('OK'), `${create}answered no destination`],
    ['half a destination', 'SESSION', status('OK DESTINATION=AAAA'), `${create}answered no destination`],
    ['a used name', 'SESSION', status('DUPLICATED_ID'), `${create}answered "DUPLICATED_ID"`],
    ['no tunnels', 'SESSION', status('I2P_ERROR MESSAGE="none"'), `${create}answered "I2P_ERROR" ("none")`],
  ])('is told by one line that names it: %s', async (_, words, reply, problem) => {
    const bad = await bridge((line) => (line.startsWith(words) ? reply : undefined));
    await expect(session(bad).open()).rejects.toThrow(`${at(bad.endpoint.port)}, ${problem}`);
    await until('the end of the connection', () => bad.sockets.size === 0);
  });

  it('is given up after three minutes of silence', async () => {
    const silent = await bridge(() => null);
    const timer = new TestTimer();
    const it = new SamSession({ bridge: { endpoint: silent.endpoint, timer: timer.start } });
    let isOver = false;
    const failed = expect(it.open().finally(() => (isOver = true))).rejects.toThrow(
      'asked for HELLO VERSION, was silent for 180 s',
    );
    await until('the request', () => silent.lines.length === 1);
    timer.pass(179_999);
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    timer.pass(1);
    await failed;
  });

  it('can give us no other destination than the one that was asked for', async () => {
    const liar = await bridge((line) =>
      line.startsWith('NAMING') ? `NAMING REPLY RESULT=OK VALUE=${'A'.repeat(524)}\n` : undefined,
    );
    await expect(session(liar).connect(nameOfKey(newPrivateKey()), never)).rejects.toThrow(
      'asked for NAMING LOOKUP, answered another destination',
    );
    expect(liar.lines.some((line) => line.startsWith('STREAM CONNECT'))).toBe(false);
  });

  it('ends the session where it says that instead of a destination', async () => {
    const dropping = await bridge((line) =>
      line.startsWith('STREAM ACCEPT')
        ? 'STREAM STATUS RESULT=OK\nSTREAM STATUS RESULT=I2P_ERROR MESSAGE="Session was closed"\n'
        : undefined,
    );
    await expect(session(dropping).accept()).rejects.toThrow(
      'asked for STREAM ACCEPT, answered "I2P_ERROR" ("Session was closed")',
    );
    await until('the end of the session', () => dropping.sessionCount === 0);
  });

  it('has no error that shows a key', async () => {
    const bad = await bridge((line) => (line.startsWith('SESSION') ? status('INVALID_KEY') : undefined));
    await expect(session(bad, newKeyFile()).open()).rejects.toThrow(
      /^the SAM bridge [\d.:]+, asked for SESSION CREATE, answered "INVALID_KEY"$/,
    );
  });
});

describe('the key of our destination', () => {
  it('is kept for its owner alone, and gives the same address after a restart', async () => {
    const over = await bridge();
    const key = newKeyFile();
    const name = await session(over, key).open();
    expect(statSync(key.file).mode & 0o777).toBe(0o600);
    expect(nameOfKey(readFileSync(key.file))).toBe(name);
    expect(await session(over, new KeyFile(path.dirname(key.file), 'mainnet')).open()).toBe(name);
    expect(over.lines.filter((line) => line.startsWith('DEST GENERATE'))).toHaveLength(1);
  });

  it('is not used where others can read it', async () => {
    const key = newKeyFile();
    writeFileSync(key.file, newPrivateKey());
    chmodSync(key.file, 0o640);
    await expect(session(await bridge(), key).open()).rejects.toThrow(
      `i2p: ${key.file} is open to other users of this machine (mode 640); chmod 600 it`,
    );
  });

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is a destination without secret keys', newPrivateKey().subarray(0, 391)],
    ['is too long', Buffer.alloc(70_000)],
  ])('is not used where the file %s', async (_, bytes) => {
    const key = newKeyFile();
    writeFileSync(key.file, bytes, { mode: 0o600 });
    await expect(session(await bridge(), key).open()).rejects.toThrow(
      `i2p: ${key.file} is not the key of an I2P destination; move it away`,
    );
  });

  it('is not used where it is a folder', async () => {
    const key = newKeyFile();
    mkdirSync(key.file);
    await expect(session(await bridge(), key).open()).rejects.toThrow(`i2p: ${key.file} is a folder`);
  });
});
