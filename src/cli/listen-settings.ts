import type { ArgumentsCamelCase } from 'yargs';
import type { AppConfig } from '../app';
import { UsageError } from '../errors';
import { distinct, parseEndpoint } from '../p2p/endpoint';
import { NETWORKS } from '../p2p/networks';
import { joinSettings } from './join-settings';
import type { ListenArguments } from './listen';
import { intervalMs, nodeName, positive } from './values';

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
