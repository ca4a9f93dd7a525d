import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main';
import { FLAG_ONLY, SETTABLE } from '../../src/cli/known-options';
import { type OptionTable, variableOf } from '../../src/cli/option';
import { CRAWL_OPTIONS } from '../../src/cli/crawl-options';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from '../../src/cli/options';
import { TAP_OPTIONS } from '../../src/cli/watch-options';
import { StoreWriter } from '../../src/store/writer';
import { queryPoints } from '../support/query-points';

/**
 * Values that are wrong for each option that variables and files may set; what any option refuses is tried
 * besides.
 */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  'data-dir': [],
  'log-level': ['7', 'verbose', 'INFO'],
  connect: [
    ...['5:x', 'a:0', 'a:65536', '[a]:1', '[::1', 'a b', '-a', 'http://a', 'a/b'],
    ...[
      '18555',
      ':18555',
      '99999',
      '127.0.0.1 18555',
      'tcp://h',
      'https://[::1]:1',
      '256.1.1.1',
      '127.1',
      '1.2.3.4.5:1',
    ],
  ],
  join: ['maybe', '2', 'wahr'],
  wtxidrelay: ['maybe', 'null'],
  transport: ['V2', '2', 'tcp', 'true'],
  peers: ['0', '-1', '20001', '8.0', '1e1', '0123', 'eight', ' 8'],
  rotate: ['6', '59s', '-1h', '6 h', 'daily'],
  feelers: ['-1', '3601', '30/h', '2m', '1e1', '007', 'none'],
  shard: ['3', '0/16', '17/16', '3/0', '1/1025', '3 of 16', '1/2/3', '03/16'],
  exclude: [],
  contact: ['a(b)', 'https://a.example', 'ä@example.org', ' a', 'a ', 'x'.repeat(101)],
  listen: ['a', 'localhost', '0', '65536', '1.2.3.4:99999', 'tcp://127.0.0.1:1'],
  'max-inbound': ['0', '1e3', '1_000', '9999999999'],
  seed: ['127.0.0.1', 'a:0', 'a b', 'dns://a', '8333', '1.2.3'],
  dns: ['a', '127.0.0.1:x', 'localhost:53'],
  proxy: ['a b', 'a:0', '9050', 'http://a', 'socks5:a', 'socks5://', 'socks5://h:99999', 'socks5://h/x'],
  onion: ['a b', 'a:65536', 'socks4://a', 'socks5://h/x'],
  'only-net': ['tor', 'ipv5', 'onion;i2p', 'IPv4'],
  'cjdns-reachable': ['maybe', '2'],
  'i2p-sam': ['a b', 'a:0', 'a:65536', 'http://a', '7656'],
  'tor-control': ['a b', 'a:0', '9051', 'unix:/x'],
  'tor-password-file': [],
  network: ['7', 'main', 'Mainnet', '[mainnet]', 'simnt', 'test'],
  export: [
    '5',
    'duckdb',
    'duckdb:',
    'influx+udp://',
    'influx+udp://h:99999',
    'influx+http://h',
    'stdout:x',
    'x://y',
  ],
  node: ['a\\', ' a', 'ä', 'x'.repeat(65)],
  interval: ['5', '0s', '99ms', '-1s', '1 s', '1e3s', '99999999w'],
  validate: ['half', '1'],
  policy: ['7', 'Core'],
  'tx-rate': ['0', '1e3', '0x10', '1.5'],
  'mempool-size': ['0', '100MB'],
  'spool-size': ['0', '1e3', '-5'],
  http: ['a', '127.0.0.1:x', '5.5', 'true', 'example.org:80', 'Off '],
  'http-host': ['http://a', 'a b', 'a:b'],
  'http-proxy': ['x', '10.0.0.0/33', '1.2.3'],
  retention: ['30', '59m', 'forever', '-1d'],
  'max-user-agents': ['0', 'many'],
  from: ['x', 'nats://', 'nats://h', 'nats://h/a.b', 'duckdb:x'],
  group: ['a.b', 'a b', 'x'.repeat(65)],
  'max-connections': ['0', '1e3'],
  'http-token-file': [],
  'tls-cert': [],
  'tls-key': [],
  watch: ['http://', 'https://h:99999'],
  tap: ['a\\', ' a', 'ä', 'x'.repeat(65)],
  forward: ['8333', 'a', '1.2.3.4', '127.0.0.1:1=', '=127.0.0.1:1'],
  socks: ['a', 'localhost', '65536', '1.2.3.4:99999', 'socks5://127.0.0.1'],
  'upstream-proxy': ['a b', 'a:0', 'a:65536', 'socks5://a'],
  'tap-plain': ['maybe', '2'],
  'tap-ban': ['maybe', '2'],
  pcap: [],
  asmap: [],
  arrivals: ['maybe', '2'],
  'arrivals-sample': ['0', '1.5', '1e3'],
  label: ['spies', '=x', 'Spies=x', 'a b=x', 'spies=', '-a=x', `${'x'.repeat(33)}=y`],
  'pcap-node': ['a', 'localhost:8333', '1.2.3.4:99999', '10.0.0.0/8'],
  'token-file': [],
  every: ['59s', '1', 'hourly', '-1h'],
  workers: ['0', '10001', '1e3', 'many'],
  notify: [
    '5',
    'ftp://h',
    'https:h',
    'slack+https://',
    'ntfy+https://h',
    'smtp://h',
    'smtp://h?to=x',
    'exec:',
  ],
  silence: ['no-peer', 'x', '=2h', 'no-peers=', 'no-peers=5', 'no-peers=0s', 'BtcdmonNoPeers=soon'],
  why: ['24', '59s', '4w', 'Off', 'forever', '-1h'],
  'why-size': ['0', '1001', '24MB', '1.5'],
  'why-disk': ['-1', '100001', '500MB', '1.5'],
  record: [],
  'record-size': ['0', '10', '0.5MB', '10gb', '1e3MB', '-1GB', '99999999TB'],
  only: ['inv;tx', 'Inv', 'transactions', 'inv tx'],
  runbooks: ['5', 'docs/alerts.md', 'ftp://h/x', 'https:h', 'https://h/x#y', 'https://'],
};

/** A place of the collector is another thing than one of the node. */
const WRONG_OF_COLLECT: typeof WRONG = {
  ...WRONG,
  listen: ['8094', 'tcp://a:1', 'tcp://127.0.0.1', 'tcp://127.0.0.1:99999', 'unix:', 'udp://127.0.0.1:1'],
};

/** No option takes these. */
const NEVER = ['a\nb', 'a\u007f', 'a\u0085b', 'a\u2028b'];

let folder = '';
let stderr = '';
const before = { ...process.env };
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-wrong-'))));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs the program in this process, since each of its starts would take a third of a second. */
async function run(args: readonly string[], variables: NodeJS.ProcessEnv = {}, status = 2): Promise<string> {
  stderr = '';
  process.exitCode = undefined;
  const others = Object.entries(before).filter(([name]) => !name.startsWith('BTCDMON_'));
  process.env = { ...Object.fromEntries(others), ...variables };
  try {
    await main(args);
  } finally {
    process.env = { ...before };
  }
  expect([stderr, process.exitCode]).toEqual([stderr, status]);
  expect(stderr).toMatch(/^btcdmon-node: [^\n\r]+\n$/);
  expect(stderr).not.toMatch(/\n\s+at |undefined|\[object/);
  return stderr;
}

/**
 * How an error shows a value: as it is; the name of a node in quotes, as a space at its end is seen so;
 * control characters escaped; of what may be a secret the scheme alone.
 */
function shown(name: string, text: string): string {
  if (name === 'notify') return text.includes(':') ? `${text.slice(0, text.indexOf(':'))}:…` : '…';
  if (!NEVER.includes(text)) return ['node', 'tap'].includes(name) ? JSON.stringify(text) : text;
  const escaped = Array.from(text, (char) => {
    const code = char.charCodeAt(0);
    if (char === '\n') return '\\n';
    return code < 0x7f ? char : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

const COMMANDS: readonly (readonly [string, readonly string[], OptionTable, typeof WRONG])[] = [
  ['listen', [], { ...GLOBAL_OPTIONS, ...LISTEN_OPTIONS }, WRONG],
  ['tap', ['tap'], { ...GLOBAL_OPTIONS, ...TAP_OPTIONS }, WRONG],
  ['crawl', ['crawl'], { ...GLOBAL_OPTIONS, ...CRAWL_OPTIONS }, WRONG],
  ['collect', ['collect'], { ...GLOBAL_OPTIONS, ...COLLECT_OPTIONS }, WRONG_OF_COLLECT],
];

const cases = COMMANDS.flatMap(([command, args, table, wrong]) =>
  Object.entries(table)
    .filter(([name]) => name !== 'config')
    .flatMap(([name, spec]) => {
      const values = [...(wrong[name] ?? ['MISSING']), ...(spec.type === 'boolean' ? [] : NEVER)];
      return values.map((value) => ({ command, args, name, value, isList: spec.array === true }));
    }),
);

it('has wrong values for each option', () => {
  const names = SETTABLE.flatMap((table) => Object.keys(table)).filter((name) => name !== 'config');
  expect(Object.keys(WRONG).sort()).toEqual([...new Set(names)].sort());
});

describe.each(['flag', 'variable', 'file'] as const)('a wrong value of a %s', (source) => {
  it.each(cases)('$command: $name $value', async ({ args, name, value, isList }) => {
    const enough = name === 'connect' || args.length > 0 ? [] : ['-c', '127.0.0.1:1'];
    const file = path.join(folder, 'settings.yaml');
    let error: string;
    let label = `--${name}`;
    if (source === 'flag') {
      error = await run([...args, `--${name}=${value}`, ...enough]);
    } else if (source === 'variable') {
      label = variableOf(name);
      error = await run([...args, ...enough], { [label]: value });
    } else {
      label = `${file}:2: ${name}`;
      const text = JSON.stringify(value);
      writeFileSync(file, `# settings\n${name}: ${isList ? `[${text}]` : text}\n`);
      error = await run([...args, ...enough, '--config', file]);
    }
    const begin = `btcdmon-node: ${label} ${shown(name, value)}: `;
    expect(error.slice(0, begin.length)).toBe(begin);
    // What would be right stands behind a colon or a semicolon.
    expect(error).toMatch(/: .*(give|use|there are|must be|not a|names no|is a|can't be read)/);
  });
});

it.each([
  [
    'query',
    ['tx'],
    { since: 'x', until: '1x', every: '0s', limit: '-1', format: 'xml', where: '', output: '' },
  ],
  ['audit', [], { since: 'x', store: '', format: 'x' }],
  ['top', [], { every: '1ms', network: 'x', format: 'x', once: 'maybe', node: 'a\nb' }],
  ['serve', [], { store: '', http: 'x', 'http-host': 'a b' }],
  ['alerts', [], { store: '', at: 'x', format: 'xml' }],
  ['demo', [], { seconds: 'x', http: 'x' }],
  [
    'frames',
    ['x'],
    { from: 'x', to: '1x', direction: 'up', follow: '0', format: 'xml', peer: '', redact: '' },
  ],
  ['replay', ['x'], { speed: '0', export: 'x', compare: 'x', 'spool-size': '0', format: 'xml' }],
  ['setup', ['influx'], { 'raw-days': '0', fill: 'x', reader: 'a b', writer: 'a/b', store: '' }],
] as const)('%s refuses wrong flags in one line that names them', async (command, words, flags) => {
  for (const [name, value] of Object.entries(flags)) {
    expect(await run([command, ...words, `--${name}=${value}`])).toContain(`--${name} `);
    if (name !== 'once')
      expect(await run([command, ...words, `--no-${name}`])).toContain(`--no-${name}: is no option`);
  }
});

it('knows every option of the commands that only ask', () => {
  for (const table of FLAG_ONLY) for (const name of Object.keys(table)) expect(name).toMatch(/^[a-z-]+$/);
});

it.each([
  [['--no-http', '-c', 'a'], '--no-http: is no option'],
  [['--no-connect'], '--no-connect: is no option'],
  [['--node.x=1', '-c', 'a'], 'unknown option or argument "node.x"'],
  [['--join=ja'], '--join ja: give true or false'],
  [['--join', 'ja'], 'unknown option or argument "ja"'],
  [['-c', 'a', '--node', 'b', '--node', 'c'], '--node b and c: give it once'],
  [['--config', '', '-c', 'a'], '--config "": is empty'],
])('%j is refused, and no option is taken for another value', async (args, message) => {
  expect(await run(args)).toContain(message);
});

it.each([
  [{ BTCDMON_SEED: 'a.example' }, 'BTCDMON_SEED a.example: has a meaning only with --join'],
  [
    { BTCDMON_RETENTION: '30d', BTCDMON_EXPORT: 'stdout:' },
    'BTCDMON_RETENTION 30d: concerns the embedded store',
  ],
  [{ BTCDMON_ONLY: 'inv' }, 'BTCDMON_ONLY inv: has a meaning only with --record'],
  [{ BTCDMON_RECORD_SIZE: '5GB' }, 'BTCDMON_RECORD_SIZE 5GB: has a meaning only with --record'],
  [{ BTCDMON_HTTP: '192.0.2.1' }, 'BTCDMON_HTTP 192.0.2.1: everyone who can reach it could read everything'],
])('%j does not go with the rest, which names the variable', async (env, message) => {
  expect(await run(['-c', '127.0.0.1:1', '--data-dir', folder], env)).toContain(message);
});

describe('what people write by mistake', () => {
  let from = '';
  beforeAll(async () => {
    const file = path.join(folder, 'store.duckdb');
    const writer = new StoreWriter({ path: file });
    await writer.open();
    await writer.write(queryPoints());
    await writer.close();
    from = `duckdb:${file}`;
  });

  /** One word of a call; a word of its own each, but for what is in quotes. */
  const words = (line: string): string[] =>
    Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '');

  it.each([
    // The listener's peers.
    [
      '-c http://127.0.0.1:18555',
      '--connect http://127.0.0.1:18555: is a URL; give host[:port] alone, such as 127.0.0.1:18555; what answers HTTP is an RPC port',
    ],
    [
      '-c https://node.example/',
      '--connect https://node.example/: is a URL; give host[:port] alone, such as node.example;',
    ],
    ['-c tcp://h', '--connect tcp://h: is a URL; give host[:port] alone, such as h'],
    [
      '-c bitcoin://h:8333/x',
      '--connect bitcoin://h:8333/x: is a URL; give host[:port] alone, such as h:8333',
    ],
    ['-c http://user@h', '--connect http://user@h: is a URL; give host[:port] alone, such as 192.0.2.1:8333'],
    ['-c a,b', '--connect a,b: has a comma; give each by itself: --connect a --connect b'],
    ['-c 127.0.0.1:1,127.0.0.1:2', 'give each by itself: --connect 127.0.0.1:1 --connect 127.0.0.1:2'],
    ['-c 18555', '--connect 18555: is a number without a host; give host:port, such as 127.0.0.1:18555'],
    ['-c :18555', '--connect :18555: is a number without a host; give host:port, such as 127.0.0.1:18555'],
    ['-c 70000', '--connect 70000: is a number without a host; give host:port, such as 127.0.0.1:8333'],
    ['-c 127.0.0.1 18555', '--connect 18555: is a number without a host; give host:port'],
    [
      '-c "127.0.0.1 18555"',
      '--connect 127.0.0.1 18555: has a space; give host:port, such as 127.0.0.1:18555',
    ],
    [
      '-c "127.0.0.1: 18555"',
      '--connect 127.0.0.1: 18555: has a space; give host:port, such as 127.0.0.1:18555',
    ],
    [
      '-c 127.0.0.256',
      '--connect 127.0.0.256: 127.0.0.256 is not an IPv4 address, which has four numbers from 0 to 255',
    ],
    ['-c 192.168.1:8333', '--connect 192.168.1:8333: 192.168.1 is not an IPv4 address'],
    ['-c 127.0.0.1:http', '--connect 127.0.0.1:http: "http" is not a port; give one from 1 to 65535'],
    ['-c localhost:', '--connect localhost:: "" is not a port; give one'],
    ['-c user@host', '--connect user@host: not a host; give host[:port]'],
    ['--seed dns://a --join', '--seed dns://a: is a URL; give host[:port] alone, such as a'],
    ['--forward tcp://a=b', '--forward tcp://a: is a URL; give host[:port] alone, such as a'],
    ['-c a --proxy me:secret@h:1', '--proxy …@h:1: names a user; use host[:9050] or socks5://'],
    [
      '-c a --proxy socks5://me:secret@h',
      '--proxy socks5://***@h: a password in a URL is seen by other users',
    ],
    ['-c a --proxy socks5://me@h', '--proxy socks5://***@h: no password for user me; put it into'],
    ['-c a --onion socks5://h?password-file=x', '--onion socks5://h: a password needs a user'],
    ['--join --proxy h --dns 127.0.0.1', '--dns 127.0.0.1: is not asked with --proxy'],
    ['-c a --only-net ipv4', '--only-net ipv4: has a meaning only with --join'],
    [
      '--join --only-net onion',
      '--only-net onion: there is no way to onion addresses; give --onion host:port',
    ],
    ['--join --only-net ipv4,cjdns', '--only-net ipv4,cjdns: there is no way to addresses of CJDNS; give'],
    [
      '--join --only-net ipv4 --only-net tor',
      '--only-net tor: give one or more of ipv4, ipv6, onion, i2p, cjdns',
    ],
    ['-c a --tor-control 127.0.0.1', '--tor-control 127.0.0.1: has a meaning only with --listen'],
    ['-c a --tor-password-file x', '--tor-password-file x: has a meaning only with --tor-control'],
    [
      '-c pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion',
      'scryd.onion:8333: there is no way to onion addresses; give --onion host:port',
    ],
    [
      '-c ag6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion',
      'scryd.onion: is an onion address with a wrong checksum',
    ],
    [
      '--upstream-proxy 9050',
      '--upstream-proxy 9050: is a number without a host; give host:port, such as 127.0.0.1:9050',
    ],
    // Names of options.
    ['-network simnet -c a', '-network simnet: the name of an option has two dashes; give --network simnet'],
    ['-network=simnet -c a', '-network simnet: the name of an option has two dashes; give --network simnet'],
    [
      '-connect 127.0.0.1',
      '-connect 127.0.0.1: the name of an option has two dashes; give --connect 127.0.0.1',
    ],
    [
      '-conect 127.0.0.1',
      '-conect 127.0.0.1: the name of an option has two dashes; give --connect 127.0.0.1',
    ],
    ['-help', '-help: the name of an option has two dashes; give --help'],
    ['-version', '-version: the name of an option has two dashes; give --version'],
    [
      '-zzzzzzzzzzz',
      '-zzzzzzzzzzz: the name of an option has two dashes; give --zzzzzzzzzzz, or one letter as -z',
    ],
    ['query tx -since 1h', '-since 1h: the name of an option has two dashes; give --since 1h'],
    [
      '--network simnt -c a',
      '--network simnt: give one of mainnet, testnet3, testnet4, signet, simnet, regtest; did you mean simnet?',
    ],
    ['--log-level verbos -c a', '--log-level verbos: give one of'],
    ['--validate ful -c a', '--validate ful: give one of headers, full; did you mean full?'],
    ['--policy bitcoind -c a', '--policy bitcoind: give one of btcd, core'],
    [
      '-c a --exprot stdout:',
      'unknown option or argument "exprot"; did you mean export?; see btcdmon-node --help',
    ],
    // Commands.
    ['querry', 'unknown option or argument "querry"; did you mean query?; see btcdmon-node --help'],
    ['querys tx', 'unknown option or argument "querys"; did you mean query?'],
    ['aduit', 'unknown option or argument "aduit"; did you mean audit?'],
    ['start', 'unknown option or argument "start"; the commands are collect, tap,'],
    ['bogus', 'unknown option or argument "bogus"; the commands are collect, tap, serve, demo, top, query,'],
    ['audit --node x', 'unknown option or argument "node"; it is an option of the listener, collect, tap'],
    ['query tx --node x', 'unknown option or argument "node"; it is an option of the listener, collect, tap'],
    ['top --since 1h', 'unknown option or argument "since"; it is an option of query, audit'],
    ['series tx --raw x', 'unknown option or argument "raw"; it is an option of query, not of series'],
    [
      'audit --sinc 1h',
      'unknown option or argument "sinc"; did you mean since?; see btcdmon-node audit --help',
    ],
    ['serve tx', 'unknown option or argument "tx"; see btcdmon-node serve --help'],
    // Names of series, named queries, columns and tables.
    ['query block-fees', 'there is no series block-fees; it is a named query, with @: query @block-fees'],
    ['query @mempool', 'there is no query @mempool; mempool is a series: query mempool; there are @mempool-'],
    ['query @fee', 'there is no query @fee; there are @'],
    ['query @mempool-sise', 'there is no query @mempool-sise; did you mean mempool-size?'],
    ['query @nothing-like-it', 'there is no query @nothing-like-it; `btcdmon-node queries` lists them'],
    ['query outputs', 'there is no series outputs; there are bandwidth,'],
    [
      'series @block-fees',
      'no series is named "@block-fees"; it is a named query: btcdmon-node queries block-fees',
    ],
    ['series txs', 'no series is named "txs"; did you mean tx?'],
    ['series outputs', 'no series is named "outputs"; there are bandwidth,'],
    ['queries tx', 'there is no query @tx; tx is a series: query tx'],
    [
      'query --raw "SELECT vsiz FROM tx" STORE',
      'Referenced column "vsiz" not found in FROM clause! Candidate bindings: "vsize"',
    ],
    ['query --raw "SELECT cuont(*) FROM tx" STORE', 'with name cuont does not exist! Did you mean "count'],
    [
      'query --raw "SELECT count(*) FROM transactions" STORE',
      '--raw: the store has no table transactions; there are bandwidth,',
    ],
    [
      'query --raw "SELECT count(*) FROM tx_output" STORE',
      '--raw: the store has no table tx_output; did you mean tx_outputs?',
    ],
    ['query --raw "SELECT count(* FROM tx" STORE', '--raw: Parser Error: syntax error at or near "FROM"'],
    // Quotes that the shell took.
    [
      'query tx_outputs --where script_type != pubkeyhash',
      `--where script_type != pubkeyhash: is several words; put the condition in quotes: --where "script_type != 'pubkeyhash'"`,
    ],
    [
      'query tx --where tx_size = 5 --since 1h',
      '--where tx_size = 5: is several words; put the condition in quotes: --where "tx_size = 5"',
    ],
    ['query tx --where node in a', '--where node in a: is several words; put the condition in quotes'],
    [
      'query tx --where tx_size',
      '--where, character 8: expected one of = != < <= > >= IN, found the end; put the whole condition in quotes',
    ],
    [
      'query tx_outputs --where script_type!=pubkeyhash',
      `script_type is compared with a string, as 'pubkeyhash'; found pubkeyhash`,
    ],
    [
      'query --raw SELECT count from tx',
      '--raw SELECT count from tx: is several words; put the statement in quotes: --raw "SELECT count from tx"',
    ],
    [
      'query --raw=SELECT 1',
      '--raw SELECT 1: is several words; put the statement in quotes: --raw "SELECT 1"',
    ],
    // Times and durations.
    ['query tx --since 5', '--since 5: not a time; give a duration ago with its unit, such as 5m or 5h'],
    ['audit --since 5', '--since 5: not a time; give a duration ago with its unit, such as 5m or 5h'],
    ['query tx --until 30', '--until 30: not a time; give a duration ago with its unit, such as 30m or 30h'],
    ['query tx --since 2026', '--since 2026: not a time; give a day as 2026-01-01'],
    ['query tx --since 20261101', '--since 20261101: not a time; give a day as 2026-11-01'],
    [
      'query tx --since 1700000000000',
      '--since 1700000000000: not a time; Unix times are in seconds: give 1700000000',
    ],
    [
      'query tx --since 2026-02-30',
      '--since 2026-02-30: not a time; give a duration ago (90s, 1h30m, 7d), today, yesterday,',
    ],
    ['query tx --since 25:00', '--since 25:00: not a time; give a duration ago'],
    ['query tx --since tomorrow', '--since tomorrow: not a time; give a duration ago'],
    ['query tx --since -1h', '--since -1h: not a time; durations count back: give 1h'],
    ['query tx --since 30m1h', '--since 30m1h: not a time; give a duration ago'],
    ['query tx --agg count --every 1', '--every 1: not a duration; use a number and a unit'],
    ['top --every 5', '--every 5: give a duration from 500ms to 1d, such as 2s or 1m'],
    ['-c a --interval 1m30', '--interval 1m30: give a duration from 100ms up, such as 5s or 1m'],
    // Columns, percentiles and files.
    ['query tx --columns tx_siz', '--columns tx_siz: the answer has no such column; did you mean tx_size?'],
    ['query tx --agg count --columns time', '--columns time: the answer has no such column; it has count'],
    ['query tx --columns time,time', '--columns time: is given twice'],
    ['query tx --agg p100 tx_size', '--agg p100: there is no such aggregate; use one of count'],
    ['query tx --agg p99.9 tx_size', 'or another percentile from p1 to p99'],
    ['query tx --store x', '--store x: use duckdb:PATH, parquet:DIR or influx+http'],
    ['query tx --from x', '--from x: use duckdb:PATH, parquet:DIR or influx+http'],
    ['query tx --store duckdb:a --from duckdb:b', '--store duckdb:a and duckdb:b: give it once'],
    ['audit --from influx+udp://h', '--from influx+udp: UDP only writes; read with influx+http'],
    // Folders of Parquet files, and copies.
    ['query tx --store parquet:', '--store parquet: names no folder; use parquet:DIR'],
    [
      'serve --store influx+http://h/d',
      '--store influx+http:…: serve can only show embedded stores and Parquet files; use duckdb:PATH or parquet:DIR',
    ],
    ['backup', 'backup: names no file; give one that does not exist yet, such as copy.duckdb'],
    [
      'backup x.duckdb --store influx+http://h/d',
      '--store influx+http:…: backup copies embedded stores, duckdb:PATH',
    ],
    [
      'backup x.duckdb --store parquet:d',
      '--store parquet:…: backup copies embedded stores, duckdb:PATH; a folder of Parquet',
    ],
    ['backup FOLDER STORE', 'is there already and is not overwritten; name another file, or remove it'],
    // Buckets.
    [
      'query @mempool-size --every 1s',
      '--every 1s: buckets of @mempool-size have 5 s or more, as its points; give --every 5s',
    ],
    [
      'query @double-spends --every 30s',
      '--every 30s: buckets of @double-spends have 60 s or more, as its points; give --every 60s',
    ],
    ['query tx --every 1m', '--every makes buckets for --agg; add one, such as --agg count'],
    [
      'query tx --agg average tx_size',
      '--agg average: there is no such aggregate; use one of count, sum, mean',
    ],
  ] as const)('%s', async (line, message) => {
    const args = words(line).flatMap((word) =>
      word === 'STORE' ? ['--from', from] : [word === 'FOLDER' ? folder : word],
    );
    expect(await run(args)).toContain(message);
  });

  it.each<[NodeJS.ProcessEnv, string, number?]>([
    [{ BTCDMON_CONECT: 'x' }, 'BTCDMON_CONECT: no option has this name; did you mean BTCDMON_CONNECT?'],
    [
      { BTCDMON_NETWORK: 'simnt' },
      'BTCDMON_NETWORK simnt: give one of mainnet, testnet3, testnet4, signet, simnet, regtest; did you mean simnet?',
    ],
    [
      { BTCDMON_CONNECT: 'http://127.0.0.1:1' },
      'BTCDMON_CONNECT http://127.0.0.1:1: is a URL; give host[:port] alone, such as 127.0.0.1:1',
    ],
    [{ BTCDMON_CONNECT: 'a 1, b' }, 'BTCDMON_CONNECT a 1: has a space; give host:port, such as a:1'],
    [
      { BTCDMON_EXPORTS: 'stdout:' },
      'BTCDMON_EXPORTS: no option has this name; did you mean BTCDMON_EXPORT?',
    ],
    [{ BTCDMON_SINCE: '1h' }, 'BTCDMON_SINCE: no variable sets --since; give it on the command line'],
    [{ BTCDMON_DATA_DIR: '/proc/x' }, "BTCDMON_DATA_DIR /proc/x: can't be made", 1],
  ])('%j', async (variables, message, status = 2) => {
    expect(await run(['-c', '127.0.0.1:1'], variables, status)).toContain(`btcdmon-node: ${message}`);
  });

  it.each<[string, string, number?]>([
    ['config: other.yaml', ":1: config: a file can't name another one; put the options here"],
    ['config:', ':1: config: has no value; give one, or remove the line'],
    ['network: simnt', ':1: network simnt: give one of mainnet,'],
    ['# a\nconnect:\n  - a\n  - tcp://b', ':4: connect tcp://b: is a URL; give host[:port] alone, such as b'],
    ['connect: "a,b"', ':1: connect a,b: has a comma; give each by itself'],
    ['connect: 18555', ':1: connect 18555: is a number without a host'],
    ['conect: a', ':1: no option is named "conect"; did you mean connect?'],
    ['since: 1h', ':1: since: no file sets --since; give it on the command line'],
    [
      'network: simnet: x',
      ':1: not YAML or JSON: Nested mappings are not allowed in compact mappings; an option a line',
    ],
    [
      'network simnet\nnode: a',
      ':1: not YAML or JSON: Implicit keys need to be on a single line; an option a line',
    ],
    ['connect: [a', ':1: not YAML or JSON: '],
    ['connect: {a', ':1: not YAML or JSON: '],
    ['node: "a', ':1: not YAML or JSON: '],
    ['node: a\n b: c', ':1: not YAML or JSON: '],
    ['connect:\n- a\n  - b: c: d', ':2: not YAML or JSON: '],
    ['connect:\n- a\nb\n', ':3: not YAML or JSON: '],
    ['*x : y', ':1: a key must be the name of an option, such as network'],
    ['network=simnet', ':1: not an object of option names and values, such as "network: mainnet"'],
    ['data-dir: /proc/x', ":1: data-dir /proc/x: can't be made", 1],
  ])('a file with %j', async (text, message, status = 2) => {
    const file = path.join(folder, 'mistakes.yaml');
    writeFileSync(file, text);
    const call = text.startsWith('connect') ? [] : ['-c', '127.0.0.1:1'];
    const error = await run(['--config', file, ...call], {}, status);
    expect(error.slice(0, `btcdmon-node: ${file}${message}`.length)).toBe(`btcdmon-node: ${file}${message}`);
    expect(error).not.toMatch(/:\n$/);
  });

  it('a store that another process has open is named with its holder in one line', async () => {
    const program = `
      const { DuckDBInstance } = require('@duckdb/node-api');
      DuckDBInstance.create(process.argv[1]).then(() => { console.log('open'); setInterval(() => {}, 1000); });`;
    const file = path.join(folder, 'locked.duckdb');
    const holder = spawn(process.execPath, ['-e', program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      const right = `in use by process ${holder.pid ?? 0}; stop that one`;
      for (const args of [['query', 'tx'], ['audit'], ['query', '@mempool-size']])
        expect(await run([...args, '--from', `duckdb:${file}`], {}, 1)).toContain(`store ${file}: ${right}`);
    } finally {
      holder.kill('SIGKILL');
    }
  });
});

describe('a path that begins with ~/', () => {
  const name = `btcdmon-no-such-folder-${process.pid}`;
  const expanded = path.join(homedir(), name, 'x');

  it.each([
    [['-c', '127.0.0.1:1', '--data-dir', `~/${name}/x`], {}, `--data-dir ${expanded}: can't be made`, 1],
    [
      ['-c', '127.0.0.1:1'],
      { BTCDMON_DATA_DIR: `~/${name}/x` },
      `BTCDMON_DATA_DIR ${expanded}: can't be made`,
      1,
    ],
    [['query', 'tx', '--data-dir', `~/${name}/x`], {}, `store ${expanded}/btcdmon.duckdb: the folder`, 1],
    [['query', 'tx', '--from', `duckdb:~/${name}/x`], {}, `store ${expanded}: the folder`, 1],
    [['top', '--once', '--from', `duckdb:~/${name}/x`], {}, `store ${expanded}: the folder`, 1],
    [['serve', '--from', `duckdb:~/${name}/x`], {}, `store ${expanded}: the folder`, 1],
    [
      ['-c', '127.0.0.1:1', '--http', 'off', '--export', `parquet:~/${name}/x/y`],
      { BTCDMON_DATA_DIR: tmpdir() },
      `parquet:${expanded}/y: the folder`,
      1,
    ],
    [['collect', '--listen', `unix:~/${name}/${'x'.repeat(120)}`], {}, 'the path of a socket has', 2],
  ] as const)('%j %j', async (args, variables, message, status) => {
    expect(await run(args, variables, status)).toContain(message);
    expect(existsSync('~')).toBe(false);
  });

  it('is one of a file as well', async () => {
    const file = path.join(folder, 'home.yaml');
    writeFileSync(file, `data-dir: ~/${name}/x\n`);
    expect(await run(['-c', '127.0.0.1:1', '--config', file], {}, 1)).toContain(
      `${file}:1: data-dir ${expanded}: can't`,
    );
  });
});
