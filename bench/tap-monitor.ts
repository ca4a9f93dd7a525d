// What the events of a watched node cost a message of its tap: the reader of the copy alone, and with the
// monitor and the collectors behind it. 125 peers announce transactions, one of them sends each.
import { EventBus } from '#dist/lib/event-bus';
import { Judge } from '#dist/mempool/judge';
import type { MonitorEvents } from '#dist/metrics/collector';
import { connectCollectors } from '#dist/metrics/connect-collectors';
import { COLLECTORS } from '#dist/metrics/collectors/list';
import type { TapEvents } from '#dist/tap/tap-events';
import { TapMonitor } from '#dist/tap/tap-monitor';
import { TapReader } from '#dist/tap/tap-reader';
import { encodeFrame } from '#dist/wire/framing';
import { INV_WTX, encodeInventory } from '#dist/wire/messages/inventory';
import { NETWORKS } from '#dist/wire/networks';
import { collectorContext } from './support/collector-context';
import { median } from './support/median';
import { makeTransaction } from './support/transactions';

const PEERS = 125;
const TRANSACTIONS = 2_000;
const ROUNDS = 5;

const { magic } = NETWORKS.mainnet;
const version = encodeFrame(magic, 'version', Buffer.alloc(86));

/** What each transaction brings: an inv of each peer, and the transaction of one. */
const traffic = Array.from({ length: TRANSACTIONS }, () => {
  const transaction = makeTransaction([]);
  return {
    inv: encodeFrame(magic, 'inv', encodeInventory([{ type: INV_WTX, hash: transaction.wireWtxid }])),
    tx: encodeFrame(magic, 'tx', transaction.bytes),
  };
});
const MESSAGES = TRANSACTIONS * (PEERS + 1);

/** Microseconds a message. */
function run(isWatched: boolean): number {
  const tap = new EventBus<TapEvents>();
  if (isWatched) {
    const bus = new EventBus<MonitorEvents>();
    const clock = { monotonicMs: () => performance.now() };
    const complain = (name: string, error: unknown): void => console.error(name, error);
    const monitor = new TapMonitor({ tap, bus, clock, judge: new Judge('btcd', { bus }), complain });
    const context = { ...collectorContext(() => undefined), monotonicMs: monitor.monotonicMs };
    connectCollectors(
      COLLECTORS.map((create) => create(context)),
      bus,
      complain,
    );
  }
  const reader = new TapReader(magic, tap);
  for (let id = 1; id <= PEERS; id++) {
    reader.opened(id, { outbound: true, host: `192.0.2.${id}`, port: 8333, seenAs: '' }, 0);
    reader.data(id, 'in', version, 0);
  }
  const since = performance.now();
  traffic.forEach(({ inv, tx }, i) => {
    for (let id = 1; id <= PEERS; id++) reader.data(id, 'in', inv, i);
    reader.data(1 + (i % PEERS), 'in', tx, i);
  });
  return ((performance.now() - since) * 1_000) / MESSAGES;
}

const times = { reader: [] as number[], watched: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  times.reader.push(run(false));
  times.watched.push(run(true));
}
const [alone, all] = [median(times.reader), median(times.watched)];
console.log(
  `reader alone ${alone.toFixed(2)} µs a message; with monitor and collectors ${all.toFixed(2)} µs ` +
    `(${(all / alone).toFixed(1)} times)`,
);
