import { systemTimer } from '../lib/timer';
import { waitAtMost } from '../lib/wait-at-most';
import { NodeMonitor } from '../watch/node-monitor';
import type { NodePlace } from '../watch/node-place';
import type { WatchedNode } from './watched-node';
import type { HeldLines, WatchSource, WatchingModules } from './watching';

/** How long the start waits for the first answer of a node, in milliseconds. Then all else begins. */
const START_MS = 5_000;

/** What else is known of a node that is watched by its RPC. */
interface WatchedByRpc {
  readonly held: HeldLines;
  /** Whether its connections pass through a tap. */
  readonly isTapped: boolean;
  /** The port at which it takes peers, if the tap knows it. */
  readonly peerPort: number | undefined;
}

/**
 * Begins to watch a node by its RPC. A node that does not answer yet is asked again until it does.
 * @throws RpcFailure if the node can't be watched and this is known at once; otherwise `fail` is called later
 */
export async function watchByRpc(
  place: NodePlace,
  node: WatchedNode,
  { clock, log, listenerBus, fail, held, isTapped, peerPort }: WatchingModules & WatchedByRpc,
): Promise<WatchSource> {
  const { network, policy, maxUserAgents } = node.settings;
  const monitor = new NodeMonitor(
    place,
    { network, policy, maxUserAgents, isTapped, peerPort },
    {
      ...{ clock, timer: systemTimer, bus: node.bus, listenerBus },
      ...{ emit: node.emitter.emit, together: node.emitter.together },
      info: (message) => held.say(() => log.info(message)),
      warn: (message) => held.say(() => log.warn(message)),
    },
  );
  const started = monitor.start();
  let isLate = false;
  started.catch((error: unknown) => {
    if (isLate) fail(error as Error);
  });
  await waitAtMost(START_MS, started);
  isLate = true;
  return {
    interval: () => monitor.interval(),
    stop: () => {
      monitor.stop();
      return Promise.resolve();
    },
  };
}
