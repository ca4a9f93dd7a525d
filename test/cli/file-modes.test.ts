import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfigFile } from '../../src/cli/config-file';
import { dataDirectory } from '../../src/cli/data-directory';
import { UsageError } from '../../src/lib/errors';
import { freePort } from '../support/free-port';
import { runProgram } from '../support/program';
import { until } from '../support/until';

let home = '';
beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), 'btcdmon-modes-'))));
afterEach(() => rmSync(home, { recursive: true }));

const modeOf = (...names: string[]): string => (statSync(path.join(home, ...names)).mode & 0o777).toString(8);

/** Files of ours. The two keys are those of addresses in Tor and I2P. */
const OURS = [
  'headers-mainnet.dat',
  'peers-mainnet.dat',
  'onion-key-mainnet',
  'i2p-mainnet.key',
  'btcdmon.duckdb',
  'btcdmon.duckdb.wal',
];

/** A data directory as an older version, or a copy, may have left it. */
function open(): string {
  const folder = path.join(home, 'data');
  mkdirSync(path.join(folder, 'spool', 'tcp-1'), { recursive: true });
  for (const name of ['collect-spool', 'crawl-mainnet']) mkdirSync(path.join(folder, name));
  for (const name of [...OURS, 'notes']) writeFileSync(path.join(folder, name), '');
  writeFileSync(path.join(folder, 'spool', 'tcp-1', 'cursor'), '');
  writeFileSync(path.join(home, 'elsewhere'), '');
  symlinkSync(path.join(home, 'elsewhere'), path.join(folder, 'headers-linked.dat'));
  for (const name of ['', 'spool', 'spool/tcp-1', 'collect-spool', 'crawl-mainnet'])
    chmodSync(path.join(folder, name), 0o755);
  for (const name of [...OURS, 'notes']) chmodSync(path.join(folder, name), 0o644);
  for (const name of ['data/spool/tcp-1/cursor', 'elsewhere']) chmodSync(path.join(home, name), 0o644);
  return folder;
}

describe('a data directory', () => {
  it('that is made is for this user alone', async () => {
    await dataDirectory(path.join(home, 'new'));
    expect(modeOf('new')).toBe('700');
  });

  it('that is the default one becomes so, with our files in it and no others', async () => {
    const folder = open();
    await dataDirectory(folder, folder);
    for (const name of ['.', 'spool', 'spool/tcp-1', 'collect-spool', 'crawl-mainnet'])
      expect([name, modeOf('data', name)]).toEqual([name, '700']);
    for (const name of OURS) expect([name, modeOf('data', name)]).toEqual([name, '600']);
    expect(modeOf('data', 'spool', 'tcp-1', 'cursor')).toBe('600');
    expect([modeOf('data', 'notes'), modeOf('elsewhere')]).toEqual(['644', '644']);
  });

  it('that the user names keeps its mode, and so does what is in it', async () => {
    await dataDirectory(open(), path.join(home, 'other'));
    expect([modeOf('data'), modeOf('data', 'btcdmon.duckdb')]).toEqual(['755', '644']);
  });
});

it('what the program makes is for this user alone, also in a folder that was there', async () => {
  const folder = path.join(home, 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const args = ['-n', 'regtest', '-c', `127.0.0.1:${await freePort()}`, '--data-dir', folder];
  const exports = [
    `duckdb:${folder}/a.duckdb`,
    `parquet:${folder}/p`,
    `line+tcp://127.0.0.1:${await freePort()}`,
  ];
  const more = ['--interval', '100ms', '--join', '--peers', '1'];
  const node = runProgram([...args, ...exports.flatMap((url) => ['-e', url]), ...more], home);
  try {
    const names = (): string[] => readdirSync(folder, { recursive: true }).map(String);
    const isMade = (name: RegExp): boolean => names().some((one) => name.test(one));
    const wanted = [/a\.duckdb\.wal$/, /staging\.duckdb$/, /0001\.log$/, /cursor$/, /headers-regtest\.dat$/];
    await until('its files', () => wanted.every(isMade), { giveUp: node.ended });
    expect(await node.stop()).toBe(0);
    expect(isMade(/peers-regtest\.dat$/)).toBe(true);
    for (const name of names())
      expect([name, modeOf('open', name)]).toEqual([
        name,
        statSync(path.join(folder, name)).isDirectory() ? '700' : '600',
      ]);
  } finally {
    if (node.ended() === undefined) await node.kill();
  }
});

describe('a settings file', () => {
  const bytes = Buffer.from(
    'node: "a"\nconnect:\n  - 127.0.0.1:8333\n  - [::1]:8333\nhttp: off\n# note\ndata-dir: /x\nmax: 1e3\n',
  );

  /** Whether a file with these bytes is refused, which must be in one line that names it. */
  function isRefused(changed: Buffer): boolean {
    const file = path.join(home, 'settings.yaml');
    writeFileSync(file, changed);
    try {
      readConfigFile(file);
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toContain(file);
      expect((error as Error).message).not.toContain('\n');
      return true;
    }
  }

  it('with any byte changed is read, or refused in one line that names it', () => {
    let refused = 0;
    for (let at = 0; at < bytes.length; at++)
      for (const bits of [0x01, 0x08, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ bits, at);
        if (isRefused(changed)) refused++;
      }
    expect(refused).toBeGreaterThan(100);
  });

  it('cut at any byte is read, or refused in one line that names it', () => {
    let refused = 0;
    for (let size = 0; size <= bytes.length; size++) if (isRefused(bytes.subarray(0, size))) refused++;
    expect(refused).toBeGreaterThan(10);
  });
});
