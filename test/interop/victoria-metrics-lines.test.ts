import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { openExports } from '../../src/export/open-exports';
import { Cleanup } from '../support/cleanup';
import { makePoints } from '../support/make-points';
import { until } from '../support/until';
import { startVictoriaMetrics, victoriaMetrics } from '../support/victoria-metrics';

victoriaMetrics.describe('VictoriaMetrics over TCP', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('takes every number of every point', async () => {
    const server = cleanup.add(await startVictoriaMetrics(), (it) => it.stop());
    const directory = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-victoria-')), (it) =>
      rmSync(it, { recursive: true }),
    );
    const clock = new SystemClock();
    const { queues } = await openExports([`line+tcp://127.0.0.1:${server.linePort}`], {
      clock,
      warn: () => undefined,
      env: {},
      spools: { directory, maxBytes: 100_000_000 },
      onEnded: () => undefined,
    });
    const [queue] = queues;
    if (queue === undefined) throw new Error('no queue');
    cleanup.add(queue, (it) => it.close(1_000));
    for (const point of makePoints(20_000, clock)) queue.push(point);
    await until('all to be sent', () => queue.stats().sent === 20_000);
    const expected = new Map([
      ['tx_outputs_value', 12_000],
      ['tx_tx_size', 4_000],
    ]);
    await until('all to be shown', async () => {
      const samples = await server.samples([...expected.keys()].join('|'));
      return [...expected].every(([name, count]) => samples.get(name) === count);
    });
  });
});
