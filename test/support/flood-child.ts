import { SystemClock } from '../../src/lib/clock';
import { openExports } from '../../src/export/open-exports';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import { btcdmon } from '../../src/metrics/collectors/btcdmon';
import { Emitter } from '../../src/metrics/emitter';
import { EventBus } from '../../src/lib/event-bus';
import type { MonitorEvents } from '../../src/metrics/collector';
import { SERIES_NAMES } from '../../src/metrics/schema';

const TURN_MS = 10;
const OUTPUT_TYPES = ['pubkeyhash', 'witness_v0_keyhash', 'witness_v1_taproot'] as const;

/**
 * `URL RATE SECONDS DIRECTORY`: emits points of a busy relay at a rate to an export, and accounts for itself
 * every second and at the end, like a node. Prints as JSON the number of points that it emitted of each
 * series, and what its queue did with them.
 */
async function main(): Promise<void> {
  const [url = '', rate = '', seconds = '', directory = ''] = process.argv.slice(2);
  const perSecond = Number(rate);
  const clock = new SystemClock();
  const { queues } = await openExports([url], {
    clock,
    warn: (message) => console.error(message),
    env: process.env,
    spools: { directory, maxBytes: 1_000_000_000 },
    onEnded: () => process.exit(1),
  });
  const [queue] = queues;
  if (queue === undefined) throw new Error('no queue');
  const emitter = new Emitter({ node: 'flood', network: 'regtest' }, { clock, sink: queue });
  const account = connectCollectors(
    [
      btcdmon({
        emit: emitter.emit,
        emitted: (series) => emitter.emitted(series),
        exporters: () => [{ name: queue.name, ...queue.stats() }],
        mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
        intervalMs: 5_000,
      }),
    ],
    new EventBus<MonitorEvents>(),
    (_, error) => {
      throw error;
    },
  );
  let emitted = 0;
  const emitTransaction = (): void => {
    const sha = emitted.toString(16).padStart(64, '0');
    const tx = { tx_size: 222, vsize: 141, weight: 561, is_standard: true, sha };
    emitter.emit('tx', tx);
    emitter.emit('tx_inputs', { sig_script_len: 0, witness_size: 107, sequence_num: 4_294_967_293 });
    for (const script_type of OUTPUT_TYPES)
      emitter.emit('tx_outputs', { size: 22, value: 100_000_000 + emitted, is_dust: false }, { script_type });
    emitted += 5;
  };

  const started = clock.monotonicMs();
  const total = perSecond * Number(seconds);
  let accounted = 0;
  while (emitted < total) {
    const due = Math.min(total, ((clock.monotonicMs() - started) / 1_000) * perSecond);
    while (emitted < due) emitTransaction();
    const now = Math.floor((clock.monotonicMs() - started) / 1_000);
    if (now > accounted) {
      accounted = now;
      account();
    }
    await sleep(TURN_MS);
  }
  // The receiver gets time before the last accounts, so that they are not lost with the points that they
  // account for.
  while (queue.stats().queued > 0) await sleep(TURN_MS);
  for (let i = 0; i < 3; i++) {
    await sleep(1_000);
    account();
  }
  const emittedSeries = Object.fromEntries(SERIES_NAMES.map((name) => [name, emitter.emitted(name)]));
  const elapsedMs = clock.monotonicMs() - started;
  const stats = await queue.close(10_000);
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  console.log(JSON.stringify({ emitted: emittedSeries, stats, elapsedMs, cpuSeconds }));
  process.exit(0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

void main();
