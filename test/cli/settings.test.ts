import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GLOBAL_OPTIONS, LISTEN_OPTIONS } from '../../src/cli/options';
import { readConfigFile, readEnvironment } from '../../src/cli/settings';

const OPTIONS = { ...GLOBAL_OPTIONS, ...LISTEN_OPTIONS };
const NAMES = Object.keys(OPTIONS);

describe('readConfigFile', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-settings-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string): string => {
    const file = path.join(folder, 'file');
    writeFileSync(file, text);
    return file;
  };

  it('reads YAML and JSON', () => {
    expect(readConfigFile(write('connect: [a, b]\ninterval: 1m\n'), NAMES)).toEqual({
      connect: ['a', 'b'],
      interval: '1m',
    });
    expect(readConfigFile(write('{"connect": ["a"]}'), NAMES)).toEqual({ connect: ['a'] });
    expect(readConfigFile(write('# nothing\n'), NAMES)).toEqual({});
  });

  it.each([
    ['conect: a', 'no option is named "conect"; did you mean connect?'],
    ['- a', 'not an object'],
    ['a: [', 'not YAML or JSON'],
  ])('refuses %j in one line', (text, message) => {
    const file = write(text);
    expect(() => readConfigFile(file, NAMES)).toThrow(`--config ${file}: ${message}`);
    try {
      readConfigFile(file, NAMES);
    } catch (error) {
      expect(String(error)).not.toContain('\n');
    }
  });

  it('names a file that is not there', () => {
    expect(() => readConfigFile(path.join(folder, 'none'), NAMES)).toThrow("can't be read");
  });

  const samples = path.join(__dirname, '..', '..', 'config');
  it.each(readdirSync(samples).filter((name) => name.endsWith('.yaml') && name !== 'collect.yaml'))(
    'loads the sample %s',
    (name) => {
      expect(Object.keys(readConfigFile(path.join(samples, name), NAMES)).length).toBeGreaterThan(0);
    },
  );
});

describe('readEnvironment', () => {
  it('refuses a flag that is neither true nor false', () => {
    expect(() => readEnvironment({ BTCDMON_WTXIDRELAY: 'maybe' }, OPTIONS)).toThrow(
      '--wtxidrelay maybe: give true or false',
    );
  });

  it('reads each kind of option and ignores the rest', () => {
    expect(
      readEnvironment(
        {
          BTCDMON_CONNECT: 'a, b:1',
          BTCDMON_TX_RATE: '7',
          BTCDMON_WTXIDRELAY: 'false',
          BTCDMON_LOG_LEVEL: 'debug',
          BTCDMON_NODE: '',
          BTCDMON_UNRELATED: 'x',
          HOME: '/',
        },
        OPTIONS,
      ),
    ).toEqual({ connect: ['a', 'b:1'], 'tx-rate': '7', wtxidrelay: false, 'log-level': 'debug' });
  });
});
