import { isIP } from 'node:net';
import type { ArgumentsCamelCase } from 'yargs';
import { UsageError } from '../errors';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../p2p/endpoint';
import type { DnsSeed } from '../p2p/join/dns-seeds';
import type { JoinOptions } from '../p2p/join/prepare';
import { NETWORKS, type NetworkName } from '../p2p/networks';
import type { ListenArguments } from './arguments';
import { positive } from './values';

/** What Core and btcd have in all by default: who wants more peers than a node should run a crawler. */
const MAX_PEERS = 125;

const DNS_PORT = 53;

/**
 * What the options about joining a network say, checked; undefined where no network is to be joined.
 * @throws UsageError naming the option, its value and what would be right
 */
export function joinSettings(args: ArgumentsCamelCase<ListenArguments>): JoinOptions | undefined {
  const { dns, join, listen, network, seed } = args;
  const peers = positive('--peers', args.peers, MAX_PEERS);
  const maxInbound = positive('--max-inbound', args.maxInbound);
  if (!join) {
    if (seed !== undefined) throw new UsageError(`--seed ${seed.join(' ')}: has a meaning only with --join`);
    if (dns !== undefined) throw new UsageError(`--dns ${dns}: has a meaning only with --join`);
    if (listen === undefined) return undefined;
  }
  return {
    peers: join ? peers : 0,
    maxInbound,
    ...(listen === undefined ? {} : { listen: place(listen, network) }),
    ...(seed === undefined ? {} : { seeds: seed.map((text) => dnsSeed(text, network)) }),
    ...(dns === undefined ? {} : { resolver: formatEndpoint(server(dns)) }),
  };
}

function place(text: string, network: NetworkName): Endpoint {
  const endpoint = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const right = 'give a port, IP[:port] or [IPv6]:port, such as 0.0.0.0:8333';
  return ipEndpoint('--listen', text, endpoint, NETWORKS[network].port, right);
}

function server(text: string): Endpoint {
  return ipEndpoint('--dns', text, text, DNS_PORT, 'give IP[:port] of a DNS server');
}

function ipEndpoint(option: string, text: string, from: string, port: number, right: string): Endpoint {
  try {
    const endpoint = parseEndpoint(from, port, option);
    if (isIP(endpoint.host) !== 0) return endpoint;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  throw new UsageError(`${option} ${text}: ${right}`);
}

function dnsSeed(text: string, network: NetworkName): DnsSeed {
  const { host, port } = parseEndpoint(text, NETWORKS[network].port, '--seed');
  if (isIP(host) !== 0)
    throw new UsageError(`--seed ${text}: give a DNS name; an address goes with --connect`);
  return { host, port, filters: false };
}
