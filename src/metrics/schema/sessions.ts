import { type CountColumn, type Series, column } from '../schema-types';
import { COMMAND_COUNTS, type CommandColumn } from '../sessions/session-commands';

/** The columns of a connection for the commands that matter. */
const perSessionCommand = Object.fromEntries(
  COMMAND_COUNTS.map(({ column: name, command, isReceived, unit }) => [
    name,
    column(
      'int',
      'count',
      unit,
      `${unit === 'bytes' ? 'Bytes' : 'Messages'} ${isReceived ? 'received' : 'sent'} as \`${command}\``,
    ),
  ]),
) as Record<CommandColumn, CountColumn>;

export const peer_sessions = {
  help: 'Connections that have ended: those of the listener, and peers that a watched node no longer has. What a peer says of itself is a claim. Over a whole run the sums of `bytes_recv`, `bytes_sent` and of the messages are those of `bandwidth`, `msg_recv` and `msg_sent`.',
  when: 'of the listener, when a connection ends on which a byte has passed, when the program stops at the latest; of a watched node, when a peer is missing in its list for the first time, with the columns that it tells',
  tags: {},
  columns: {
    address: column('string', 'fact', '', 'Address of the peer, host:port'),
    address_network: column(
      'string',
      'fact',
      '',
      'Network of the address: ipv4, ipv6, onion, i2p, cjdns or not_publicly_routable',
    ),
    is_inbound: column('bool', 'fact', '', 'Whether the peer dialled the node'),
    user_agent: column('string', 'fact', '', 'User agent, cut to 64 printable characters'),
    bytes_recv: column(
      'int',
      'fact',
      'bytes',
      'Bytes from the peer; of a watched node, when it was listed last',
    ),
    bytes_sent: column(
      'int',
      'fact',
      'bytes',
      'Bytes to the peer; of a watched node, when it was listed last',
    ),
    duration: column(
      'int',
      'fact',
      's',
      'Time from its opening until its end; of a watched node, from its connection until it was missing',
    ),
    session: column(
      'int',
      'fact',
      '',
      'Number of the connection in its run; `session_messages` has the same number',
    ),
    port: column('int', 'fact', '', 'Port of the address'),
    netgroup: column(
      'string',
      'fact',
      '',
      'Netgroup of the address, which one party is likely to own: /16 of IPv4, /32 of IPv6, four bits of a key',
    ),
    asn: column('int', 'fact', '', 'With `--asmap`: number of the autonomous system of the address'),
    labels: column(
      'string',
      'fact',
      '',
      'Names of the lists of `--label` that have the address, with commas between',
    ),
    transport: column('string', 'fact', '', 'v1, or v2: encrypted (BIP324)'),
    version: column('int', 'fact', '', 'Protocol version'),
    services: column('string', 'fact', '', 'The 64 service bits, as 16 hexadecimal digits'),
    relay: column('bool', 'fact', '', 'Whether the peer wants transactions (BIP37)'),
    start_height: column('int', 'fact', 'blocks', 'Height that the peer claimed at its handshake'),
    height: column('int', 'fact', 'blocks', 'Height of the last block that the peer announced'),
    time_offset: column('int', 'fact', 's', 'How far its clock was ahead of ours at its handshake'),
    is_established: column('bool', 'fact', '', 'Whether its handshake was complete'),
    reason: column('string', 'fact', '', 'Why it ended, by the names of `rejects`'),
    msg_recv: column('int', 'count', 'messages', 'Messages from the peer'),
    msg_sent: column('int', 'count', 'messages', 'Messages to the peer'),
    inv_first: column(
      'int',
      'count',
      'items',
      'Transactions and blocks that it announced by `inv` before any other peer',
    ),
    inv_later: column(
      'int',
      'count',
      'items',
      'Those that it announced by `inv` after another peer, or again',
    ),
    blocks_announced: column('int', 'count', 'blocks', 'Announcements of blocks, by any message'),
    requested: column('int', 'count', 'items', 'Transactions and blocks that it was asked for'),
    undelivered: column(
      'int',
      'count',
      'items',
      'Of these, items that it had not sent when the connection ended; items that it sent unasked reduce the number',
    ),
    ping_least: column('float', 'fact', 'ms', 'The shortest round trip time'),
    ping_median: column('float', 'fact', 'ms', 'Median of the last 31 round trip times'),
    fee_filter: column('float', 'fact', 'sat/vB', 'The least feerate that the peer wanted (BIP133)'),
    addrs_told: column('int', 'count', 'addresses', 'Addresses of nodes that it sent'),
    violations: column('int', 'count', 'violations', 'Breaches of the protocol'),
    spy_score: column(
      'int',
      'fact',
      '',
      'How much its behaviour looked like that of a spy, 0 to 100: 40 for the first of the reasons, 20 for each other',
    ),
    spy_reasons: column(
      'string',
      'fact',
      '',
      'The reasons, with commas between: netgroup (5 or more connections of it at a time), silent (no announcement in 10 minutes, or in 2 hours if it wants no transactions), undelivered (more than half of at least 20 requests), agents (5 or more connections with one user agent and odd services)',
    ),
    merged: column(
      'int',
      'count',
      'connections',
      'On a point without an address: how many inbound connections without a handshake it sums up, those beyond 100 in an interval',
    ),
  },
  anchors: ['address', 'merged'],
} as const satisfies Series;

export const session_messages = {
  help: 'Messages of connections of the listener that have ended, of the commands that matter, received and sent. Over a whole run their sums are those of `msg_recv`, `msg_sent` and their bytes.',
  when: 'with each point of `peer_sessions` about the listener',
  tags: {},
  columns: {
    session: column(
      'int',
      'fact',
      '',
      'Number of the connection in its run, as in `peer_sessions`; left out of a sum of several',
    ),
    address: column('string', 'fact', '', 'Address of the peer, host:port; left out of a sum of several'),
    ...perSessionCommand,
  },
  anchors: ['recv_inv'],
} as const satisfies Series;
