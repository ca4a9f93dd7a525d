import type { ArgumentsCamelCase } from 'yargs';
import type { AppConfig } from '../app/config';
import { UsageError } from '../lib/errors';
import { distinct } from '../p2p/endpoint';
import type { ListenArguments } from './arguments';
import { joinSettings } from './join-settings';
import { LISTEN_OPTIONS } from './options';
import { recordSettings } from './record-settings';
import { readConnect, readNode } from './values';
import { whySettings } from './why-settings';

/**
 * Checks the listener's options and returns the settings.
 * @throws UsageError naming the option, its value and what would be right
 */
export function listenSettings(args: ArgumentsCamelCase<ListenArguments>): Omit<
  AppConfig,
  'exports' | 'dataDir' | 'chainDir' | 'spools' | 'watch' | 'tap'
> & {
  readonly spoolBytes: number;
} {
  const { connect = [] } = args;
  const join = joinSettings(args);
  if (connect.length === 0 && join === undefined)
    throw new UsageError(
      'nothing to listen to: give --connect host[:port] or --join, or try btcdmon-node demo',
    );
  return {
    node: readNode(args.node),
    network: args.network,
    connect: distinct(connect.map((text) => readConnect(text, args.network))),
    ...(join === undefined ? {} : { join }),
    intervalMs: LISTEN_OPTIONS.interval.read(args.interval),
    retentionMs: retentionOf(args.retention, args.export),
    policy: args.policy,
    wtxidRelay: args.wtxidrelay,
    transport: args.transport,
    ...(args.contact === undefined ? {} : { contact: args.contact }),
    txPerSecond: LISTEN_OPTIONS['tx-rate'].read(args.txRate),
    mempoolBytes: LISTEN_OPTIONS['mempool-size'].read(args.mempoolSize) * 1_000_000,
    spoolBytes: LISTEN_OPTIONS['spool-size'].read(args.spoolSize) * 1_000_000,
    arrivalsSample: args.arrivals ? LISTEN_OPTIONS['arrivals-sample'].read(args.arrivalsSample) : undefined,
    why: whySettings(args),
    record: recordSettings(args),
    maxUserAgents: LISTEN_OPTIONS['max-user-agents'].read(args.maxUserAgents),
  };
}

/**
 * Reads --retention, in milliseconds.
 * @throws UsageError where no export is the embedded store
 */
export function retentionOf(
  text: string | undefined,
  urls: readonly string[] | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const ms = LISTEN_OPTIONS.retention.read(text);
  if (urls !== undefined && !urls.some((url) => /^duckdb:/i.test(url)))
    throw new UsageError(
      `--retention ${text}: concerns the embedded store; add --export duckdb:PATH, or leave it out`,
    );
  return ms;
}
