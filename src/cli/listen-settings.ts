import type { ArgumentsCamelCase } from 'yargs';
import type { AppConfig } from '../app';
import { parseDuration } from '../duration';
import { UsageError } from '../errors';
import { distinct, parseEndpoint } from '../p2p/endpoint';
import { NETWORKS } from '../p2p/networks';
import type { ListenArguments } from './arguments';
import { joinSettings } from './join-settings';
import { intervalMs, nodeName, positive } from './values';

/** Below this an hour, the least that is removed at once, would be gone before it ended. */
const LEAST_RETENTION_MS = 3_600_000;

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
    retentionMs: retentionMs(args.retention, args.export),
    policy: args.policy,
    wtxidRelay: args.wtxidrelay,
    txPerSecond: positive('--tx-rate', args.txRate),
    mempoolBytes: positive('--mempool-size', args.mempoolSize) * 1_000_000,
    spoolBytes: positive('--spool-size', args.spoolSize) * 1_000_000,
    maxUserAgents: positive('--max-user-agents', args.maxUserAgents),
  };
}

function retentionMs(text: string | undefined, urls: readonly string[] | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === null || ms < LEAST_RETENTION_MS)
    throw new UsageError(`--retention ${text}: give a duration from 1h up, such as 12h, 30d or 4w`);
  if (urls !== undefined && !urls.some((url) => /^duckdb:/i.test(url)))
    throw new UsageError(
      `--retention ${text}: is of the embedded store; add --export duckdb:PATH, or leave it out`,
    );
  return ms;
}
