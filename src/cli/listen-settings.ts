import type { ArgumentsCamelCase } from 'yargs';
import type { AppConfig } from '../app';
import { parseDuration } from '../duration';
import { UsageError } from '../errors';
import { parseEndpoint } from '../p2p/endpoint';
import { NETWORKS } from '../p2p/networks';
import type { ListenArguments } from './listen';

/** Below this the points of an interval cost more than they tell. */
const LEAST_INTERVAL_MS = 100;

/** Below this an hour, the least that is removed at once, would be gone before it ended. */
const LEAST_RETENTION_MS = 3_600_000;

/**
 * What the listener's options say, checked.
 * @throws UsageError naming the option, its value and what would be right
 */
export function listenSettings(
  args: ArgumentsCamelCase<ListenArguments>,
): Omit<AppConfig, 'exports' | 'headersDir' | 'spools'> & { readonly spoolBytes: number } {
  if (args.connect === undefined || args.connect.length === 0)
    throw new UsageError('nothing to listen to: give --connect host[:port], or try btcdmon-node demo');
  const { port } = NETWORKS[args.network];
  return {
    node: nodeName(args.node),
    network: args.network,
    connect: args.connect.map((text) => parseEndpoint(text, port)),
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

function retentionMs(text: string | undefined, exports: readonly string[] | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === null || ms < LEAST_RETENTION_MS)
    throw new UsageError(`--retention ${text}: give a duration from 1h up, such as 12h, 30d or 4w`);
  if (exports !== undefined && !exports.some((url) => /^duckdb:/i.test(url)))
    throw new UsageError(
      `--retention ${text}: is of the embedded store; add --export duckdb:PATH, or leave it out`,
    );
  return ms;
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${option} ${text}: give a whole number from 1 up`);
  return Number(text);
}
