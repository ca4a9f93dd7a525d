// Measures what the accounts of the connections cost, which `peer_sessions` and the live view tell of. Sends
// messages through the events to every collector, with the accounts and the live view and without them. The
// measure is the checksum of the payload, which framing computes for each message. Eight peers take turns.
import { EventBus } from '#dist/lib/event-bus';
import { checksum } from '#dist/wire/hash';
import { LiveView } from '#dist/live/live-view';
import { connectCollectors } from '#dist/metrics/connect-collectors';
import { COLLECTORS } from '#dist/metrics/collectors/list';
import type { Collector, MonitorEvents } from '#dist/metrics/collector';
import { PeerAccounts } from '#dist/metrics/sessions/peer-accounts';
import type { PeerInfo } from '#dist/p2p/p2p-events';
import { collectorContext } from './support/collector-context';
import { medianMs } from './support/median';

const COUNT = 200_000;
const RUNS = 15;

const peers = Array.from({ length: 8 }, (_, id): PeerInfo => ({
  id,
  address: `192.0.2.${id}:8333`,
  outbound: true,
  claims: null,
}));
const complain = (name: string, error: unknown): never => {
  throw new Error(name, { cause: error });
};
const context = collectorContext(() => undefined);

/** Gives a function that sends messages of the peers through the events to these collectors. */
function traffic(collectors: readonly Collector[]): () => void {
  const bus = new EventBus<MonitorEvents>();
  connectCollectors(collectors, bus, complain);
  return () => {
    for (let i = 0; i < COUNT; i++) {
      const peer = peers[i % peers.length];
      if (peer === undefined) continue;
      bus.emit('bytesRead', { peer, bytes: 61 });
      bus.emit('received', { peer, command: 'inv', bytes: 61 });
    }
  };
}

const accounts = new PeerAccounts({ nowMs: () => Date.now(), monotonicMs: context.monotonicMs });
const view = new LiveView({ node: 'n', network: 'regtest' }, { nowMs: () => Date.now(), accounts, complain });
const all = COLLECTORS.map((create) => create({ ...context, accounts }));
const payload = Buffer.alloc(37);
const ms = {
  without: medianMs(RUNS, traffic(all.filter(({ name }) => name !== 'peer_sessions'))),
  with: medianMs(RUNS, traffic([...all, view])),
  checksum: medianMs(RUNS, () => {
    for (let i = 0; i < COUNT; i++) checksum(payload);
  }),
};

const ns = (total: number): string => `${((total / COUNT) * 1e6).toFixed(0)} ns`;
console.log(`a message through the events to all other collectors  ${ns(ms.without)}`);
console.log(`the same with the accounts and the live view          ${ns(ms.with)}`);
console.log(`the checksum of its payload                           ${ns(ms.checksum)}`);
console.log(`accounts and live view take ${((ms.with - ms.without) / ms.checksum).toFixed(2)} times a checksum`);
process.exit();
