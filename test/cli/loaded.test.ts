import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const DIST = path.join(__dirname, '..', '..', 'dist');
const PROGRAM = path.join(DIST, 'cli', 'main.js');
const LISTENER = path.join(DIST, 'app', 'listener.js');

/** Packages of ways out and in that a listener with its embedded store does not go. */
const UNWANTED = [
  '@duckdb',
  '@nats-io',
  'classic-level',
  'influx',
  'leveldown',
  'prom-client',
  'socks',
  'yaml',
  'zeromq',
];

/** Files and folders of what other commands and options start. */
const UNNAMED = [
  'app/full-validation.js',
  'app/recorded.js',
  'chain/full/',
  'crawl/',
  'export/influx-http.js',
  'export/influx-udp.js',
  'export/line-socket.js',
  'export/spool/',
  'influx/setup.js',
  'p2p/asmap/',
  'p2p/i2p/',
  'p2p/join/address-manager.js',
  'p2p/join/join.js',
  'p2p/join/prepare-join.js',
  'p2p/tor/',
  'query/audit.js',
  'record/frame-list.js',
  'record/record-writer.js',
  'record/redact.js',
  'record/replayer.js',
];

/** Folders of what commands do. The command line knows the commands' options without them. */
const COMMANDS = ['app', 'bcoin', 'capture', 'top'];

/** The files that Node loads for a file, itself included. */
function loadedBy(...files: readonly string[]): readonly string[] {
  const requires = files.map((file) => `require(${JSON.stringify(file)});`).join('');
  const script = `${requires} console.log(JSON.stringify(Object.keys(require.cache)))`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as string[];
}

it('loads no package that only exporters, sources and files need which nobody named', () => {
  const files = loadedBy(PROGRAM, LISTENER);
  expect(files).toContain(LISTENER);
  const packages = files.flatMap((file) => /node_modules\/([^/]+)/.exec(file)?.[1] ?? []);
  expect(packages).toContain('winston');
  expect(UNWANTED.filter((name) => packages.includes(name))).toEqual([]);
});

it('loads no part that belongs to a command or an option which nobody gave', () => {
  const files = loadedBy(PROGRAM, LISTENER).map((file) => path.relative(DIST, file));
  expect(files).toContain('p2p/pool.js');
  expect(files.filter((file) => UNNAMED.some((part) => file.startsWith(part)))).toEqual([]);
  const isThere = (part: string): boolean => existsSync(path.join(DIST, part));
  expect(UNNAMED.filter((part) => !isThere(part))).toEqual([]);
});

it('loads what a command needs when it runs', () => {
  const folders = loadedBy(PROGRAM).map((file) => path.relative(DIST, file).split(path.sep)[0] ?? '');
  expect(folders).toContain('cli');
  expect(COMMANDS.filter((name) => folders.includes(name))).toEqual([]);
});
