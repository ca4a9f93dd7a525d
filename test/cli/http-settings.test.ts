import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { httpSettings } from '../../src/cli/http-settings';

const TOKEN = '0123456789abcdef';

let folder = '';
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-http-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function tokenFile(text: string, mode = 0o600): string {
  const file = path.join(folder, `token-${mode}`);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

it.each([
  [undefined, { host: '127.0.0.1', port: 8380, given: false }],
  ['127.0.0.1', { host: '127.0.0.1', port: 8380, given: true }],
  ['8381', { host: '127.0.0.1', port: 8381, given: true }],
  ['localhost:8381', { host: '127.0.0.1', port: 8381, given: true }],
  ['[::1]:9', { host: '::1', port: 9, given: true }],
  ['::1', { host: '::1', port: 8380, given: true }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0, given: true }],
  ['0', { host: '127.0.0.1', port: 0, given: true }],
  ['127.0.0.1:8380', { host: '127.0.0.1', port: 8380, given: true }],
  ['127.0.0.1:10', { host: '127.0.0.1', port: 10, given: true }],
])('reads --http %s', async (http, expected) => {
  expect(await httpSettings({ http }, {})).toEqual({ ...expected, token: null, names: [] });
});

it('reads --http-proxy', async () => {
  const httpProxy = ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32', '::1'];
  expect(await httpSettings({ httpProxy }, {})).toMatchObject({ proxies: httpProxy });
});

it.each(['proxy.lan', '10.0.0.0/33', '::/129', '127.0.0.1:80', 'fe80::1%lo', '10/8', '', '1.2.3.4/'])(
  'refuses --http-proxy %s',
  async (place) => {
    await expect(httpSettings({ httpProxy: [place] }, {})).rejects.toThrow(
      `--http-proxy ${place}: give the address from which the proxy connects, IP or IP/bits for a network`,
    );
  },
);

it('has no page where it is off', async () => {
  expect(await httpSettings({ http: 'off' }, {})).toBeUndefined();
});

it.each([
  [{ http: 'nonsense' }, '--http nonsense: give IP[:port], [IPv6]:port, a port of this machine, or off'],
  [{ http: 'example.org:80' }, '--http example.org:80: give IP[:port]'],
  [{ http: '127.0.0.1:99999' }, '--http 127.0.0.1:99999: give IP[:port]'],
  [{ http: 'http://127.0.0.1' }, '--http http://127.0.0.1: give IP[:port]'],
  [{ http: '' }, '--http : give IP[:port]'],
  [
    { http: '0.0.0.0:80' },
    '--http 0.0.0.0:80: everyone who can reach it could read everything; give --http-token-file',
  ],
  [{ http: '::' }, '--http ::: everyone who can reach it could read everything; give --http-token-file'],
  [{ http: '192.0.2.1' }, 'give --http-token-file'],
  [{ httpHost: ['http://x'] }, '--http-host http://x: give the name that a browser shows, name or name:port'],
  [{ httpHost: ['a b'] }, '--http-host a b: give the name'],
])('refuses %j', async (args, message) => {
  await expect(httpSettings(args, {})).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message) as string,
  });
});

it('needs an embedded store where the page was asked for', async () => {
  const exports = ['stdout:', 'influx+udp://h'];
  await expect(httpSettings({ http: '8380' }, {}, exports)).rejects.toMatchObject({
    exitCode: 2,
    message: '--http 8380: shows the embedded store; add --export duckdb:PATH, or leave it out',
  });
  expect(await httpSettings({ http: '8380' }, {}, [...exports, 'duckdb:x'])).toBeDefined();
  expect(await httpSettings({}, {}, exports)).toMatchObject({ given: false });
});

it('takes the token from a file or the environment, the file first', async () => {
  const http = '0.0.0.0:80';
  expect(await httpSettings({ http }, { BTCDMON_HTTP_TOKEN: TOKEN })).toMatchObject({ token: TOKEN });
  const both = { BTCDMON_HTTP_TOKEN: TOKEN };
  const httpTokenFile = tokenFile('the-token-of-the-file\nmore\n');
  expect(await httpSettings({ http, httpTokenFile }, both)).toMatchObject({ token: 'the-token-of-the-file' });
});

it.each([
  [
    'short',
    0o600,
    'a token has 16 to 256 printable ASCII characters and no space; openssl rand -hex 32 makes one',
  ],
  ['with a space in it, and long', 0o600, 'a token has 16 to 256'],
  ['x'.repeat(257), 0o600, 'a token has 16 to 256'],
  ['', 0o600, 'is empty'],
  [TOKEN, 0o644, 'is open to all users of this machine (mode 644); chmod 600'],
])('refuses a file with %j (%i) and shows nothing of it', async (text, mode, message) => {
  const httpTokenFile = tokenFile(text, mode);
  const refused = await httpSettings({ httpTokenFile }, {}).catch((error: unknown) => error as Error);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect((refused as Error).message).toContain(`--http-token-file ${httpTokenFile}: ${message}`);
  if (text !== '') expect((refused as Error).message).not.toContain(text);
});

it('reads names of proxies in lower case', async () => {
  const httpHost = ['Monitor.example.org', 'other:8443', '[2001:DB8::1]:80'];
  expect(await httpSettings({ httpHost }, {})).toMatchObject({
    names: ['monitor.example.org', 'other:8443', '[2001:db8::1]:80'],
  });
});
