import type { ArgumentsCamelCase } from 'yargs';
import type { AppConfig } from '../app';
import { parseDuration } from '../duration';
import { UsageError } from '../errors';
import { distinct, parseEndpoint } from '../p2p/endpoint';
import { NETWORKS } from '../p2p/networks';
import { joinSettings } from './join-settings';
import type { ListenArguments } from './listen';
import { positive } from './number';

/** Below this the points of an interval cost more than they tell. */
const LEAST_INTERVAL_MS = 100;

/**
 * What the listener's options say, checked.
 * @throws UsageError naming the option, its value and what would be right
 */
export function listenSettings(
  args: ArgumentsCamelCase<ListenArguments>,
): Omit<AppConfig, 'exports' | 'dataDir' | 'chainDir' | 'spools'> & { readonly spoolBytes: number } {
  const { connect = [] } = args;
  const join = joinSettings(args);
  if (connect.length === 0 && join === undefined)
    throw new UsageError(
      'nothing to listen to: give --connect host[:port] or --join, or try btcdmon-node demo',
    );
  const { port } = NETWORKS[args.network];
  return {
    node: nodeName(args.node),
    network: args.network,
    connect: distinct(connect.map((text) => parseEndpoint(text, port))),
    ...(join === undefined ? {} : { join }),
    intervalMs: intervalMs(args.interval),
    policy: args.policy,
    wtxidRelay: args.wtxidrelay,
    txPerSecond: positive('--tx-rate', args.txRate),
    mempoolBytes: positive('--mempool-size', args.mempoolSize) * 1_000_000,
    spoolBytes: positive('--spool-size', args.spoolSize) * 1_000_000,
    maxUserAgents: positive('--max-user-agents', args.maxUserAgents),
  };
}

/** A tag of every point: a long name would cost bytes in each. */
function nodeName(name: string): string {
  if (!/^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(name))
    throw new UsageError(`--node ${JSON.stringify(name)}: give a name of 1 to 64 printable ASCII characters`);
  return name;
}

function intervalMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms < LEAST_INTERVAL_MS)
    throw new UsageError(`--interval ${text}: give a duration from 100ms up, such as 5s or 1m`);
  return ms;
}
