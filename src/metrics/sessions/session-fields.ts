import { asciiLine } from '../../lib/ascii-line';
import type { PeerInfo } from '../../p2p/p2p-events';
import type { FieldsOf } from '../schema';
import type { Origin } from './origin';
import type { PeerAccount } from './peer-account';
import { COMMAND_COUNTS } from './session-commands';
import { type Suspicion, suspicionOf } from './suspicion';

/** The longest address: 62 characters of Tor, and a port. */
const MAX_ADDRESS = 80;

/** Peers give feerates in satoshi per 1,000 vbytes. */
const VBYTES = 1_000;

/** A connection at its end, or as it is now. */
export interface Session {
  readonly peer: PeerInfo;
  readonly account: PeerAccount;
  readonly origin: Origin;
  /** Milliseconds since it was opened. */
  readonly ageMs: number;
}

/** The columns of `peer_sessions` of one connection, without its end. */
export function sessionFields({ peer, account, origin, ageMs }: Session): FieldsOf<'peer_sessions'> {
  const { claims } = peer;
  return {
    address: addressOf(peer),
    session: peer.id,
    port: portIn(peer.address),
    address_network: origin.network,
    netgroup: origin.netgroup,
    asn: origin.asn,
    labels: origin.labels.length === 0 ? undefined : origin.labels.join(','),
    is_inbound: !peer.outbound,
    transport: peer.transport,
    ...(claims === null
      ? {}
      : {
          user_agent: account.textsOf(claims).userAgent,
          version: claims.version,
          services: account.textsOf(claims).services,
          relay: claims.relay,
          start_height: claims.startHeight,
        }),
    ...(account.established && claims !== null
      ? suspicionFields(suspicionOf(account, claims.relay, ageMs))
      : {}),
    is_established: account.established,
    height: account.height ?? undefined,
    time_offset: account.timeOffset,
    duration: Math.floor(ageMs / 1_000),
    ping_least: account.leastPingMs ?? undefined,
    ping_median: account.medianPingMs,
    fee_filter: account.feeFilter === undefined ? undefined : account.feeFilter / VBYTES,
    ...countedFields(account),
  };
}

function suspicionFields({ score, reasons }: Suspicion): FieldsOf<'peer_sessions'> {
  return { spy_score: score, spy_reasons: reasons.length === 0 ? undefined : reasons.join(',') };
}

/** The columns of `session_messages` of one connection. */
export function messageFields({ peer, account }: Session): FieldsOf<'session_messages'> {
  return { session: peer.id, address: addressOf(peer), ...commandFields(account) };
}

/** The counts by command, which can be summed over connections. */
export function commandFields({ counts }: PeerAccount): FieldsOf<'session_messages'> {
  const fields = COMMAND_COUNTS.map(({ column }, place) => [column, counts[place]] as const);
  return Object.fromEntries(fields);
}

/** The columns that count, which can be summed over connections. */
export function countedFields(account: PeerAccount): FieldsOf<'peer_sessions'> {
  return {
    bytes_recv: account.bytesRecv,
    bytes_sent: account.bytesSent,
    msg_recv: account.messagesRecv,
    msg_sent: account.messagesSent,
    inv_first: account.invFirst,
    inv_later: account.invLater,
    blocks_announced: account.blocksAnnounced,
    requested: account.requested,
    undelivered: account.undelivered,
    addrs_told: account.addresses,
    violations: account.violations,
  };
}

function addressOf({ address }: PeerInfo): string {
  return asciiLine(address, MAX_ADDRESS);
}

/** The port in `host:port`; undefined if there is none, as in an I2P address. */
function portIn(address: string): number | undefined {
  const port = Number(/:(\d{1,5})$/.exec(address)?.[1]);
  return port > 0 ? port : undefined;
}
