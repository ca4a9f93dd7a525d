import type { ArgumentsCamelCase } from 'yargs';
import type { CrawlConfig } from '../app/crawl-app';
import { UsageError } from '../lib/errors';
import { distinct, formatEndpoint } from '../p2p/endpoint';
import { openAddressList } from '../p2p/join/address-lists';
import type { CrawlArguments } from './arguments';
import { asMapOf } from './as-map';
import { CRAWL_OPTIONS } from './crawl-options';
import { retentionOf } from './listen-settings';
import { routeSettings } from './route-settings';
import { readConnect, readDns, readNode, readSeed } from './values';

/**
 * Checks the crawler's options and returns the settings.
 * @throws UsageError naming the option, its value and what would be right; FailureError where a file can't be
 *   used
 */
export async function crawlSettings(
  args: ArgumentsCamelCase<CrawlArguments>,
  env: NodeJS.ProcessEnv,
): Promise<Omit<CrawlConfig, 'exports' | 'dataDir' | 'spools'> & { readonly spoolBytes: number }> {
  const { connect = [], contact, dns, every, exclude, network, proxy, seed } = args;
  const endpoints = distinct(connect.map((text) => readConnect(text, network)));
  if (dns !== undefined && proxy !== undefined)
    throw new UsageError(`--dns ${dns}: is not asked with --proxy, which resolves all names; leave it out`);
  return {
    node: readNode(args.node),
    network,
    connect: endpoints,
    seeds: seed?.map((text) => readSeed(text, network)),
    resolver: dns === undefined ? undefined : formatEndpoint(readDns(dns)),
    routes: await routeSettings({ ...args, join: true }, endpoints, env),
    everyMs: every === undefined ? undefined : CRAWL_OPTIONS.every.read(every),
    workers: CRAWL_OPTIONS.workers.read(args.workers),
    contact: contact === undefined ? undefined : CRAWL_OPTIONS.contact.read(contact),
    excluded: exclude === undefined ? undefined : await openAddressList(`--exclude ${exclude}`, exclude),
    asMap: await asMapOf(args.asmap),
    transport: args.transport,
    intervalMs: CRAWL_OPTIONS.interval.read(args.interval),
    retentionMs: retentionOf(args.retention, args.export),
    spoolBytes: CRAWL_OPTIONS['spool-size'].read(args.spoolSize) * 1_000_000,
    maxUserAgents: CRAWL_OPTIONS['max-user-agents'].read(args.maxUserAgents),
  };
}
