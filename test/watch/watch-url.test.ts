import { UsageError } from '../../src/lib/errors';
import { parseWatch } from '../../src/watch/watch-url';

describe('parseWatch', () => {
  it.each([
    ['https://127.0.0.1', 'mainnet', { host: '127.0.0.1', port: 8334, isSecure: true, name: undefined }],
    ['https://localhost', 'simnet', { port: 18556 }],
    ['http://localhost', 'regtest', { port: 18443, isSecure: false }],
    ['https://node.example:443', 'mainnet', { host: 'node.example', port: 443 }],
    ['http://[::1]:80', 'mainnet', { host: '::1', port: 80 }],
    ['mine=https://operator@10.0.0.1', 'mainnet', { name: 'mine', user: 'operator' }],
    [
      'a b=https://u@h?password-file=/p&ca-file=/c',
      'mainnet',
      { name: 'a b', user: 'u', passwordFile: '/p', caFile: '/c' },
    ],
    ['https://h?conf=/etc/btcd=1.conf', 'mainnet', { name: undefined, confFile: '/etc/btcd=1.conf' }],
    ['core=http://h?cookie=/c', 'mainnet', { name: 'core', port: 8332, cookieFile: '/c' }],
    ['auto', 'mainnet', { kind: 'auto', name: undefined }],
    ['mine=auto', 'mainnet', { kind: 'auto', name: 'mine' }],
  ] as const)('reads %s on %s', (text, network, expected) => {
    expect(parseWatch(text, network)).toMatchObject(expected);
  });

  it.each([
    ['https://u:secret@h', 'a password in a URL is seen by other users', 'docs/watching.md'],
    ['mine=https://u:secret@h:1/?x=secret', 'a password in a URL', '--watch mine= https://***@h:1'],
    ['u:secret@h', 'neither a URL of http or https nor auto', '***@h'],
    ['ftp://u:secret@h', 'neither a URL of http or https nor auto', '***@h'],
    ['atuo', 'neither a URL of http or https nor auto', 'atuo'],
    ['=https://h', 'give a name of 1 to 64', '--watch ""='],
    ['a\\=https://h', 'give a name of 1 to 64', 'backslash'],
    ['https://h/path', 'has a path', 'use [name=]http(s)://'],
    ['http://h', 'names no port', ''],
    ['https://h:0', 'names no port', ''],
    ['https://h?cafile=x', 'no such option: cafile', 'did you mean ca-file?'],
    ['http://h:1?ca-file=x', 'ca-file only works with https', ''],
    ['https://h?password-file=x', 'a password-file, but no user', 'user@'],
    ['https://u@h?conf=x', 'a user and conf: give one login', ''],
    ['https://h?conf=x&cookie=y', 'conf and cookie: give one login', ''],
  ])('refuses %s', (text, reason, also) => {
    // Core has no simnet, so that http has no default port there.
    const network = text === 'http://h' ? 'simnet' : 'mainnet';
    expect(() => parseWatch(text, network)).toThrow(UsageError);
    try {
      parseWatch(text, network);
    } catch (error) {
      const { message } = error as Error;
      expect(message).toContain(reason);
      expect(message).toContain(also);
      expect(message).not.toMatch(/secret|\n/);
    }
  });
});
