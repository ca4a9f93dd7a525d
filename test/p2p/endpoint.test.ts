import { distinct, formatEndpoint, parseEndpoint } from '../../src/p2p/endpoint';

/** Addresses of BIP155. */
const ONION = 'pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion';
const I2P = 'ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p';

describe('parseEndpoint', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 8333],
    ['192.0.2.1:18444', '192.0.2.1', 18_444],
    ['seed.example.org', 'seed.example.org', 8333],
    ['seed.example.org:1', 'seed.example.org', 1],
    ['localhost:65535', 'localhost', 65_535],
    ['[2001:db8::1]:8333', '2001:db8::1', 8333],
    ['[::1]', '::1', 8333],
    ['::1', '::1', 8333],
    ['fe80::1%eth0', 'fe80::1%eth0', 8333],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    ['bücher.example:1', 'xn--bcher-kva.example', 1],
    ['BÜCHER.example', 'xn--bcher-kva.example', 8333],
    ['node.example.', 'node.example.', 8333],
    [ONION, ONION, 8333],
    [`${ONION.toUpperCase()}.:18444`, ONION, 18_444],
    [I2P, I2P, 0],
    [`${I2P}:0`, I2P, 0],
  ])('%s', (text, host, port) => {
    expect(parseEndpoint(text, 8333)).toEqual({ host, port });
  });

  it.each([
    '',
    ':8333',
    'nonsense:99999',
    'a:0',
    'a:port',
    'a:',
    'two words',
    '[1.2.3.4]:1',
    '[::1',
    'http://a',
    'a:1:2',
    'fe80::1%',
    '[fe80::1%]:1',
    'a..example',
    '\u00ad',
    `${ONION.replace('pg6', 'pg7')}:8333`,
    `${ONION}:0`,
    'expyuzz4wqqyqhjn.onion',
    `${I2P}:8333`,
    'stats.i2p',
  ])('refuses %j and names it', (text) => {
    expect(() => parseEndpoint(text, 8333)).toThrow(`--connect ${text}: `);
  });

  it('is the inverse of formatEndpoint', () => {
    for (const text of ['192.0.2.1:1', '[2001:db8::1]:8333', 'a.example:2'])
      expect(formatEndpoint(parseEndpoint(text, 8333))).toBe(text);
  });
});

it('distinct drops duplicates', () => {
  const texts = ['a.example', '127.0.0.1', 'A.example:8333', '127.0.0.1:8333', '127.0.0.1:1'];
  const same = ['a.example.', '[::1]:8333', '0:0::1', 'fe80::1%a', '[FE80::1%a]', 'fe80::1%b'];
  texts.push(...same, 'bücher.example', 'xn--bcher-kva.example');
  expect(distinct(texts.map((text) => parseEndpoint(text, 8333))).map(formatEndpoint)).toEqual([
    'a.example.:8333',
    '127.0.0.1:8333',
    '127.0.0.1:1',
    '[0:0::1]:8333',
    '[FE80::1%a]:8333',
    '[fe80::1%b]:8333',
    'xn--bcher-kva.example:8333',
  ]);
});
