// The live view: what a message costs on its way through the events to every collector, with the view and
// without it, beside the checksum of its payload, which framing pays for each message. Eight peers take
// turns.
import { createRequire } from 'node:module';
import { medianMs } from './support/points.mjs';

const require = createRequire(import.meta.url);
const { EventBus } = require('../dist/lib/event-bus.js');
const { checksum } = require('../dist/wire/hash.js');
const { LiveView } = require('../dist/live/live-view.js');
const { connectCollectors } = require('../dist/metrics/connect-collectors.js');
const { COLLECTORS } = require('../dist/metrics/collectors/list.js');

const COUNT = 200_000;
const RUNS = 15;

const peers = Array.from({ length: 8 }, (_, id) => ({
  id,
  address: `192.0.2.${id}:8333`,
  outbound: true,
  claims: null,
}));
const complain = (name, error) => {
  throw new Error(name, { cause: error });
};
const context = {
  emit: () => undefined,
  policy: 'btcd',
  maxUserAgents: 200,
  intervalMs: 5_000,
  monotonicMs: () => performance.now(),
  emitted: () => 0,
  exporters: () => [],
  unseen: () => 0,
  mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
  addresses: () => ({ banned: 0 }),
};

const traffic = (more) => {
  const bus = new EventBus();
  connectCollectors([...COLLECTORS.map((create) => create(context)), ...more], bus, complain);
  return () => {
    for (let i = 0; i < COUNT; i++) {
      const peer = peers[i % peers.length];
      bus.emit('bytesRead', { peer, bytes: 61 });
      bus.emit('received', { peer, command: 'inv', bytes: 61 });
    }
  };
};
const view = new LiveView({ node: 'n', network: 'regtest' }, { nowMs: () => Date.now(), complain });
const payload = Buffer.alloc(37);
const ms = {
  without: await medianMs(RUNS, traffic([])),
  with: await medianMs(RUNS, traffic([view])),
  checksum: await medianMs(RUNS, () => {
    for (let i = 0; i < COUNT; i++) checksum(payload);
  }),
};

const ns = (total) => `${((total / COUNT) * 1e6).toFixed(0)} ns`;
console.log(`a message through the events to all collectors  ${ns(ms.without)}`);
console.log(`the same with the live view                     ${ns(ms.with)}`);
console.log(`the checksum of its payload                     ${ns(ms.checksum)}`);
console.log(`the live view takes ${((ms.with - ms.without) / ms.checksum).toFixed(2)} of a checksum`);
process.exit();
