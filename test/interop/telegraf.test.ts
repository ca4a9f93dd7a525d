import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { openExports } from '../../src/export/open-exports';
import { Cleanup } from '../support/cleanup';
import { influxd, startInfluxd } from '../support/influxd';
import { makePoints, pointsPerBuffer } from '../support/make-points';
import { startTelegraf, telegraf } from '../support/telegraf';
import { until } from '../support/until';

const CONFIG = path.join(__dirname, '..', '..', 'config');
const clock = new SystemClock();

telegraf.describe('Telegraf', (program) => {
  it('takes both sample configurations', () => {
    const files = ['telegraf.conf', 'telegraf-kafka.conf'].flatMap((name) => [
      '--config',
      path.join(CONFIG, name),
    ]);
    const { status, stdout, stderr } = spawnSync(program, ['config', 'check', ...files], {
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).not.toMatch(/ E! |error/i);
    expect(status).toBe(0);
  });

  influxd.describe('between us and InfluxDB', () => {
    const cleanup = new Cleanup();
    afterEach(() => cleanup.run());

    it.each(['line+tcp', 'influx+udp'])(
      'brings every point that comes over %s, as it was',
      async (scheme) => {
        const server = cleanup.add(await startInfluxd(), (it) => it.stop());
        const between = cleanup.add(await startTelegraf(`http://127.0.0.1:${server.httpPort}`), (it) =>
          it.stop(),
        );
        const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-telegraf-')), (it) =>
          rmSync(it, { recursive: true }),
        );
        const { queues } = await openExports([`${scheme}://127.0.0.1:${between.port}`], {
          clock,
          warn: () => undefined,
          env: {},
          spools: { directory: folder, maxBytes: 100_000_000 },
          onEnded: () => undefined,
        });
        const [queue] = queues;
        if (queue === undefined) throw new Error('no queue');
        cleanup.add(queue, (it) => it.close(1_000));
        const points = makePoints(20_000, clock);
        const count = async (): Promise<number> =>
          (await server.count('tx', 'sha')) +
          (await server.count('tx_inputs', 'sig_script_len')) +
          (await server.count('tx_outputs', 'size'));
        // Of datagrams the system drops what Telegraf is too slow to read. So no more are under way than the
        // buffer of its socket holds.
        const portion = scheme === 'influx+udp' ? pointsPerBuffer() : points.length;
        for (let at = 0; at < points.length; at += portion) {
          const next = points.slice(at, at + portion);
          for (const point of next) queue.push(point);
          await until('InfluxDB to have them', async () => (await count()) === at + next.length);
        }
        expect(queue.stats()).toMatchObject({ sent: points.length, acked: 0, dropped: 0 });
        // No tag of Telegraf's own, and integers that still are.
        const { results } = await server.query('SHOW TAG KEYS FROM tx; SHOW FIELD KEYS FROM tx');
        expect(results[0]?.series?.[0]?.values).toEqual([['network'], ['node']]);
        expect(results[1]?.series?.[0]?.values).toContainEqual(['tx_size', 'integer']);
        expect(between.log()).not.toMatch(/ E! /);
      },
    );
  });
});
