import { isIP } from 'node:net';
import { SystemClock } from '../lib/clock';
import { parseDuration } from '../lib/duration';
import { UsageError } from '../lib/errors';
import { NATS_FORM, type NatsSettings, readNatsUrl } from '../export/nats/settings';
import { createExporter } from '../export/registry';
import { type Endpoint, parseEndpoint } from '../p2p/endpoint';
import type { DnsSeed } from '../p2p/join/dns-seeds';
import type { LabelFile } from '../p2p/join/address-labels';
import type { Shard } from '../p2p/join/shard';
import { isContact, MAX_CONTACT } from '../p2p/user-agent';
import { NETWORKS, type NetworkName } from '../wire/networks';

const MAX_NODE = 64;

/**
 * Reads the name of a node, a tag of every point: a long name would cost bytes in each, and line protocol
 * can't hold a backslash at its end.
 */
export function readNode(name: string): string {
  return readName(name, '--node');
}

/** Reads the name of a node that `option` gives. */
export function readName(name: string, option: string): string {
  if (/^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(name) && !name.endsWith('\\')) return name;
  throw new UsageError(
    `${option} ${JSON.stringify(name)}: give a name of 1 to ${MAX_NODE} printable ASCII characters with no backslash at its end`,
  );
}

/**
 * Makes the name of a node from a host name and a suffix. Characters that a node's name may not have are
 * replaced.
 */
export function defaultNode(host: string, behind = ''): string {
  const name = host.replace(/[^\x21-\x7e]|\\/g, '-').slice(0, MAX_NODE - behind.length);
  return `${name === '' ? 'node' : name}${behind}`;
}

/** Reads a duration from `least` up, in milliseconds. */
export function readDuration(
  name: string,
  { least, such }: { readonly least: string; readonly such: string },
): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== null && ms >= (parseDuration(least) ?? 0) && ms <= MAX_DURATION_MS) return ms;
    throw new UsageError(`--${name} ${text}: give a duration from ${least} up, such as ${such}`);
  };
}

/** A century: a longer duration is a mistake. */
const MAX_DURATION_MS = 36_525 * 86_400_000;

/** Reads a whole number from 1 to `max`. */
export function readWholeNumber(name: string, max = 999_999_999): (text: string) => number {
  return (text) => {
    const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
    if (number >= 1 && number <= max) return number;
    const right = max < 999_999_999 ? `from 1 to ${max}` : 'from 1 up';
    throw new UsageError(`--${name} ${text}: give a whole number ${right}`);
  };
}

/** Reads a whole number from 0 to `max`. */
export function readCount(name: string, max: number): (text: string) => number {
  return (text) => {
    const number = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : NaN;
    if (number <= max) return number;
    throw new UsageError(`--${name} ${text}: give a whole number from 0 to ${max}`);
  };
}

/**
 * Checks an `--export` URL. It makes the exporter and discards it, which opens nothing.
 */
export function readExport(url: string): string {
  createExporter(url, { clock: new SystemClock(), warn: () => undefined, env: {} });
  return url;
}

/** Reads a name for addresses and the file of these, `NAME=FILE`. */
export function readLabel(text: string): LabelFile {
  const [, name, file] = /^([a-z0-9][a-z0-9_-]{0,31})=(.+)$/.exec(text) ?? [];
  if (name !== undefined && file !== undefined) return { name, file };
  throw new UsageError(
    `--label ${text}: give NAME=FILE, a name of 1 to 32 small letters, digits, underscores and hyphens, such as spies=spies.txt`,
  );
}

/** Reads the endpoint of a peer; without a port it gets that of its network. */
export function readConnect(text: string, network: NetworkName = 'mainnet'): Endpoint {
  return parseEndpoint(text, NETWORKS[network].port);
}

/** Reads the endpoint at which others may connect. */
export function readListen(text: string, network: NetworkName = 'mainnet'): Endpoint {
  const endpoint = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const right = 'give a port, IP[:port] or [IPv6]:port, such as 0.0.0.0:8333';
  return ipEndpoint('--listen', text, endpoint, NETWORKS[network].port, right);
}

const DNS_PORT = 53;

/** Reads the endpoint of a DNS server. */
export function readDns(text: string): Endpoint {
  const right = 'give IP[:port] of a DNS server, without a zone (%eth0)';
  // Node's resolver drops the zone, and would ask another server.
  if (text.includes('%')) throw new UsageError(`--dns ${text}: ${right}`);
  return ipEndpoint('--dns', text, text, DNS_PORT, right);
}

/** Reads an endpoint whose host is an address. `right` says what would be right. */
export function ipEndpoint(
  option: string,
  text: string,
  from: string,
  port: number,
  right: string,
): Endpoint {
  try {
    const endpoint = parseEndpoint(from, port, option);
    if (isIP(endpoint.host) !== 0) return endpoint;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  throw new UsageError(`${option} ${text}: ${right}`);
}

/** Reads a DNS name that stands for nodes, with their port. */
export function readSeed(text: string, network: NetworkName = 'mainnet'): DnsSeed {
  const { host, port } = parseEndpoint(text, NETWORKS[network].port, '--seed');
  if (isIP(host) !== 0)
    throw new UsageError(`--seed ${text}: give a DNS name; an address goes with --connect`);
  return { host, port, filters: false };
}

/** More parts than there are machines to listen with. */
const MAX_SHARDS = 1_024;

/** Reads a part of all addresses. */
export function readShard(text: string): Shard {
  const [, number, count] = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text) ?? [];
  const shard = { number: Number(number ?? 0), count: Number(count ?? 0) };
  if (shard.number >= 1 && shard.number <= shard.count && shard.count <= MAX_SHARDS) return shard;
  throw new UsageError(
    `--shard ${text}: give a part and the number of parts, at most ${MAX_SHARDS}, such as 1/16 to 16/16`,
  );
}

/** Reads how the operator can be reached. */
export function readContact(text: string): string {
  if (isContact(text)) return text;
  throw new UsageError(
    `--contact ${text}: give at most ${MAX_CONTACT} letters, digits, blanks and .,;-_?@ such as ops@example.org`,
  );
}

/** Reads the URL of a stream that the collector takes points from. */
export function readFrom(url: string): NatsSettings {
  if (url.toLowerCase().startsWith('nats:')) return readNatsUrl(url.slice('nats:'.length), '--from');
  throw new UsageError(`--from ${url.replace(/^([^/]*\/\/)?.*@/, '$1***@')}: give ${NATS_FORM}`);
}

/** Reads the name of a group of collectors, which NATS has in file names and subjects. */
export function readGroup(text: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
  throw new UsageError(`--group ${text}: give 1 to 64 letters, digits, underscores and hyphens`);
}
