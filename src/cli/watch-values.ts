import { isIP } from 'node:net';
import { UsageError } from '../lib/errors';
import { type Endpoint, parseEndpoint } from '../p2p/endpoint';
import { type Forward, parseForward } from '../tap/settings';
import { type WatchAuto, type WatchUrl, parseWatch } from '../watch/watch-url';
import { NETWORKS, type NetworkName } from '../wire/networks';
import { ipEndpoint, readName } from './values';

/** Reads a node to watch; without a port it gets that of its network's RPC. */
export function readWatch(text: string, network: NetworkName = 'mainnet'): WatchAuto | WatchUrl {
  return parseWatch(text, network);
}

/** Reads the name of a node whose connections are tapped. */
export function readTapName(name: string): string {
  return readName(name, '--tap');
}

/** Reads the address at which peers come in and that of the node; default ports are those of the network. */
export function readForward(text: string, network: NetworkName = 'mainnet'): Forward {
  return parseForward(text, NETWORKS[network].port);
}

/** The port of a SOCKS server (RFC 1928). */
const SOCKS_PORT = 1_080;

/** Reads where the SOCKS server for the node listens. */
export function readSocks(text: string): Endpoint {
  const endpoint = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const right = 'give a port, IP[:port] or [IPv6]:port, such as 127.0.0.1:9150';
  return ipEndpoint('--socks', text, endpoint, SOCKS_PORT, right);
}

/** The port of Tor's SOCKS server. */
const TOR_PORT = 9_050;

/** Reads the SOCKS proxy behind ours. */
export function readUpstreamProxy(text: string): Endpoint {
  return parseEndpoint(text, TOR_PORT, '--upstream-proxy');
}

/** Reads the node's address in a capture; the port is undefined where none is given. */
export function readPcapNode(text: string): { readonly host: string; readonly port: number | undefined } {
  if (isIP(text) !== 0) return { host: text, port: undefined };
  const { host, port } = parseEndpoint(text, 0, '--pcap-node');
  if (isIP(host) !== 0) return { host, port };
  throw new UsageError(`--pcap-node ${text}: give IP or IP:port, such as 192.0.2.1:8333`);
}
