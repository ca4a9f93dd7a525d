import { type Series, column } from '../schema-types';
import { perInterval } from './when';

export const node_status = {
  help: 'The health of a watched node, and what asking it cost.',
  when: `${perInterval}, for each node of \`--watch\``,
  tags: {},
  columns: {
    is_up: column('bool', 'gauge', '', 'Whether the node answers its RPC'),
    uptime: column('int', 'gauge', 's', 'Time since the start of the node'),
    version: column('int', 'gauge', '', 'Version of the node, such as 260000 for btcd 0.26.0'),
    height: column('int', 'gauge', 'blocks', 'Height of its best block'),
    headers: column('int', 'gauge', 'blocks', 'Height of its best header'),
    difficulty: column('float', 'gauge', '', 'Difficulty of its best block'),
    progress: column('float', 'gauge', '', 'Part of the chain that it has validated, 0 to 1 (Core)'),
    is_initial_download: column('bool', 'gauge', '', 'Whether it loads the chain (Core)'),
    warnings: column('int', 'gauge', 'warnings', 'Warnings that it reports'),
    warning: column('string', 'gauge', '', 'The first of them'),
    rpc_calls: column('int', 'count', 'calls', 'Calls of its RPC'),
    rpc_failed: column('int', 'count', 'calls', 'Of these, calls that failed'),
    rpc_time: column('float', 'count', 'ms', 'Time that the calls took, all together'),
    rpc_latency: column('float', 'gauge', 'ms', 'Median of the times of the calls'),
    rpc_longest: column('float', 'gauge', 'ms', 'The longest time of a call'),
    missed_tx: column(
      'int',
      'count',
      'transactions',
      'Accepted transactions that the monitor could not ask for: they had left, or were too many',
    ),
    missed_fees: column(
      'int',
      'count',
      'transactions',
      'Accepted transactions that left before their fee was learnt, or were too many',
    ),
    missed_blocks: column('int', 'count', 'blocks', 'Blocks of its chain that the monitor could not ask for'),
  },
  anchors: ['is_up'],
} as const satisfies Series;

export const node_peers = {
  help: 'The peers of a watched node (getpeerinfo). What a peer says of itself is a claim.',
  when: 'once a minute for each peer',
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
    connection_type: column('string', 'fact', '', 'The type of the connection, by Core’s names (Core)'),
    user_agent: column('string', 'fact', '', 'User agent'),
    version: column('int', 'fact', '', 'Protocol version'),
    services: column('string', 'fact', '', 'The 64 service bits, as 16 hexadecimal digits'),
    start_height: column('int', 'fact', 'blocks', 'Height that the peer claimed at its handshake'),
    height: column('int', 'gauge', 'blocks', 'Height of the last block that the peer is known to have'),
    bytes_recv: column('int', 'gauge', 'bytes', 'Bytes from the peer since it connected'),
    bytes_sent: column('int', 'gauge', 'bytes', 'Bytes to the peer since it connected'),
    ping: column('float', 'gauge', 'ms', 'The last round trip time'),
    ban_score: column('int', 'gauge', '', 'Ban score (btcd)'),
    fee_filter: column('float', 'gauge', 'sat/vB', 'The least feerate that the peer wants'),
    time_offset: column('int', 'gauge', 's', 'How far its clock is ahead of the node’s'),
    transport: column('string', 'fact', '', 'v1, or v2: encrypted (BIP324)'),
    age: column('int', 'gauge', 's', 'Time since it connected'),
  },
  anchors: ['address'],
} as const satisfies Series;

export const btcd_lag = {
  help: 'The two clocks: how much later than the listener a watched node had a transaction or block. Negative times mean that the node was first.',
  when: `${perInterval}, about the transactions that both had; another for each block that both had`,
  tags: { kind: { help: '`tx` or `block`.' } },
  columns: {
    matched: column('int', 'count', 'transactions', 'Transactions that the listener and the node had'),
    ahead: column('int', 'count', 'transactions', 'Of these, transactions that the node had first'),
    p50: column(
      'float',
      'gauge',
      'ms',
      'Time from the first announcement to the listener until the node accepted it, median',
    ),
    p90: column('float', 'gauge', 'ms', 'The same, 90th percentile'),
    announced_p50: column(
      'float',
      'gauge',
      'ms',
      'Time from the acceptance by the node until it announced it to the listener, median',
    ),
    announced_p90: column('float', 'gauge', 'ms', 'The same, 90th percentile'),
    lag: column(
      'float',
      'fact',
      'ms',
      'Of a block: time from the first announcement to the listener until the node connected it',
    ),
    announce_lag: column(
      'float',
      'fact',
      'ms',
      'Of a block: time until the node announced it to the listener, since it connected it',
    ),
    sha: column('string', 'fact', '', 'Of a block: its hash'),
  },
  anchors: ['matched', 'sha'],
} as const satisfies Series;

export const watch_gaps = {
  help: 'Gaps: times for which reports of a watched node are missing. The monitor has asked for everything that it could still ask for.',
  when: 'at the end of a gap',
  tags: { source: { help: '`rpc`, `notifications` or `tap`.' } },
  columns: {
    duration: column('float', 'fact', 'ms', 'Length of the gap'),
    reason: column('string', 'fact', '', 'Why reports are missing'),
  },
  anchors: ['duration'],
} as const satisfies Series;

export const tap = {
  help: 'Connections of a watched node that pass through the tap (`btcdmon-node tap`, `--tap`), or that are in a capture.',
  when: perInterval,
  tags: {},
  columns: {
    inbound: column('int', 'gauge', 'connections', 'Open connections that peers dialled'),
    outbound: column('int', 'gauge', 'connections', 'Open connections that the node dialled'),
    opaque: column(
      'int',
      'gauge',
      'connections',
      'Of these, encrypted or of another protocol: their bytes are counted and not read',
    ),
    bytes_recv: column('int', 'counter', 'bytes', 'Bytes from peers to the node'),
    bytes_sent: column('int', 'counter', 'bytes', 'Bytes from the node to peers'),
    skipped_bytes: column(
      'int',
      'counter',
      'bytes',
      'Of these, bytes that were passed on and not read, because reading was too slow; for a capture, bytes that it lacks',
    ),
    unread_bytes: column('int', 'counter', 'bytes', 'Of these, other bytes that belong to no whole message'),
    missing_messages: column(
      'int',
      'counter',
      'messages',
      'Messages that are missing because of skipped bytes, at least: one for each place where bytes were skipped',
    ),
    opaque_bytes: column('int', 'counter', 'bytes', 'Of these, bytes of opaque connections'),
    missed: column('int', 'counter', 'connections', 'Connections whose bytes were not read'),
    refused: column('int', 'counter', 'connections', 'Connections that were refused'),
  },
  anchors: ['bytes_recv'],
} as const satisfies Series;
