import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OUTPUT_TYPES } from '../../src/wire/output-type';

const ROOT = path.join(__dirname, '..', '..');
const PROGRAM = path.join('bin', 'btcdmon-node');

/** The user's shell is in the clone, whatever npm reports about the shell that runs the tests. */
const ENV = { ...process.env, INIT_CWD: ROOT, BTCDMON_HTTP: '127.0.0.1:0' };

/** Resolves with what the process wrote to stdout, once that matches. */
function output(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (pattern.test(text)) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} after: ${text}`)));
  });
}

describe('btcdmon-node demo', () => {
  let dataDir = '';

  beforeAll(() => {
    if (!existsSync(path.join(ROOT, 'dist', 'cli', 'main.js')))
      throw new Error('dist/ is missing: run `npm run build` before these tests, as `npm test` does');
    dataDir = mkdtempSync(path.join(tmpdir(), "demo's "));
  });

  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('ends by itself with a query that, pasted, returns every type of output', () => {
    const args = [PROGRAM, 'demo', '--seconds', '7', '--data-dir', dataDir];
    const demo = spawnSync(process.execPath, args, { cwd: ROOT, env: ENV, encoding: 'utf8' });
    expect(demo.stderr).toBe('');
    expect(demo.status).toBe(0);
    expect(demo.stdout).toMatch(/^Its page, while it runs: http:\/\/127\.0\.0\.1:\d+\/$/m);
    const query = /^ {2}(node .* query .*)$/m.exec(demo.stdout)?.[1] ?? '';
    const answer = execFileSync('sh', ['-c', query], { cwd: ROOT, encoding: 'utf8' });
    for (const type of OUTPUT_TYPES)
      expect(answer).toMatch(new RegExp(`^${type}\\b.*\\b[1-9]\\d*\\s*$`, 'm'));
  });

  it('refuses a second demo on its store with one line, and ends with 0 when told to', async () => {
    const args = [PROGRAM, 'demo', '--seconds', '0', '--data-dir', dataDir];
    const demo = spawn(process.execPath, args, { cwd: ROOT, env: ENV, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    try {
      await output(demo, /0 points stored/);
      const second = spawnSync(process.execPath, args, { cwd: ROOT, env: ENV, encoding: 'utf8' });
      expect(second.status).toBe(1);
      expect(second.stderr).toMatch(/^btcdmon-node: store .*demo\.duckdb: in use by process \d+; .*\n$/);
      const whole = output(demo, /What to type next/);
      demo.kill('SIGINT');
      await whole;
      expect(await ended).toBe(0);
    } finally {
      demo.kill('SIGKILL');
    }
  });

  it('tells of its progress while it builds, and writes where --export says as well', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-demo-'));
    try {
      const more = ['--export', `duckdb:${folder}/second.duckdb`, '--export', `parquet:${folder}/files`];
      const args = [PROGRAM, 'demo', '--seconds', '5', '--data-dir', dataDir, ...more];
      const demo = spawnSync(process.execPath, args, { cwd: ROOT, env: ENV, encoding: 'utf8' });
      expect([demo.stderr, demo.status]).toEqual(['', 0]);
      const built = demo.stdout.match(/^Making its first blocks: \d+ of \d+$/gm) ?? [];
      expect(built).toHaveLength(4);
      expect(built.at(-1)).toMatch(/: (\d+) of \1$/);
      const count = (url: string): number =>
        Number(
          execFileSync(
            process.execPath,
            [PROGRAM, 'query', 'tx', '--agg', 'count', '--format', 'ndjson', '--store', url],
            { cwd: ROOT, env: ENV, encoding: 'utf8' },
          ).replace(/\D/g, ''),
        );
      const own = count(`duckdb:${dataDir}/demo.duckdb`);
      expect(own).toBeGreaterThan(0);
      expect(count(`duckdb:${folder}/second.duckdb`)).toBe(own);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(['abc', '-1', '86401'])('rejects --seconds %s', (seconds) => {
    const args = [PROGRAM, 'demo', `--seconds=${seconds}`, '--data-dir', dataDir];
    const demo = spawnSync(process.execPath, args, { cwd: ROOT, env: ENV, encoding: 'utf8' });
    expect(demo.status).toBe(2);
    expect(demo.stderr).toBe(
      `btcdmon-node: --seconds ${seconds}: give a number from 0 (until Ctrl-C) to 86400\n`,
    );
  });
});
