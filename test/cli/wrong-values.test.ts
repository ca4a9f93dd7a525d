import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main';
import { FLAG_ONLY, SETTABLE } from '../../src/cli/known-options';
import { type OptionTable, variableOf } from '../../src/cli/option';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from '../../src/cli/options';
import { TAP_OPTIONS } from '../../src/cli/watch-options';

/**
 * Values that are wrong for each option that variables and files may set; what any option refuses is tried
 * besides.
 */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  'data-dir': [],
  'log-level': ['7', 'verbose', 'INFO'],
  connect: ['5:x', 'a:0', 'a:65536', '[a]:1', '[::1', 'a b', '-a', 'http://a', 'a/b'],
  join: ['maybe', '2', 'wahr'],
  wtxidrelay: ['maybe', 'null'],
  transport: ['V2', '2', 'tcp', 'true'],
  peers: ['0', '-1', '126', '8.0', '1e1', '0123', 'eight', ' 8'],
  listen: ['a', 'localhost', '0', '65536', '1.2.3.4:99999', 'tcp://127.0.0.1:1'],
  'max-inbound': ['0', '1e3', '1_000', '9999999999'],
  seed: ['127.0.0.1', 'a:0', 'a b'],
  dns: ['a', '127.0.0.1:x', 'localhost:53'],
  network: ['7', 'main', 'Mainnet', '[mainnet]'],
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
  'pcap-node': ['a', 'localhost:8333', '1.2.3.4:99999', '10.0.0.0/8'],
  'token-file': [],
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
async function run(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  stderr = '';
  process.exitCode = undefined;
  const others = Object.entries(before).filter(([name]) => !name.startsWith('BTCDMON_'));
  process.env = { ...Object.fromEntries(others), ...variables };
  try {
    await main(args);
  } finally {
    process.env = { ...before };
  }
  expect([stderr, process.exitCode]).toEqual([stderr, 2]);
  expect(stderr).toMatch(/^btcdmon-node: [^\n\r]+\n$/);
  expect(stderr).not.toMatch(/\n\s+at |undefined|\[object/);
  return stderr;
}

/**
 * How an error shows a value: as it is; the name of a node in quotes, as a space at its end is seen so;
 * control characters escaped.
 */
function shown(name: string, text: string): string {
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
  ['query', ['tx'], { since: 'x', until: '1x', every: '0s', limit: '-1', format: 'xml', where: '' }],
  ['audit', [], { since: 'x', from: '' }],
  ['top', [], { every: '1ms', network: 'x', format: 'x', once: 'maybe', node: 'a\nb' }],
  ['serve', [], { from: '', http: 'x', 'http-host': 'a b' }],
  ['demo', [], { seconds: 'x', http: 'x' }],
  ['setup', ['influx'], { 'raw-days': '0', fill: 'x', reader: 'a b', writer: 'a/b', url: '' }],
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
    'BTCDMON_RETENTION 30d: is of the embedded store',
  ],
  [{ BTCDMON_HTTP: '192.0.2.1' }, 'BTCDMON_HTTP 192.0.2.1: whoever can reach it could read everything'],
])('%j does not go with the rest, which names the variable', async (env, message) => {
  expect(await run(['-c', '127.0.0.1:1', '--data-dir', folder], env)).toContain(message);
});
