// A program with a tap, as a process of its own. Its parent forks it with the network and the port of the
// node that the tap leads to. It tells the parent the tap's port and the pid of the tap's process.
import { EventBus } from '#dist/lib/event-bus';
import { Judge } from '#dist/mempool/judge';
import type { MonitorEvents } from '#dist/metrics/collector';
import { DEFAULT_LIMITS } from '#dist/tap/settings';
import type { TapEvents } from '#dist/tap/tap-events';
import { TapMonitor } from '#dist/tap/tap-monitor';
import { TapProcess } from '#dist/tap/tap-process';
import { type NetworkName, NETWORKS } from '#dist/wire/networks';

async function main(network: NetworkName, port: number): Promise<void> {
  const bus = new EventBus<TapEvents>();
  const watched = new EventBus<MonitorEvents>();
  new TapMonitor({
    tap: bus,
    bus: watched,
    clock: { monotonicMs: () => performance.now() },
    judge: new Judge('btcd', { bus: watched }),
    complain: (name, error) => console.error(name, error),
  });
  const tap = new TapProcess(
    {
      network,
      forwards: [{ listen: { host: '127.0.0.1', port: 0 }, target: { host: '127.0.0.1', port } }],
      socks: null,
      upstreamProxy: null,
      plain: false,
      limits: DEFAULT_LIMITS,
    },
    { bus, warn: (message) => console.error(message) },
  );
  const places = await tap.open();
  process.send?.({ port: places.forwards[0]?.port ?? 0, pid: tap.pid ?? 0 });
  process.once('disconnect', () => process.exit());
}

const [, , network = '', port] = process.argv;
if (!(network in NETWORKS)) throw new Error(`${network}: not a network`);
void main(network as NetworkName, Number(port));
