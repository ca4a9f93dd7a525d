import { setImmediate } from 'node:timers/promises';
import { type AddressNetwork, ipOf } from '../../wire/messages/network-address';
import type { AddressManager } from './address-manager';
import type { Ban, Bans } from './bans';
import type { TransportName } from '../transport/transport';
import { parseIp, type RawAddress } from './ip';
import { type KnownAddress, keyOf } from './known-address';

/** Lines that are formatted before other work gets its turn: about 2 ms of work. */
const LINES_A_TURN = 1_000;

const HEADER = /^btcdmon-node addresses 1 ([a-z0-9]+) (\d+) ([0-9a-f]{64})$/;
const ADDRESS = new RegExp(
  '^(ipv4|ipv6|torv3|i2p|cjdns) (\\S{1,64}) (\\d{1,5}) ([0-9a-f]{16}) (\\d{1,10}) (\\d{1,10}) (\\d{1,10}) (\\d{1,9}) (\\S{1,300})(?: (v1|v2))?$',
);
const BAN = /^ban (\S{1,64}) (\d{1,10})$/;

/** The first line of an address file. */
export interface AddressHeader {
  readonly network: string;
  /** Number of lines that follow. */
  readonly lines: number;
  readonly secret: Buffer;
}

/** Parses the first line; null if it is not one. */
export function parseHeader(line: string): AddressHeader | null {
  const match = HEADER.exec(line);
  if (match === null) return null;
  const [, network = '', lines = '', secret = ''] = match;
  return { network, lines: Number(lines), secret: Buffer.from(secret, 'hex') };
}

/** The place where a line begins that has merged with the one before, because its line break is damaged. */
const RUN_TOGETHER = /.(?=(?:ipv4|ipv6|torv3|i2p|cjdns|ban) )/s;

/** The records of a line: the line itself, or its parts if a line break is damaged. */
export function splitRecords(line: string): string[] {
  return parseAddress(line) === null && parseBan(line) === null ? line.split(RUN_TOGETHER) : [line];
}

/** Parses the line of an address; null if it is not one. */
export function parseAddress(line: string): KnownAddress | null {
  const match = ADDRESS.exec(line);
  if (match === null) return null;
  const [, network, host = '', port, services, time, lastTry, lastSuccess, attempts, sourceGroup = ''] =
    match;
  const transport = match[10] as TransportName | undefined;
  const raw = rawAddress(network as AddressNetwork, host);
  if (raw === null || raw.network !== network || Number(port) > 65_535) return null;
  const endpoint = { ...raw, port: Number(port) };
  return {
    key: keyOf(endpoint),
    network: raw.network,
    address: raw.address,
    port: endpoint.port,
    services: BigInt(`0x${services ?? ''}`),
    time: Number(time),
    lastTry: Number(lastTry),
    lastSuccess: Number(lastSuccess),
    attempts: Number(attempts),
    transport,
    sourceGroup,
  };
}

/** Parses the line of a ban; null if it is not one. */
export function parseBan(line: string): Ban | null {
  const match = BAN.exec(line);
  return match === null ? null : { subject: match[1] ?? '', until: Number(match[2]) };
}

/**
 * Addresses and bans as text that people can read and search: a header, then one address or ban on each line.
 * IPs are written as such, other addresses in hexadecimal. Leaves time for other work in between.
 */
export async function formatAddresses(addrman: AddressManager, bans: Bans): Promise<string> {
  const lines: string[] = [];
  for (const known of addrman.addresses()) {
    lines.push(formatAddress(known));
    if (lines.length % LINES_A_TURN === 0) await setImmediate();
  }
  for (const { subject, until } of bans.list()) lines.push(`ban ${subject} ${until}`);
  const header = `btcdmon-node addresses 1 ${addrman.network} ${lines.length} ${addrman.secret.toString('hex')}`;
  return `${[header, ...lines].join('\n')}\n`;
}

function formatAddress(known: KnownAddress): string {
  const { address, attempts, lastSuccess, lastTry, network, port, services, sourceGroup, time } = known;
  const worked = known.transport === undefined ? '' : ` ${known.transport}`;
  const host = ipOf(known) ?? address.toString('hex');
  const bits = services.toString(16).padStart(16, '0');
  return `${network} ${host} ${port} ${bits} ${time} ${lastTry} ${lastSuccess} ${attempts} ${sourceGroup}${worked}`;
}

/** The bytes of an address of the file. */
function rawAddress(network: AddressNetwork, text: string): RawAddress | null {
  if (network === 'ipv4' || network === 'ipv6') return parseIp(text);
  const length = network === 'cjdns' ? 16 : 32;
  const address = Buffer.from(text, 'hex');
  return address.length === length && text.length === 2 * length ? { network, address } : null;
}
