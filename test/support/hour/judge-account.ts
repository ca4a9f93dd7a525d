import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { View } from './view';

const BIN = path.join(__dirname, '..', '..', '..', 'bin', 'btcdmon-node');

/** Checks the listener's accounts of itself. */
export function judgeAccount(view: View): void {
  it('stopped with status 0', () => {
    expect(view.status).toBe(0);
  });

  it('accounts for every point it emitted', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [BIN, 'audit', '--from', `duckdb:${view.listener.store}`],
      { encoding: 'utf8', env: { HOME: path.dirname(view.listener.store) } },
    );
    expect(stdout).toMatch(/\n\d{3,} points of one run: the store holds every one\n$/);
    expect(status).toBe(0);
  });

  it('btcdmon: lost nothing', async () => {
    expect(
      await view.rows(
        `SELECT exporter, sent = acked AS confirmed, dropped, retried FROM btcdmon WHERE exporter != '' ORDER BY time DESC LIMIT 1`,
      ),
    ).toEqual([{ exporter: 'duckdb', confirmed: true, dropped: 0, retried: 0 }]);
  });
}
