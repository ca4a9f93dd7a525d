import { execFileSync } from 'node:child_process';
import path from 'node:path';

const PROGRAM = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

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
];

it('loads no package that only exporters, sources and files need which nobody named', () => {
  const script = `require(${JSON.stringify(PROGRAM)}); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const files = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as string[];
  expect(files).toContain(PROGRAM);
  const packages = files.flatMap((file) => /node_modules\/([^/]+)/.exec(file)?.[1] ?? []);
  expect(packages).toContain('winston');
  expect(UNWANTED.filter((name) => packages.includes(name))).toEqual([]);
});
