import { SystemClock } from '../../src/lib/clock';
import { openExports } from '../../src/export/open-exports';
import { btcdmon } from '../../src/metrics/collectors/btcdmon';
import { EventBus } from '../../src/lib/event-bus';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import type { ExporterStats, MonitorEvents } from '../../src/metrics/collector';
import { Emitter } from '../../src/metrics/emitter';

const TURN_MS = 20;
const INTERVAL_MS = 200;

/** How long the remaining points may take once the test ends the run. */
const CLOSE_MS = 60_000;

/**
 * `URL SPOOL RATE`: emits RATE points a second to the export URL, with accounts every 200 ms like the
 * program, and prints what became of the points. On SIGTERM it delivers the remaining points, if it can, and
 * ends.
 */
async function main(url: string, directory: string, rate: number): Promise<void> {
  const clock = new SystemClock();
  const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
  const { queues } = await openExports([url], {
    clock,
    warn: (warning) => say({ warning }),
    env: process.env,
    spools: { directory, maxBytes: 1_000_000_000 },
    onEnded: () => say({ ended: true }),
  });
  let emitted = 0;
  const sink = {
    push: (point: Parameters<(typeof queues)[number]['push']>[0]) => {
      emitted += 1;
      for (const queue of queues) queue.push(point);
    },
  };
  const emitter = new Emitter({ node: 'child', network: 'regtest' }, { clock, sink });
  const { emit } = emitter;
  const exporters = (): ExporterStats[] => queues.map((queue) => ({ name: queue.name, ...queue.stats() }));
  const accounts = btcdmon({
    emit,
    emitted: (series) => emitter.emitted(series),
    exporters,
    mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
    intervalMs: 5_000,
  });

  const writeInterval = connectCollectors([accounts], new EventBus<MonitorEvents>(), (_, error) => {
    throw error;
  });

  const start = clock.monotonicMs();
  let made = 0;
  const turn = setInterval(() => {
    for (const due = ((clock.monotonicMs() - start) / 1_000) * rate; made < due; made += 5) {
      emit('tx', {
        tx_size: 222,
        vsize: 141,
        weight: 561,
        is_standard: true,
        sha: `${made}`.padStart(64, '0'),
      });
      emit('tx_inputs', { sig_script_len: 0, witness_size: 107 });
      for (let i = 0; i < 3; i++)
        emit('tx_outputs', { size: 22, value: 1_000 + made, is_dust: false }, { script_type: 'pubkeyhash' });
    }
  }, TURN_MS);
  const account = (): void => {
    writeInterval();
    say({ emitted, ...queues[0]?.stats() });
  };
  const interval = setInterval(account, INTERVAL_MS);
  process.once('SIGTERM', () => {
    clearInterval(turn);
    clearInterval(interval);
    account();
    void Promise.all(queues.map((queue) => queue.close(CLOSE_MS))).then(([stats]) => {
      say({ emitted, ...stats, closed: true });
      process.exit(0);
    });
  });
}

const [url = '', directory = '', rate] = process.argv.slice(2);
void main(url, directory, Number(rate));
