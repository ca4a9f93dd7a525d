import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { openExports } from '../../src/export/open-exports';
import { Cleanup } from '../support/cleanup';
import { makePoints } from '../support/make-points';
import { until } from '../support/until';
import { startVictoriaMetrics, victoriaMetrics } from '../support/victoria-metrics';

victoriaMetrics.describe('VictoriaMetrics', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it.each([
    ['influx+http', '/btcdmon'],
    ['influx2+http', '/?bucket=btcdmon'],
  ])('takes every number of every point by %s', async (scheme, rest) => {
    const server = cleanup.add(await startVictoriaMetrics(), (it) => it.stop());
    const directory = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-victoria-')), (it) =>
      rm(it, { recursive: true }),
    );
    const warnings: string[] = [];
    const clock = new SystemClock();
    const { queues } = await openExports([`${scheme}://127.0.0.1:${server.port}${rest}`], {
      clock,
      warn: (message) => warnings.push(message),
      env: {},
      spools: { directory, maxBytes: 10_000_000 },
      onEnded: () => undefined,
    });
    const [queue] = queues;
    if (queue === undefined) throw new Error('no queue');
    cleanup.add(queue, (it) => it.close(1_000));
    for (const point of makePoints(20_000, clock)) queue.push(point);
    await until('all', () => queue.stats().acked === 20_000);
    expect(queue.stats()).toMatchObject({ sent: 20_000, dropped: 0, retried: 0 });
    expect(warnings).toEqual([]);
    // Flags become 0 and 1; text is left out by the server.
    const expected = new Map([
      ['tx_is_standard', 4_000],
      ['tx_tx_size', 4_000],
      ['tx_vsize', 4_000],
      ['tx_weight', 4_000],
      ['tx_inputs_sig_script_len', 4_000],
      ['tx_inputs_witness_size', 4_000],
      ['tx_outputs_size', 12_000],
      ['tx_outputs_value', 12_000],
      ['tx_outputs_is_dust', 12_000],
    ]);
    const names = [...expected.keys()].join('|');
    await until('all to be shown', async () => {
      const samples = await server.samples(names);
      return [...samples.values()].reduce((a, b) => a + b, 0) >= 60_000;
    });
    expect(new Map([...(await server.samples(names))].sort())).toEqual(new Map([...expected].sort()));
  });
});
