import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { NetworkName } from '../../src/wire/networks';
import type { Machine } from '../../src/watch/data-folders';
import { findNode } from '../../src/watch/find-node';
import { type NodePlace, describePlace, placeOf } from '../../src/watch/node-place';
import { type WatchAuto, type WatchUrl, parseWatch } from '../../src/watch/watch-url';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Writes files below the home folder. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(home, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { mode: 0o600 });
  }
}

const machine = (env: NodeJS.ProcessEnv = {}, platform: NodeJS.Platform = 'linux'): Machine => ({
  home,
  platform,
  env,
});

const place = (text: string, env?: NodeJS.ProcessEnv, network: NetworkName = 'mainnet'): Promise<NodePlace> =>
  placeOf(parseWatch(text, network) as WatchUrl, { network, machine: machine(env) });

const auto = (
  network: NetworkName = 'mainnet',
  answering: readonly string[] = [],
  platform?: NodeJS.Platform,
): Promise<NodePlace> =>
  findNode(
    parseWatch('auto', network) as WatchAuto,
    { network, machine: machine({}, platform) },
    ({ name }) => Promise.resolve(answering.includes(name)),
  );

describe('the login of a URL', () => {
  it('comes from a file, the environment, a configuration or a cookie', async () => {
    await write({
      password: 'a b\n',
      'btcd.conf': '; rpcuser=no\n[Application Options]\nrpcuser=one\nrpcpass="q\\"#;"\nrpcuser=two\n',
      'limited.conf': '[Application Options]\nrpcuser=\nrpclimituser=l\nrpclimitpass=m=n\n',
      'bitcoin.conf': 'rpcuser=g # here\nrpcpassword=h\n[regtest]\nrpcuser=r\nregtest.rpcpassword=s\n',
      '.cookie': '__cookie__:abc\n',
    });
    const login = async (text: string, env?: NodeJS.ProcessEnv, network?: NetworkName) =>
      (await place(text, env, network)).login.read();
    expect(await login(`https://u@h?password-file=${home}/password`)).toEqual({ user: 'u', password: 'a b' });
    expect(await login('https://u@h', { BTCDMON_WATCH_PASSWORD: 'e' })).toEqual({ user: 'u', password: 'e' });
    expect(await login(`https://h?conf=${home}/btcd.conf`)).toEqual({ user: 'two', password: 'q"#;' });
    expect(await login(`https://h?conf=${home}/limited.conf`)).toEqual({ user: 'l', password: 'm=n' });
    expect(await login(`http://h?conf=${home}/bitcoin.conf`)).toEqual({ user: 'g', password: 'h' });
    expect(await login(`http://h?conf=${home}/bitcoin.conf`, {}, 'regtest')).toEqual({
      user: 'r',
      password: 's',
    });
    expect(await login(`http://h?cookie=${home}/.cookie`)).toEqual({ user: '__cookie__', password: 'abc' });
  });

  it('is looked for in the data folder where the URL is of this machine', async () => {
    await write({ '.btcd/btcd.conf': 'rpcuser=u\nrpcpass=p\n', '.btcd/rpc.cert': 'x' });
    const found = await place('https://localhost:9999');
    expect(await found.login.read()).toEqual({ user: 'u', password: 'p' });
    expect(found).toMatchObject({ name: 'btcd', port: 9999, certificateFile: `${home}/.btcd/rpc.cert` });
    await expect(place('https://node.example')).rejects.toThrow('no user and no password; write user@');
  });

  it('goes with the certificate in the data folder, also where btcd has not written it yet', async () => {
    const env = { BTCDMON_WATCH_PASSWORD: 'e' };
    expect((await place('https://u@localhost', env)).certificateFile).toBeUndefined();
    await write({ '.btcd/btcd.conf': '' });
    const certificateFile = `${home}/.btcd/rpc.cert`;
    expect(await place('https://u@localhost', env)).toMatchObject({ certificateFile });
    expect((await place('https://u@node.example', env)).certificateFile).toBeUndefined();
  });

  it('is missed in one line that says where it was looked for', async () => {
    await expect(place('https://127.0.0.1:8334')).rejects.toThrow(
      `--watch https://127.0.0.1:8334: no user and no password; write user@ before the host and put the password into the environment as BTCDMON_WATCH_PASSWORD or name a file with ?password-file=PATH, ?conf=PATH or ?cookie=PATH; looked at ${home}/.btcd/btcd.conf (is not there)`,
    );
    await expect(place('https://u@127.0.0.1')).rejects.toThrow('no password for user u');
  });

  it('is refused without its content where a file is open to all, empty or no login', async () => {
    await write({ open: 'secret\n', cookie: 'secret\n', 'btcd.conf': 'rpcuser=secret\n' });
    await rm(path.join(home, 'open'));
    await writeFile(path.join(home, 'open'), 'secret\n', { mode: 0o644 });
    const messages = await Promise.all(
      [`u@h?password-file=${home}/open`, `h?cookie=${home}/cookie`, `h?conf=${home}/btcd.conf`].map((rest) =>
        place(`https://${rest}`).then(({ login }) =>
          login.read().then(
            () => 'read',
            (error: unknown) => (error as Error).message,
          ),
        ),
      ),
    );
    expect(messages[0]).toContain('is open to all users of this machine');
    expect(messages[1]).toContain('holds no user:password');
    expect(messages[2]).toContain('holds neither rpcuser and rpcpass');
    expect(messages.join()).not.toContain('secret');
  });
});

describe('--watch auto', () => {
  it('finds a btcd by its configuration', async () => {
    await write({ '.btcd/btcd.conf': '[Application Options]\nrpcuser=u\nrpcpass=p\nrpclisten=:9000\n' });
    const found = await auto();
    expect(describePlace(found)).toBe('btcd at https://127.0.0.1:9000');
    expect(found.certificateFile).toBe(`${home}/.btcd/rpc.cert`);
  });

  it.each([
    ['rpclisten=0.0.0.0', 'https://127.0.0.1:8334'],
    ['rpclisten=[::1]:1234', 'https://[::1]:1234'],
    ['rpclisten=::1', 'https://[::1]:8334'],
    ['notls=1', 'http://127.0.0.1:8334'],
  ])('reads %s of btcd.conf', async (line, expected) => {
    await write({ '.btcd/btcd.conf': `rpcuser=u\nrpcpass=p\n${line}\n` });
    expect(describePlace(await auto())).toBe(`btcd at ${expected}`);
  });

  it('finds a Core by the cookie of the network', async () => {
    await write({ '.bitcoin/regtest/.cookie': 'a:b', '.bitcoin/bitcoin.conf': '[regtest]\nrpcport=7\n' });
    const found = await auto('regtest');
    expect(describePlace(found)).toBe('core at http://127.0.0.1:7');
    expect(await found.login.read()).toEqual({ user: 'a', password: 'b' });
    await expect(auto('mainnet')).rejects.toThrow(`${home}/.bitcoin/.cookie (is not there)`);
  });

  it('waits for a Core that has run here before: its cookie is there while it runs alone', async () => {
    await write({ '.bitcoin/signet/chainstate/CURRENT': '' });
    const found = await auto('signet');
    expect(describePlace(found)).toBe('core at http://127.0.0.1:38332');
    await expect(found.login.read()).rejects.toThrow(`cookie ${home}/.bitcoin/signet/.cookie: can't be read`);
    expect(describePlace(await place('core=http://localhost', {}, 'signet'))).toBe(
      'core at http://localhost:38332',
    );
    await expect(auto('regtest')).rejects.toThrow(`${home}/.bitcoin/regtest/.cookie (is not there)`);
  });

  it('prefers the one that answers, and btcd where none does', async () => {
    await write({ '.btcd/btcd.conf': 'rpcuser=u\nrpcpass=p\n', '.bitcoin/.cookie': 'a:b' });
    expect((await auto('mainnet', ['core'])).name).toBe('core');
    expect((await auto('mainnet', ['core', 'btcd'])).name).toBe('btcd');
    expect((await auto('mainnet', [])).name).toBe('btcd');
  });

  it('knows the folders of macOS', async () => {
    await write({ 'Library/Application Support/Btcd/btcd.conf': 'rpcuser=u\nrpcpass=p\n' });
    expect((await auto('mainnet', [], 'darwin')).name).toBe('btcd');
  });

  it('says what it looked at where it finds none', async () => {
    await write({ '.btcd/btcd.conf': 'rpcuser=u\nrpcpass=p\ntestnet=1\n' });
    await expect(auto()).rejects.toThrow(
      new RegExp(
        `^--watch auto: found no btcd and no Bitcoin Core of mainnet on this machine; looked at ${home}/.btcd/btcd.conf \\(is of testnet3, not of mainnet\\), ${home}/.bitcoin/.cookie \\(is not there\\), .*; give a URL, such as`,
      ),
    );
    await expect(auto('simnet')).rejects.toThrow('Core has no simnet');
  });
});
