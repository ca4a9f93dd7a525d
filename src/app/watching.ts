import type { SystemClock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { MonitorEvents } from '../metrics/collector';
import { NODE_COLLECTORS } from '../metrics/collectors/list';
import type { PointSink } from '../metrics/emitter';
import type { PolicyName } from '../policy/standardness';
import type { TapSettings } from '../tap/settings';
import type { NodePlace } from '../watch/node-place';
import type { NetworkName } from '../wire/networks';
import { complainTo } from './collectors';
import { WatchedNode } from './watched-node';
import type * as Tapping from './tapping';
import type * as Asking from './rpc-watching';

/** The tap of a node. */
export interface TapConfig {
  /** The tag `node` of its points. */
  readonly node: string;
  readonly settings: TapSettings;
  /** Whether peers that break the protocol are refused. */
  readonly bans: boolean;
}

/** What is watched beside, or instead of, the peers of a listener. */
export interface WatchConfig {
  readonly watch: readonly NodePlace[];
  readonly tap?: TapConfig | undefined;
}

export interface WatchingOptions extends Partial<WatchConfig> {
  readonly network: NetworkName;
  readonly intervalMs: number;
  readonly policy: PolicyName;
  readonly maxUserAgents: number;
}

export interface WatchingModules {
  readonly clock: SystemClock;
  readonly log: Log;
  readonly sink: PointSink;
  /** The events of the listener beside it; undefined without one. */
  readonly listenerBus?: EventBus<MonitorEvents>;
  /** Called if watching can't go on. */
  readonly fail: (error: Error) => void;
}

/** The nodes that are watched. */
export interface Watching {
  /** Their names. */
  readonly nodes: readonly string[];
  /** Writes the points of the interval that ends now. */
  interval(): void;
  /** Ends watching, and writes the points of the last interval. */
  stop(): Promise<void>;
}

/** A source of what is known of a node. */
export interface WatchSource {
  interval(): void;
  stop(): Promise<void>;
}

/** A tap. */
export interface TapSource extends WatchSource {
  /** Logs where it listens. */
  say(): void;
}

/**
 * Lines of the log that wait until everything has begun. If a node is refused before, that error is the only
 * line.
 */
export class HeldLines {
  private waiting: (() => void)[] | undefined = [];

  /** Has a line written, now or later. */
  say(write: () => void): void {
    if (this.waiting === undefined) write();
    else this.waiting.push(write);
  }

  release(): void {
    const { waiting = [] } = this;
    this.waiting = undefined;
    for (const write of waiting) write();
  }
}

/**
 * Begins to watch nodes by their RPC, and to tap the connections of one of them. A node that is watched in
 * both ways is one node in the data. Parts are loaded only if they are wanted, because they take memory.
 * @throws UsageError or FailureError of one line if a node can't be watched or a port can't be opened
 */
export async function startWatching(options: WatchingOptions, modules: WatchingModules): Promise<Watching> {
  const { network, intervalMs, policy, maxUserAgents, watch = [], tap } = options;
  const { clock, log, sink } = modules;
  const nodes = new Map<string, WatchedNode>();
  const nodeOf = (name: string): WatchedNode => {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    const settings = { node: name, network, intervalMs, policy, maxUserAgents };
    const node = new WatchedNode(settings, {
      ...{ clock, clockSteps: clock, sink, complain: complainTo(log) },
      unixTime: () => Date.now() / 1_000,
    });
    nodes.set(name, node);
    return node;
  };
  const taps: TapSource[] = [];
  const asked: WatchSource[] = [];
  const held = new HeldLines();
  const stop = async (sources: readonly WatchSource[]): Promise<void> => {
    await Promise.all(sources.map((source) => source.stop()));
  };
  const interval = (): void => {
    for (const source of [...taps, ...asked]) source.interval();
    for (const node of nodes.values()) node.interval();
  };
  try {
    // The collectors of a tap come before those of the RPC of the same node.
    if (tap !== undefined) {
      const isAsked = watch.some(({ name }) => name === tap.node);
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { startTap } = require('./tapping') as typeof Tapping;
      taps.push(await startTap(tap, nodeOf(tap.node), { clock, log, isAsked }));
    }
    for (const place of watch) {
      const node = nodeOf(place.name);
      const isTapped = tap?.node === place.name;
      if (!isTapped) node.collect(NODE_COLLECTORS);
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { watchByRpc } = require('./rpc-watching') as typeof Asking;
      const peerPort = isTapped ? tap.settings.forwards[0]?.target.port : undefined;
      asked.push(await watchByRpc(place, node, { ...modules, held, isTapped, peerPort }));
    }
    for (const node of nodes.values()) node.account();
    for (const source of taps) source.say();
    held.release();
  } catch (error) {
    await stop([...taps, ...asked]);
    throw error;
  }
  return {
    nodes: [...nodes.keys()],
    interval,
    stop: async () => {
      // Asking ends before the taps do: when a tap ends, the node loses its peers, and they dial again.
      for (const source of asked) source.interval();
      await stop(asked);
      // A tap reports its last bytes and refusals when it ends.
      await stop(taps);
      for (const node of nodes.values()) node.interval();
    },
  };
}
