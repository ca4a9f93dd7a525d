import { type Series, column } from '../schema-types';
import { perInterval } from './when';

export const peers = {
  help: 'Peers: gauges of the pool, and one point for each handshake with what the peer claims of itself.',
  when: `${perInterval}, with the gauges; another at each handshake, with the claims`,
  tags: {
    user_agent: {
      help: 'On handshake points: the peer’s user agent, cut to 64 printable characters; `other` after 200 distinct values (`--max-user-agents`).',
    },
  },
  columns: {
    total_connected: column('int', 'gauge', 'peers', 'Peers with a completed handshake'),
    outbound: column('int', 'gauge', 'peers', 'Of these, outbound: we dialled them'),
    inbound: column('int', 'gauge', 'peers', 'Of these, inbound: they dialled us'),
    spv: column('int', 'gauge', 'peers', 'Of these, claiming neither NETWORK nor NETWORK_LIMITED'),
    fullnode: column('int', 'gauge', 'peers', 'Of these, claiming NETWORK or NETWORK_LIMITED'),
    num_addrs: column(
      'int',
      'gauge',
      'addresses',
      'With `--join` or `--listen`, and of a watched Core: known addresses of nodes',
    ),
    addrs_tried: column(
      'int',
      'gauge',
      'addresses',
      'Of a watched Core: those of them that it was connected to before',
    ),
    addrs_ipv4: column('int', 'gauge', 'addresses', 'Of a watched Core: those of IPv4'),
    addrs_ipv6: column('int', 'gauge', 'addresses', 'Of a watched Core: those of IPv6'),
    addrs_onion: column('int', 'gauge', 'addresses', 'Of a watched Core: those of Tor'),
    addrs_i2p: column('int', 'gauge', 'addresses', 'Of a watched Core: those of I2P'),
    addrs_cjdns: column('int', 'gauge', 'addresses', 'Of a watched Core: those of CJDNS'),
    num_banned: column(
      'int',
      'gauge',
      'addresses',
      'Addresses that are banned for a day because a peer misbehaved; of a watched Core all that it has banned',
    ),
    ipv4: column('int', 'gauge', 'peers', 'Peers with a public IPv4 address'),
    ipv6: column('int', 'gauge', 'peers', 'Peers with a public IPv6 address'),
    onion: column('int', 'gauge', 'peers', 'Peers over Tor, as far as their address shows it'),
    i2p: column('int', 'gauge', 'peers', 'Peers over I2P, as far as their address shows it'),
    cjdns: column('int', 'gauge', 'peers', 'Peers over CJDNS'),
    not_publicly_routable: column('int', 'gauge', 'peers', 'Peers of this machine and of private networks'),
    netgroups: column(
      'int',
      'gauge',
      'netgroups',
      'Different netgroups of peers with a public address: /16 of IPv4, /32 of IPv6',
    ),
    largest_netgroup: column('int', 'gauge', 'peers', 'Peers in the largest netgroup'),
    netgroup_entropy: column(
      'float',
      'gauge',
      'bits',
      'Shannon entropy of the peers over netgroups: 0 if all are in one, log2(n) if n peers are in n netgroups',
    ),
    autonomous_systems: column(
      'int',
      'gauge',
      'autonomous systems',
      'With `--asmap`: different autonomous systems of peers with a public address',
    ),
    largest_as: column('int', 'gauge', 'peers', 'With `--asmap`: peers in the largest autonomous system'),
    as_entropy: column(
      'float',
      'gauge',
      'bits',
      'With `--asmap`: Shannon entropy of the peers over autonomous systems',
    ),
    encrypted: column('int', 'gauge', 'peers', 'Of these, peers with the encrypted transport (BIP324)'),
    ban_score_max: column('int', 'gauge', '', 'Of a watched node: the highest ban score of a peer'),
    ping_p50: column('float', 'gauge', 'ms', 'Of a watched node: the median round trip time of its peers'),
    time_offset_p50: column(
      'float',
      'gauge',
      's',
      'How far the clocks of the peers were ahead of ours at their handshakes, median; of a watched node, ahead of its own',
    ),
    time_offset_max: column(
      'float',
      'gauge',
      's',
      'The same for the peer whose clock differs most; negative if it is behind',
    ),
    fee_filter_min: column(
      'float',
      'gauge',
      'sat/vB',
      'The least feerate that a peer wants (`feefilter`, BIP133), of the peer that wants the least; peers without a `feefilter` are left out',
    ),
    fee_filter_p50: column('float', 'gauge', 'sat/vB', 'The same, median of the peers'),
    fee_filter_p90: column('float', 'gauge', 'sat/vB', 'The same, 90th percentile'),
    fee_filter_low: column(
      'int',
      'gauge',
      'peers',
      'Peers that want transactions below 1 sat/vB; left out if no peer sent a `feefilter`',
    ),
    version: column('int', 'fact', '', 'At a handshake: protocol version that the peer claims'),
    services: column(
      'string',
      'fact',
      '',
      'At a handshake: the 64 service bits that the peer claims, as 16 hexadecimal digits',
    ),
    start_height: column('int', 'fact', 'blocks', 'At a handshake: height that the peer claims'),
    relay: column('bool', 'fact', '', 'At a handshake: whether the peer wants transactions (BIP37)'),
    transport: column('string', 'fact', '', 'At a handshake: v1, or v2: encrypted (BIP324)'),
    asn: column(
      'int',
      'fact',
      '',
      'At a handshake, with `--asmap`: number of the autonomous system of the peer’s address',
    ),
  },
  anchors: ['total_connected', 'version'],
} as const satisfies Series;

export const peer_labels = {
  help: 'Peers whose address is in a list of `--label`.',
  when: `${perInterval}, for each name of such a list`,
  tags: { label: { help: 'A name of `--label`; there are at most 30.' } },
  columns: {
    connected: column('int', 'gauge', 'peers', 'Of the peers with a completed handshake, those in the list'),
  },
  anchors: ['connected'],
} as const satisfies Series;

export const ping = {
  help: 'Round trip times to peers.',
  when: 'at each pong that answers a ping of ours',
  tags: {},
  columns: { rtt: column('float', 'fact', 'ms', 'Time from our ping to the pong') },
  anchors: ['rtt'],
} as const satisfies Series;

export const rejects = {
  help: 'Violations of the protocol by peers, and why connections ended.',
  when: `${perInterval}, with the totals; another for each reason that occurred in the interval`,
  tags: { reason: { help: 'On points about one reason: its name, from a fixed list.' } },
  columns: {
    total_violations: column('int', 'count', 'violations', 'Violations, all reasons together'),
    total_disconnects: column(
      'int',
      'count',
      'connections',
      'Connections that ended or were refused, all reasons together',
    ),
    violations: column('int', 'count', 'violations', 'Violations with this reason'),
    disconnects: column('int', 'count', 'connections', 'Connections that ended for this reason'),
  },
  anchors: ['total_violations', 'violations'],
} as const satisfies Series;
