import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';

const SCRIPT = path.join(__dirname, '..', '..', 'scripts', 'soak.ts');

/**
 * How much more the second half of the run may use than the first: caches that fill, and what a collector
 * leaves for later.
 */
const MARGIN_MB = 120;

describe('the listener under an hour of mainnet in half a minute', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  // `npm run soak` is the whole day. Here a transaction that kept 10 KB would show: 25,000 come.
  it('uses no more and more memory, and loses neither a point nor a block', () => {
    const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-soak-test-')), (name) =>
      rmSync(name, { recursive: true }),
    );
    const json = path.join(folder, 'soak.json');
    const args = ['-r', 'tsx/cjs', SCRIPT, '--hours', '1', '--minutes', '0.4', '--json', json];
    const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 280_000 });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    const result = JSON.parse(readFileSync(json, 'utf8')) as Record<string, number>;
    expect(result).toMatchObject({ hours: 1, blocks: 6, accepted: 6, dropped: 0, hangUps: 2 });
    expect(result['transactions']).toBeGreaterThan(24_000);
    expect((result['secondHalfMb'] ?? NaN) - (result['firstHalfMb'] ?? NaN)).toBeLessThan(MARGIN_MB);
  });
});
