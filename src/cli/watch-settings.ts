import { homedir } from 'node:os';
import type { TapConfig, WatchConfig } from '../app/watching';
import { UsageError } from '../lib/errors';
import { systemTimer } from '../lib/timer';
import { DEFAULT_LIMITS } from '../tap/settings';
import type * as FindNode from '../watch/find-node';
import type { NodePlace } from '../watch/node-place';
import { DEFAULT_WATCHED_NAME } from '../watch/watch-url';
import type { NetworkName } from '../wire/networks';
import { readForward, readSocks, readTapName, readUpstreamProxy } from './watch-values';

/** The options of what is watched, as yargs parses them. */
interface WatchArguments {
  readonly network: NetworkName;
  readonly node: string;
  readonly watch?: readonly string[] | undefined;
  readonly tap?: string | undefined;
  /** A capture that is read instead of watching. */
  readonly pcap?: string | undefined;
  readonly forward?: readonly string[] | undefined;
  readonly socks?: string | undefined;
  readonly upstreamProxy?: string | undefined;
  readonly tapPlain: boolean;
  readonly tapBan: boolean;
}

/**
 * Checks the options of what is watched, and finds the nodes.
 * @throws UsageError naming the option, its value and what would be right; FailureError where a node or its
 *   login can't be found
 */
export async function watchSettings(args: WatchArguments, env: NodeJS.ProcessEnv): Promise<WatchConfig> {
  const watch = await placesOf(args, env);
  const names = watch.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(
      `--watch ${twice}: two nodes have this name; name them, such as --watch first=https://…`,
    );
  const tap = tapOf(args, names);
  const captured = args.pcap === undefined ? undefined : (args.tap ?? DEFAULT_WATCHED_NAME);
  const own = [...names, tap?.node, captured].find((name) => name === args.node);
  if (own !== undefined)
    throw new UsageError(
      `--node ${args.node}: is also the name of a node that is watched; give another name, such as --node ${args.node}-listener`,
    );
  return { watch, tap };
}

async function placesOf(
  { watch = [], network }: WatchArguments,
  env: NodeJS.ProcessEnv,
): Promise<readonly NodePlace[]> {
  if (watch.length === 0) return [];
  // Loaded only here: it takes memory.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { resolveWatch } = require('../watch/find-node') as typeof FindNode;
  const machine = { home: homedir(), platform: process.platform, env };
  const modules = { clock: { monotonicMs: () => performance.now() }, timer: systemTimer };
  const places: NodePlace[] = [];
  for (const text of watch) places.push(await resolveWatch(text, { network, machine }, modules));
  return places;
}

function tapOf(args: WatchArguments, watched: readonly string[]): TapConfig | undefined {
  const { network, forward = [], socks, upstreamProxy, tap, pcap, tapPlain, tapBan } = args;
  if (forward.length === 0 && socks === undefined) {
    const needless = [
      tap === undefined || pcap !== undefined ? undefined : `--tap ${tap}`,
      upstreamProxy === undefined ? undefined : `--upstream-proxy ${upstreamProxy}`,
      tapPlain ? '--tap-plain' : undefined,
      tapBan ? '--tap-ban' : undefined,
    ].find((text) => text !== undefined);
    if (needless !== undefined)
      throw new UsageError(`${needless}: has a meaning only with --forward or --socks`);
    return undefined;
  }
  if (upstreamProxy !== undefined && socks === undefined)
    throw new UsageError(`--upstream-proxy ${upstreamProxy}: has a meaning only with --socks`);
  return {
    node: tap === undefined ? (watched[0] ?? DEFAULT_WATCHED_NAME) : readTapName(tap),
    bans: tapBan,
    settings: {
      network,
      forwards: forward.map((text) => readForward(text, network)),
      socks: socks === undefined ? null : readSocks(socks),
      upstreamProxy: upstreamProxy === undefined ? null : readUpstreamProxy(upstreamProxy),
      plain: tapPlain,
      limits: DEFAULT_LIMITS,
    },
  };
}
