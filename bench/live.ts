// Measures what the accounts of the connections cost, which `peer_sessions` and the live view tell of, with
// few peers and with thousands. Sends messages through the events to every collector, with the accounts and
// the live view and without them; then opens and ends connections beside those that are open. The measure is
// the checksum of a payload, which framing computes for each message. The peers take turns.
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
const ENDS = 5_000;
const RUNS = 15;
const PEERS = [100, 1_000, 10_000];

const claims = {
  ...{ version: 70_016, services: 0xc09n, time: 0n, startHeight: 5, relay: true, nonce: 0n },
  userAgent: '/Satoshi:31.0.0/',
};
const peerOf = (id: number): PeerInfo => ({
  ...{ id, address: `11.${id >> 16}.${(id >> 8) & 255}.${id & 255}:8333`, outbound: true, claims },
});
const complain = (name: string, error: unknown): never => {
  throw new Error(name, { cause: error });
};
const context = collectorContext(() => undefined);

/** Gives functions that send messages of so many peers to collectors, and open and end connections. */
function traffic(
  count: number,
  collectors: readonly Collector[],
): { readonly messages: () => void; readonly connections: () => void } {
  const bus = new EventBus<MonitorEvents>();
  connectCollectors(collectors, bus, complain);
  const peers = Array.from({ length: count }, (_, id) => peerOf(id));
  let lastId = count;
  const begin = (peer: PeerInfo): void => {
    bus.emit('bytesRead', { peer, bytes: 61 });
    bus.emit('handshake', { peer, claims });
  };
  for (const peer of peers) begin(peer);
  return {
    messages: () => {
      for (let i = 0; i < COUNT; i++) {
        const peer = peers[i % peers.length];
        if (peer === undefined) continue;
        bus.emit('bytesRead', { peer, bytes: 61 });
        bus.emit('received', { peer, command: 'inv', bytes: 61 });
      }
    },
    connections: () => {
      for (let i = 0; i < ENDS; i++) {
        const peer = peerOf(++lastId);
        begin(peer);
        bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
      }
    },
  };
}

const payload = Buffer.alloc(37);
const checksumNs =
  (medianMs(RUNS, () => {
    for (let i = 0; i < COUNT; i++) checksum(payload);
  }) /
    COUNT) *
  1e6;
console.log(`live: the checksum of a payload takes ${checksumNs.toFixed(0)} ns`);
for (const count of PEERS) {
  const accounts = new PeerAccounts({ nowMs: () => Date.now(), monotonicMs: context.monotonicMs });
  const view = new LiveView(
    { node: 'n', network: 'regtest' },
    { nowMs: () => Date.now(), accounts, complain },
  );
  const all = COLLECTORS.map((create) => create({ ...context, accounts }));
  const others = traffic(
    count,
    all.filter(({ name }) => name !== 'peer_sessions'),
  );
  const whole = traffic(count, [...all, view]);
  const ns = (ms: number, of: number): string => ((ms / of) * 1e6).toFixed(0);
  const without = medianMs(RUNS, others.messages);
  const withAll = medianMs(RUNS, whole.messages);
  const ends = medianMs(RUNS, whole.connections);
  console.log(
    `live: ${count} peers: a message takes ${ns(without, COUNT)} ns in all other collectors, ` +
      `${ns(withAll, COUNT)} with the accounts and the live view, ` +
      `${((((withAll - without) / COUNT) * 1e6) / checksumNs).toFixed(2)} times a checksum more; ` +
      `a connection from its handshake to its end ${ns(ends, ENDS)} ns`,
  );
}
process.exit();
