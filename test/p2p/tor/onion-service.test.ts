import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OnionKeyFile } from '../../../src/p2p/tor/onion-key';
import { OnionService } from '../../../src/p2p/tor/onion-service';
import { Cleanup } from '../../support/cleanup';
import { freePort } from '../../support/free-port';
import { type ControlBehaviour, TorControl } from '../../support/tor-control';
import { until } from '../../support/until';

const cleanup = new Cleanup();
let folder = '';
beforeEach(() => {
  folder = cleanup.add(mkdtempSync(path.join(os.tmpdir(), 'btcdmon-onion-')), (it) =>
    rmSync(it, { recursive: true, force: true }),
  );
});
afterEach(() => cleanup.run());

async function startControl(behaviour: ControlBehaviour = {}): Promise<TorControl> {
  return cleanup.add(await TorControl.start(behaviour), (it) => it.stop());
}

/** An onion service of ours at a control port. */
async function serve(port: number, password: string | null = null) {
  const addresses: string[] = [];
  const warnings: string[] = [];
  const keyFile = new OnionKeyFile(folder, 'mainnet');
  const service = new OnionService(
    {
      control: { host: '127.0.0.1', port },
      password,
      listen: { host: '0.0.0.0', port: 18_000 },
      port: 8333,
    },
    {
      ...{ keyFile, key: await keyFile.load(), monotonicMs: () => performance.now() },
      isUp: (address) => addresses.push(address),
      warn: (message) => warnings.push(message),
    },
  );
  cleanup.add(service, (it) => it.stop());
  service.start();
  return { service, addresses, warnings };
}

it.each<[string, (file: string) => ControlBehaviour, string | null]>([
  ['the cookie', (cookieFile) => ({ cookieFile }), null],
  ['a password', () => ({ password: 'a "b" \\c' }), 'a "b" \\c'],
  ['neither where Tor wants none', () => ({}), null],
])('is made with %s, and keeps its address', async (_, behaviour, password) => {
  const control = await startControl(behaviour(path.join(folder, 'a "cookie"')));
  const first = await serve(control.port, password);
  await until('the service', () => first.addresses.length === 1);
  const [address = ''] = first.addresses;
  expect(address).toMatch(/^[a-z2-7]{56}\.onion:8333$/);
  const id = address.slice(0, 56);
  expect([...control.services]).toEqual([[id, 'Port=8333,127.0.0.1:18000']]);
  expect(statSync(path.join(folder, 'onion-key-mainnet')).mode & 0o777).toBe(0o600);
  // Tor is started again.
  control.hangUp();
  await until('the service again', () => first.addresses.length === 2);
  expect(first.warnings).toEqual([`--tor-control 127.0.0.1:${control.port}: ended the connection`]);
  await first.service.stop();
  await until('its end', () => control.services.size === 0);
  const second = await serve(control.port, password);
  await until('the service of the second run', () => second.addresses.length === 1);
  expect(new Set([...first.addresses, ...second.addresses])).toEqual(new Set([address]));
  expect(control.commands.join('\n')).not.toContain('AUTHENTICATE\n'.repeat(2));
});

describe('tells in one line, and tries on, where the control port', () => {
  const cookie = (): string => path.join(folder, 'cookie');
  it.each<[string, () => ControlBehaviour, string | null, RegExp]>([
    [
      'wants a password',
      () => ({ password: 'x' }),
      null,
      /wants a password; give BTCDMON_TOR_PASSWORD or --tor/,
    ],
    ['refuses the password', () => ({ password: 'x' }), 'secret', /refuses the password$/],
    ['takes no password', () => ({ cookieFile: cookie() }), 'secret', /takes no password; leave it out/],
    [
      'has another cookie than its file',
      () => ({ answers: { PROTOCOLINFO: info('METHODS=SAFECOOKIE', wrongCookie()) } }),
      null,
      /has another cookie than .*wrong; is that the file of another Tor\?$/,
    ],
    [
      'refuses the proof',
      () => ({
        cookieFile: cookie(),
        answers: { AUTHENTICATE: '515 Authentication failed: Wrong length\r\n' },
      }),
      null,
      /refuses the cookie .*cookie$/,
    ],
    [
      'names a cookie that is not there',
      () => ({ answers: { PROTOCOLINFO: info('METHODS=SAFECOOKIE', '/nowhere/cookie') } }),
      null,
      /cookie \/nowhere\/cookie: can't be read: /,
    ],
    [
      'names a cookie of another length',
      () => ({ answers: { PROTOCOLINFO: info('METHODS=SAFECOOKIE', shortCookie()) } }),
      null,
      /is not Tor's cookie, which has 32 bytes$/,
    ],
    [
      'speaks HTTP',
      () => ({ answers: { PROTOCOLINFO: 'HTTP/1.1 400\r\n\r\n' } }),
      null,
      /does not speak the protocol of/,
    ],
    [
      'sends an endless line',
      () => ({ answers: { PROTOCOLINFO: 'x'.repeat(99_999) } }),
      null,
      /a line that is too long$/,
    ],
    [
      'makes no service',
      () => ({ answers: { ADD_ONION: '551 Failed\u001b[31m\u0007 to add\r\n' } }),
      null,
      /answers 551 Failed\?\[31m\? to add$/,
    ],
    [
      'names a wrong address',
      () => ({ answers: { ADD_ONION: '250-ServiceID=abc\r\n250 OK\r\n' } }),
      null,
      /names no onion/,
    ],
  ])('%s', async (_, behaviour, password, line) => {
    const control = await startControl(behaviour());
    const { addresses, warnings } = await serve(control.port, password);
    await until('a warning', () => warnings.length > 0);
    await until(
      'another attempt',
      () => control.commands.filter((one) => one === 'PROTOCOLINFO 1').length > 1,
    );
    expect(warnings).toEqual([expect.stringMatching(line)]);
    expect(warnings[0]).toMatch(new RegExp(`^--tor-control 127.0.0.1:${control.port}: [^\\n]+$`));
    expect(warnings[0]).not.toContain('secret');
    expect(addresses).toEqual([]);
  });

  it('is not there', async () => {
    const port = await freePort();
    const { warnings } = await serve(port);
    await until('a warning', () => warnings.length > 0);
    expect(warnings).toEqual([
      `--tor-control 127.0.0.1:${port}: nobody listens there; does Tor run, with a ControlPort?`,
    ]);
  });

  const info = (methods: string, file: string): string =>
    `250-PROTOCOLINFO 1\r\n250-AUTH ${methods} COOKIEFILE="${file}"\r\n250 OK\r\n`;

  function fileOf(name: string, bytes: number): string {
    const file = path.join(folder, name);
    writeFileSync(file, Buffer.alloc(bytes, 1));
    return file;
  }

  const wrongCookie = (): string => fileOf('wrong', 32);
  const shortCookie = (): string => fileOf('short', 31);
});

it.each([
  ['ED25519-V3:short\n', 0o600, 'is no key of an onion service; move it away to get a new address'],
  [`ED25519-V3:${'A'.repeat(86)}==\n`, 0o644, 'is open to all users of this machine (mode 644); chmod 600'],
])('a key file %j of mode %o is refused', async (text, mode, reason) => {
  const { file } = new OnionKeyFile(folder, 'mainnet');
  writeFileSync(file, text, { mode });
  await expect(new OnionKeyFile(folder, 'mainnet').load()).rejects.toThrow(`onion key ${file}: ${reason}`);
});
