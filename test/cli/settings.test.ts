import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KNOWN } from '../../src/cli/known-options';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from '../../src/cli/options';
import { SECRET_VARIABLES, Settings } from '../../src/cli/settings';

const OPTIONS = { ...GLOBAL_OPTIONS, ...LISTEN_OPTIONS };

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-settings-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(text: string | Buffer): string {
  const file = path.join(folder, 'file');
  writeFileSync(file, text);
  return file;
}

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ name: 'UsageError', exitCode: 2 });
    return (error as Error).message;
  }
  throw new Error('no error');
}

const fromFile = (file: string): unknown => Settings.load({}, file, KNOWN).of(OPTIONS);
const fromEnvironment = (env: NodeJS.ProcessEnv): unknown => Settings.load(env, undefined, KNOWN).of(OPTIONS);

describe('a file', () => {
  it.each([
    ['connect: [a, b]\ninterval: 1m\n', { connect: ['a', 'b'], interval: '1m' }],
    ['{"connect": ["a"], "node": 7}', { connect: ['a'], node: '7' }],
    ['{\n\t"node": 1.10,\n\t"join": true\n}\n', { node: '1.10', join: true }],
    ['# nothing\n', {}],
    ['', {}],
    ['---\n', {}],
    ['null\n', {}],
    ['\ufeffnode: a\r\ntx-rate: 7\r\n', { node: 'a', 'tx-rate': '7' }],
    ['connect: a', { connect: ['a'] }],
    // As they are written, whatever YAML takes them for.
    ...['7', '0123', '1e3', '1.10', 'yes', '0x1F', '.5', '+1', '2026-01-01', 'Off', '.inf', '1_000'].map(
      (node): [string, object] => [`node: ${node}\n`, { node }],
    ),
    ['%YAML 1.1\n---\nnode: yes\n', { node: 'yes' }],
    ['node: "null"', { node: 'null' }],
    ['http: 0', { http: '0' }],
    ['http: off', { http: 'off' }],
    ['data-dir: 2026', { 'data-dir': '2026' }],
    ...['true', 'yes', 'on', '1', 'TRUE', '"true"'].map((join): [string, object] => [
      `join: ${join}`,
      { join: true },
    ]),
    ...['false', 'no', 'off', '0', 'No'].map((join): [string, object] => [`join: ${join}`, { join: false }]),
  ])('%j is taken as it is written', (text, expected) => {
    expect(fromFile(write(text))).toEqual(expected);
  });

  it.each([
    ['conect: a', 1, 'no option is named "conect"; did you mean connect?'],
    ['node: a\n"a\\nb": c', 2, 'no option is named "a\\nb"'],
    ['node: a\nconfig: b', 2, "config: a file can't name another one"],
    ['since: 1h', 1, 'since: no file sets --since; give it on the command line'],
    ['- a', 1, 'not an object'],
    ['a', 1, 'not an object'],
    ['node: [', 1, 'not YAML or JSON: '],
    ['node: a\nnode: b', 2, 'node: is in line 1 already'],
    ['{"node": 1, "node": 1}', 1, 'node: is in line 1 already'],
    ['connect:\n\t- a', 2, 'not YAML or JSON: Tabs'],
    ['node: a\n---\nnode: b', 2, 'not YAML or JSON: Source contains multiple documents'],
    ['? [a]\n: b', 1, 'a key must be the name of an option'],
    ['interval: 1s\nnode:\n', 2, 'node: has no value; give one'],
    ['export:', 1, 'export: has no value'],
    ['node: ~', 1, 'node: ~ is no value'],
    ['{"node": null}', 1, 'node: null is no value'],
    ['connect:\n  - a\n  - null', 3, 'connect: null is no value'],
    ['connect: [null]', 1, 'connect: null is no value'],
    ['connect: {host: a}', 1, 'connect: is a map; give a text'],
    ['connect: [{host: a}]', 1, 'connect: is a map'],
    ['connect: [host: a]', 1, 'connect: is a map'],
    ['connect: [[a]]', 1, 'connect: is a list in a list'],
    ['connect: []', 1, 'connect: the list is empty; leave it out'],
    ['node: [a]', 1, 'node: takes one value, not a list'],
    ['node: &a b\nhttp-token-file: *a', 2, 'http-token-file: is an alias (*name)'],
    ['<<: {node: a}', 1, 'is a map'],
    ['node: !!int 7', 1, 'node: has a type (tag:yaml.org,2002:int)'],
    ['node: |\n  a\n', 1, 'node "a\\n": has a control character'],
    ['node: ""', 1, 'node "": is empty'],
    ['join: maybe', 1, 'join maybe: give true or false'],
    ['http: 5.5', 1, 'http 5.5: give IP[:port]'],
    ['export: 5', 1, 'export 5: no such exporter'],
    ['network: 7', 1, 'network 7: give one of mainnet'],
    ['tx-rate: 1e3', 1, 'tx-rate 1e3: give a whole number'],
    ['connect:\n  - a\n  - b:99999', 3, 'connect b:99999: "99999" is not a port'],
  ])('%j is refused in one line', (text, line, message) => {
    const file = write(text);
    const error = errorOf(() => fromFile(file));
    expect(error).toContain(`${file}:${line}: `);
    expect(error).toContain(message);
    expect(error).not.toMatch(/[\n\r]/);
  });

  it.each([
    [() => path.join(folder, 'none'), "can't be read: ENOENT"],
    [() => folder, 'is a folder, not a file'],
    [() => '/dev/zero', 'is a device, not a file'],
    [() => write('#'.repeat(262_145)), 'is longer than 262144 bytes'],
    [() => write(Buffer.from('node: \xff', 'latin1')), 'is not UTF-8'],
    [() => write(Buffer.from('\ufeffnode: a', 'utf16le')), 'is not UTF-8'],
    [() => write('['.repeat(10_000)), 'not YAML or JSON'],
  ])('that is none is refused in one line', (make, message) => {
    const file = make();
    const error = errorOf(() => fromFile(file));
    expect(error).toContain(file);
    expect(error).toContain(message);
    expect(error).not.toMatch(/[\n\r]/);
    expect(errorOf(() => Settings.load({ BTCDMON_CONFIG: file }, undefined, KNOWN))).toContain(message);
  });

  it('that a variable names is named by the variable where it can’t be read', () => {
    const env = { BTCDMON_CONFIG: path.join(folder, 'none') };
    expect(errorOf(() => Settings.load(env, undefined, KNOWN))).toMatch(/^BTCDMON_CONFIG .*none: can't be/);
  });

  const samples = path.join(__dirname, '..', '..', 'config');
  it.each(readdirSync(samples).filter((name) => name.endsWith('.yaml')))('loads the sample %s', (name) => {
    const table = name === 'collect.yaml' ? COLLECT_OPTIONS : OPTIONS;
    const settings = Settings.load({}, path.join(samples, name), KNOWN).of(table);
    expect(Object.keys(settings).length).toBeGreaterThan(0);
  });
});

describe('the environment', () => {
  it('has each kind of option', () => {
    expect(
      fromEnvironment({
        BTCDMON_CONNECT: 'a, b:1',
        BTCDMON_TX_RATE: '7',
        BTCDMON_WTXIDRELAY: 'false',
        BTCDMON_LOG_LEVEL: 'debug',
        BTCDMON_NODE: '',
        HOME: '/',
      }),
    ).toEqual({ connect: ['a', 'b:1'], 'tx-rate': '7', wtxidrelay: false, 'log-level': 'debug' });
  });

  it('wins over the file, whose value is checked all the same', () => {
    const file = write('node: a\ninterval: 7s\n');
    expect(Settings.load({ BTCDMON_NODE: 'b' }, file, KNOWN).of(OPTIONS)).toEqual({
      node: 'b',
      interval: '7s',
    });
    const wrong = write('tx-rate: x\n');
    expect(errorOf(() => Settings.load({ BTCDMON_TX_RATE: '7' }, wrong, KNOWN).of(OPTIONS))).toContain(
      `${wrong}:1: tx-rate x`,
    );
  });

  it.each([
    [{ BTCDMON_WTXIDRELAY: 'maybe' }, 'BTCDMON_WTXIDRELAY maybe: give true or false'],
    [{ BTCDMON_CONNECT: 'a,,b' }, 'BTCDMON_CONNECT "": is empty'],
    [{ BTCDMON_CONNECT: 'a,b:0' }, 'BTCDMON_CONNECT b:0: "0" is not a port'],
    [{ BTCDMON_NODE: 'a\nb' }, 'BTCDMON_NODE "a\\nb": has a control character'],
    [{ BTCDMON_NODE: 'a\\' }, 'BTCDMON_NODE "a\\\\": give a name'],
    [{ BTCDMON_NODES: 'a' }, 'BTCDMON_NODES: no option has this name; did you mean BTCDMON_NODE?'],
    [
      { BTCDMON_LOGLEVEL: 'debug' },
      'BTCDMON_LOGLEVEL: no option has this name; did you mean BTCDMON_LOG_LEVEL?',
    ],
    [{ BTCDMON_Node: 'a' }, 'BTCDMON_Node: no option has this name; did you mean BTCDMON_NODE?'],
    [
      { BTCDMON_INFLUX_PASWORD: 'secret' },
      'BTCDMON_INFLUX_PASWORD: no option has this name; did you mean BTCDMON_INFLUX_PASSWORD?',
    ],
    [{ BTCDMON_SINCE: '1h' }, 'BTCDMON_SINCE: no variable sets --since; give it on the command line'],
  ])('%j is refused in one line that names the variable', (env, message) => {
    const error = errorOf(() => fromEnvironment(env));
    expect(error).toContain(message);
    expect(error).not.toMatch(/[\n\r]|secret/);
  });

  it('knows the secrets, and what Kubernetes adds for a service of a like name', () => {
    const env = Object.fromEntries([
      ...SECRET_VARIABLES.map((name) => [name, 'x']),
      ['BTCDMON_NODE_PORT', 'tcp://10.0.0.1:8380'],
      ['BTCDMON_NODE_PORT_8380_TCP', 'tcp://10.0.0.1:8380'],
      ['BTCDMON_NODE_PORT_8380_TCP_PROTO', 'tcp'],
      ['BTCDMON_NODE_PORT_8380_TCP_ADDR', '10.0.0.1'],
      ['BTCDMON_HTTP_SERVICE_HOST', '10.0.0.1'],
      ['BTCDMON_SERVICE_PORT_HTTP', '8380'],
    ]) as NodeJS.ProcessEnv;
    expect(Settings.load(env, undefined, KNOWN).warnings).toEqual([]);
  });

  it('is told of what resembles no option', () => {
    const { warnings } = Settings.load({ BTCDMON_UNRELATED: 'x', OTHER: 'y' }, undefined, KNOWN);
    expect(warnings).toEqual([
      'BTCDMON_UNRELATED: no option has this name, so it has no effect; see btcdmon-node --help',
    ]);
  });
});
