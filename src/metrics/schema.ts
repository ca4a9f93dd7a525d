import { COUNTED_COMMANDS, type CountedCommand } from '../wire/commands';
import { CLIENT_FAMILIES, FAMILY_NAMES, type FamilyColumn } from './client-families';
import { type BucketColumn, FEE_BUCKETS } from './fee-buckets';
import { type Column, type Series, type ValueOf, column } from './schema-types';
import { COMMAND_COUNTS, type CommandColumn } from './sessions/session-commands';

/** Tags that every point carries. */
export const COMMON_TAGS = {
  node: {
    help: 'Name of the instance that wrote the point (`--node`, default the host name), or of the node that it watches (`--watch`, `--tap`).',
  },
  network: {
    help: 'One of mainnet, testnet3, testnet4, signet, simnet, regtest; left out by `collect`, which is on no network.',
  },
} as const;

const perInterval = 'once an interval (`--interval`, default 5 s), also when nothing happened';

const perCommand = (unit: 'messages' | 'bytes', direction: string): Record<CountedCommand, CountColumn> =>
  Object.fromEntries(
    COUNTED_COMMANDS.map((command) => [
      command,
      column(
        'int',
        'count',
        unit,
        command === 'other'
          ? `${direction} under a command that is not in this list`
          : `${direction} as \`${command}\``,
      ),
    ]),
  ) as Record<CountedCommand, CountColumn>;

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

/** The columns of the buckets of the mempool by feerate. */
const perFeeBucket = Object.fromEntries(
  FEE_BUCKETS.flatMap(({ range, numTx, vsize }) => [
    [numTx, column('int', 'gauge', 'transactions', `Transactions whose chunk pays ${range} sat/vB`)],
    [vsize, column('int', 'gauge', 'vB', 'Their virtual size')],
  ]),
) as Record<BucketColumn, Column & { readonly type: 'int'; readonly kind: 'gauge' }>;

/** Columns of peers by the program that they claim to be. */
const perFamily = Object.fromEntries(
  CLIENT_FAMILIES.flatMap((family) => {
    const whose = family === 'other' ? 'other peers' : `peers that claim to be ${FAMILY_NAMES[family]}`;
    return [
      [family, column('int', 'count', 'announcements', `Announcements of those transactions by ${whose}`)],
      [
        `${family}_peers`,
        column(
          'int',
          'count',
          'announcements',
          `How many there were if each of the ${whose} had announced each`,
        ),
      ],
    ];
  }),
) as Record<FamilyColumn, CountColumn>;

const projected = 'if miners took the waiting transactions in the order of feerates and nothing else came';

type CountColumn = Column & { readonly type: 'int'; readonly kind: 'count' };

/**
 * THE SCHEMA. Every series that this program writes is declared here, once. The types of points, the line
 * protocol, the tables of the embedded store, `btcdmon-node series`, docs/series.md and the checks of queries
 * all come from it.
 */
export const SCHEMA = {
  bandwidth: {
    help: 'Bytes through the sockets of all peers since the start, headers included; of a watched node since its own start.',
    when: perInterval,
    tags: {},
    columns: {
      bytes_sent: column('int', 'counter', 'bytes', 'Bytes written to the sockets since the start'),
      bytes_recv: column('int', 'counter', 'bytes', 'Bytes read from the sockets since the start'),
      handshake_sent: column(
        'int',
        'counter',
        'bytes',
        'Of the bytes sent, those of key exchanges (BIP324): keys, garbage, terminators and version packets',
      ),
      handshake_recv: column('int', 'counter', 'bytes', 'Of the bytes received, those of key exchanges'),
      decoys_recv: column(
        'int',
        'counter',
        'bytes',
        'Of the bytes received, packets without a message (BIP324); this program sends none',
      ),
    },
    anchors: ['bytes_recv'],
  },
  blocks: {
    help: 'The best chain, from the blocks that arrived.',
    when: 'at each new best block',
    tags: {},
    columns: {
      size: column('int', 'fact', 'bytes', 'Serialized size of the block, witness included'),
      num_tx: column('int', 'fact', 'transactions', 'Transactions in the block'),
      best_height: column('int', 'gauge', 'blocks', 'Height of the block'),
      median_time: column(
        'int',
        'fact',
        's',
        'Median time of the block and its 10 ancestors (Unix time); left out until they are known',
      ),
      sha: column('string', 'fact', '', 'Hash of the block'),
    },
    anchors: ['sha'],
  },
  processed_blocks: {
    help: 'Blocks that arrived, and their status. They are checked without the outputs that they spend; `--validate full` also checks those, scripts included.',
    when: 'at each block that was judged, and again when one that waited for its parent is judged; with `--validate full` not at valid blocks that are fetched to catch up',
    tags: {},
    columns: {
      height: column('int', 'fact', 'blocks', 'Height; left out if the parent is unknown'),
      process_time: column('float', 'fact', 'ms', 'Time of its checks'),
      status: column(
        'string',
        'fact',
        '',
        'accepted, side_chain, rejected, duplicate, unrequested, or orphan: waiting for its parent',
      ),
      is_orphan: column('bool', 'fact', '', 'Whether its parent was unknown'),
      reject_code: column('int', 'fact', '', 'Of a rejected block: the code of the `reject` message (BIP61)'),
      reject_reason: column('string', 'fact', '', 'Of a rejected block: the reason, by Bitcoin Core’s names'),
      size: column('int', 'fact', 'bytes', 'Serialized size, witness included'),
      weight: column('int', 'fact', 'WU', 'Weight (BIP141)'),
      num_tx: column('int', 'fact', 'transactions', 'Transactions'),
      num_inputs: column('int', 'fact', 'inputs', 'Inputs, including the coinbase’s'),
      num_outputs: column('int', 'fact', 'outputs', 'Outputs'),
      num_unseen_tx: column(
        'int',
        'fact',
        'transactions',
        'Transactions that were never relayed to us before the block',
      ),
      sigops: column(
        'int',
        'fact',
        'sigops',
        'Cost of its signature operations (BIP141); a block may have 80,000. Those of pay-to-script-hash and of witnesses are counted by the form of each input',
      ),
      difficulty: column(
        'float',
        'fact',
        '',
        'Difficulty of its target: how many times as hard as mainnet’s easiest one',
      ),
      version: column('int', 'fact', '', 'Version, signed'),
      version_bits: column(
        'string',
        'fact',
        '',
        'Bits 0 to 12 of the version that it signals (BIP9), ascending, with commas between; left out if none',
      ),
      is_version_rolled: column(
        'bool',
        'fact',
        '',
        'Whether a bit is set that BIP320 leaves to miners, 13 to 28; left out if the version is not of BIP9’s form',
      ),
      coinbase_text: column(
        'string',
        'fact',
        '',
        'Texts that the miner wrote into the coinbase: runs of 4 printable ASCII characters or more, with a blank between; left out if there is none',
      ),
      pool: column(
        'string',
        'fact',
        '',
        'Mining pool, as in block_templates, which has only blocks of the best chain; left out of blocks that were not judged',
      ),
      total_tx_fees: column(
        'int',
        'fact',
        'sat',
        'Of a valid block: what the coinbase takes beyond the subsidy',
      ),
      unverified_inputs: column(
        'int',
        'fact',
        'inputs',
        'With `--validate full`, of a block that was connected: inputs whose scripts were not judged, those of taproot and of later witness programs',
      ),
      sha: column('string', 'fact', '', 'Hash of the block'),
      peer_addr: column('string', 'fact', '', 'Address of the peer that sent it'),
    },
    anchors: ['sha'],
  },
  block_templates: {
    help: 'Blocks of the best chain, compared with their template: the transactions of the relay view that pay most and fit into a block, if their fee is known. The comparison says little in the first hours after a start, because the relay view does not know all waiting transactions yet.',
    when: 'at each block that is accepted',
    tags: {
      pool: {
        help: 'Mining pool by an address or a tag in the coinbase, one of a fixed list of 148; else `unknown`.',
      },
    },
    columns: {
      height: column('int', 'fact', 'blocks', 'Height'),
      share: column(
        'float',
        'fact',
        '%',
        'Part of the template’s fees that the block contains; left out if the template has none',
      ),
      template_num_tx: column('int', 'fact', 'transactions', 'Transactions of the template'),
      template_fees: column('int', 'fact', 'sat', 'Their fees'),
      shared_num_tx: column('int', 'fact', 'transactions', 'Of these, those that the block contains'),
      shared_fees: column('int', 'fact', 'sat', 'Their fees'),
      missing_num_tx: column(
        'int',
        'fact',
        'transactions',
        'Transactions of the template that the block does not contain',
      ),
      missing_age_p50: column(
        'float',
        'fact',
        'ms',
        'How long these had waited, median; a miner cannot know those of the last seconds',
      ),
      prioritised_num_tx: column(
        'int',
        'fact',
        'transactions',
        'Transactions of the block that waited but were not in the template, because others pay more',
      ),
      unseen_num_tx: column(
        'int',
        'fact',
        'transactions',
        'Transactions of the block that were never relayed to us before it',
      ),
      below_min_num_tx: column(
        'int',
        'fact',
        'transactions',
        'Transactions of the block that waited, and whose chunk pays less than the policy’s minimum',
      ),
      non_standard_num_tx: column(
        'int',
        'fact',
        'transactions',
        'Transactions of the block that the policy does not call standard',
      ),
      is_empty: column('bool', 'fact', '', 'Whether it contains only its coinbase'),
      since_parent: column(
        'float',
        'fact',
        'ms',
        'Time between it and its parent by their headers, whole seconds; may be negative; left out if the parent did not arrive before it',
      ),
      time_ahead: column(
        'float',
        'fact',
        'ms',
        'How far the time of its header is ahead of our clock when it arrives; usually negative',
      ),
      sha: column('string', 'fact', '', 'Hash of the block'),
    },
    anchors: ['sha'],
  },
  reorgs: {
    help: 'Reorganisations: changes of the best chain that disconnect blocks.',
    when: 'at each reorganisation',
    tags: {},
    columns: {
      depth: column('int', 'fact', 'blocks', 'Blocks of the old chain that the new one does not contain'),
      old_tip: column('string', 'fact', '', 'Hash of the last block of the old chain'),
      new_tip: column('string', 'fact', '', 'Hash of the last block of the new chain'),
      fork_height: column('int', 'fact', 'blocks', 'Height of the last block that both chains contain'),
    },
    anchors: ['depth'],
  },
  mempool: {
    help: 'The relay view: relayed transactions that no block contains yet.',
    when: perInterval,
    tags: {},
    columns: {
      num_tx: column('int', 'gauge', 'transactions', 'Relayed transactions that no block contains'),
      num_orphans: column(
        'int',
        'gauge',
        'transactions',
        'Of these, waiting for a parent that is known to be unconfirmed and is not in the view; a watched Core counts its orphans separately',
      ),
      orphan_size: column('int', 'gauge', 'bytes', 'Of a watched Core: serialized size of its orphans'),
      size: column(
        'int',
        'gauge',
        'bytes',
        'Serialized size of the relayed transactions that no block contains',
      ),
      double_spend: column('int', 'count', 'conflicts', 'Conflicts; each is also a point of `double_spends`'),
      tx_rate_limit: column(
        'int',
        'count',
        'transactions',
        'Announced transactions that were not requested because of the limit on requests (`--tx-rate`)',
      ),
      removed_block: column(
        'int',
        'count',
        'transactions',
        'Transactions that left the relay view because a block contains them',
      ),
      removed_conflict: column(
        'int',
        'count',
        'transactions',
        'Transactions that left it because a block contains another one that spends one of the same outputs, and their descendants',
      ),
      removed_replaced: column(
        'int',
        'count',
        'transactions',
        'Transactions that left it because another relayed one that spends one of the same outputs replaced them, and their descendants',
      ),
      removed_expired: column(
        'int',
        'count',
        'transactions',
        'Transactions that left it because they waited too long for a block, and their descendants',
      ),
      removed_evicted: column(
        'int',
        'count',
        'transactions',
        'Transactions that left it because it was full and they were the oldest (`--mempool-size`), and their descendants',
      ),
      reorg_returned: column(
        'int',
        'count',
        'transactions',
        'Transactions of blocks that a reorganisation took off the best chain and that are in the relay view again',
      ),
      reorg_lost: column(
        'int',
        'count',
        'transactions',
        'Transactions of such blocks that afterwards are neither in the relay view nor in a block of the best chain: they were never relayed to us, or are in conflict with the new chain',
      ),
      min_fee: column(
        'float',
        'gauge',
        'sat/vB',
        'Of a watched node: the least feerate that enters its mempool',
      ),
      usage: column('int', 'gauge', 'bytes', 'Of a watched node: memory that its mempool takes'),
    },
    anchors: ['num_tx'],
  },
  mempool_fees: {
    help: 'The relay view by the feerate of chunks, and the blocks that it would fill. A chunk is a group of transactions that a miner takes together because some pay for others. Only transactions whose fee is known are in it; in projected blocks the others take their part of the room.',
    when: perInterval,
    tags: {},
    columns: {
      num_tx_unknown: column('int', 'gauge', 'transactions', 'Transactions whose fee is not known'),
      vsize_unknown: column('int', 'gauge', 'vB', 'Their virtual size'),
      block_1_fees: column('int', 'gauge', 'sat', `Known fees of the next block, ${projected}`),
      block_1_num_tx: column('int', 'gauge', 'transactions', 'Transactions in it whose fee is known'),
      block_1_min_rate: column('float', 'gauge', 'sat/vB', 'Least feerate in it; left out if it is empty'),
      block_2_fees: column('int', 'gauge', 'sat', 'The same for the second block'),
      block_2_num_tx: column('int', 'gauge', 'transactions', 'Transactions in the second block'),
      block_2_min_rate: column('float', 'gauge', 'sat/vB', 'Least feerate in the second block'),
      block_3_fees: column('int', 'gauge', 'sat', 'The same for the third block'),
      block_3_num_tx: column('int', 'gauge', 'transactions', 'Transactions in the third block'),
      block_3_min_rate: column('float', 'gauge', 'sat/vB', 'Least feerate in the third block'),
      rate_1: column(
        'float',
        'gauge',
        'sat/vB',
        'Feerate needed to be in the next block; if the block has room to spare, the least that the policy relays',
      ),
      rate_3: column('float', 'gauge', 'sat/vB', 'Feerate needed to be in one of the next 3 blocks'),
      rate_6: column('float', 'gauge', 'sat/vB', 'Feerate needed to be in one of the next 6 blocks'),
      rate_24: column('float', 'gauge', 'sat/vB', 'Feerate needed to be in one of the next 24 blocks'),
      num_tx_paid_for: column(
        'int',
        'gauge',
        'transactions',
        'Transactions that pay less than their chunk: others that depend on them pay for them (CPFP)',
      ),
      vsize_paid_for: column('int', 'gauge', 'vB', 'Their virtual size'),
      ...perFeeBucket,
    },
    anchors: ['num_tx_unknown'],
  },
  fee_error: {
    help: 'Estimated feerates (`mempool_fees`), compared with the blocks that came. A block that is not full needs only the least feerate that is relayed. A full block needs the feerate that 95 % of its transactions pay at least, by virtual size; only those that waited in the relay view count. Empty blocks are left out.',
    when: 'at each new best block, for each number of blocks; left out if less than half of the transactions of a block had waited in the relay view, for example soon after a start',
    tags: { blocks: { help: 'Number of blocks of the estimate: 1, 3 or 6.' } },
    columns: {
      estimate: column('float', 'fact', 'sat/vB', 'Estimated feerate, so many blocks before'),
      needed: column('float', 'fact', 'sat/vB', 'Feerate that was needed to be in one of these blocks'),
      excess: column('float', 'fact', '%', 'How much too high the estimate was; negative: too low'),
      sha: column('string', 'fact', '', 'Hash of the last of these blocks'),
    },
    anchors: ['excess'],
  },
  msg_recv: {
    help: 'Messages that arrived, per command, as a packet capture of the same port counts them.',
    when: perInterval,
    tags: {},
    columns: perCommand('messages', 'Messages received'),
    anchors: ['other'],
  },
  msg_sent: {
    help: 'Messages that were sent, per command.',
    when: perInterval,
    tags: {},
    columns: {
      ...perCommand('messages', 'Messages sent'),
      inv_known: column(
        'int',
        'count',
        'items',
        'Inventory not sent because the peer had it (always 0, because nothing is relayed)',
      ),
    },
    anchors: ['other'],
  },
  msg_recv_bytes: {
    help: 'Bytes of the messages that arrived, headers included, per command.',
    when: perInterval,
    tags: {},
    columns: perCommand('bytes', 'Bytes received'),
    anchors: ['other'],
  },
  msg_sent_bytes: {
    help: 'Bytes of the messages that were sent, headers included, per command.',
    when: perInterval,
    tags: {},
    columns: perCommand('bytes', 'Bytes sent'),
    anchors: ['other'],
  },
  peers: {
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
  },
  peer_labels: {
    help: 'Peers whose address is in a list of `--label`.',
    when: `${perInterval}, for each name of such a list`,
    tags: { label: { help: 'A name of `--label`; there are at most 30.' } },
    columns: {
      connected: column(
        'int',
        'gauge',
        'peers',
        'Of the peers with a completed handshake, those in the list',
      ),
    },
    anchors: ['connected'],
  },
  tx: {
    help: 'Relayed transactions, each once, with the verdict of the policy.',
    when: 'at each transaction received for the first time outside a block',
    tags: {},
    columns: {
      version_num: column('int', 'fact', '', 'Version of the transaction (signed, as in Core)'),
      tx_size: column('int', 'fact', 'bytes', 'Serialized size, witness included'),
      num_inputs: column('int', 'fact', 'inputs', 'Number of inputs'),
      num_outputs: column('int', 'fact', 'outputs', 'Number of outputs'),
      weight: column('int', 'fact', 'WU', 'Weight (BIP141)'),
      vsize: column('int', 'fact', 'vB', 'Virtual size: weight / 4, rounded up (BIP141)'),
      num_op_return_outs: column('int', 'fact', 'outputs', 'Number of nulldata outputs'),
      is_standard: column('bool', 'fact', '', 'Whether the policy (`--policy`) calls it standard'),
      non_standard_reason: column(
        'string',
        'fact',
        '',
        'The reason if it is not; left out if it is standard',
      ),
      sha: column('string', 'fact', '', 'txid'),
    },
    anchors: ['sha'],
  },
  tx_inputs: {
    help: 'Inputs of relayed transactions.',
    when: 'at each input of a transaction of `tx`',
    tags: {},
    columns: {
      sig_script_len: column('int', 'fact', 'bytes', 'Length of the signature script'),
      witness_size: column(
        'int',
        'fact',
        'bytes',
        'Serialized size of the input’s witness, including its item count',
      ),
      sequence_num: column('int', 'fact', '', 'Sequence number'),
      is_standard: column('bool', 'fact', '', 'Whether the policy calls the input standard'),
      non_standard_reason: column(
        'string',
        'fact',
        '',
        'The reason if it is not; left out if it is standard',
      ),
    },
    anchors: ['sig_script_len'],
  },
  tx_outputs: {
    help: 'Outputs of relayed transactions.',
    when: 'at each output of a transaction of `tx`',
    tags: {
      script_type: {
        help: 'pubkey, pubkeyhash, scripthash, multisig, nulldata, witness_v0_keyhash, witness_v0_scripthash, witness_v1_taproot, anchor, witness_unknown or nonstandard.',
      },
    },
    columns: {
      num_pubkeys: column('int', 'fact', 'keys', 'Only for bare multisig: number of public keys'),
      num_keys: column('int', 'fact', 'keys', 'Only for bare multisig: number of signatures needed'),
      size: column('int', 'fact', 'bytes', 'Length of the script'),
      value: column('int', 'fact', 'sat', 'Value'),
      is_standard: column('bool', 'fact', '', 'Whether the policy calls the output standard'),
      is_dust: column('bool', 'fact', '', 'Whether the policy calls the value dust'),
    },
    anchors: ['size'],
  },
  tx_fees: {
    help: 'Fees of those relayed transactions whose input values are all known.',
    when: 'at each relayed transaction whose fee is known, immediately or when a late parent arrives',
    tags: {},
    columns: {
      tx_fee: column('int', 'fact', 'sat', 'Fee'),
      tx_size: column('int', 'fact', 'bytes', 'Serialized size, witness included'),
      min_fee: column(
        'int',
        'fact',
        'sat',
        'Least fee at which the policy relays a transaction of its virtual size',
      ),
      fee_ratio: column('float', 'fact', '', 'tx_fee / min_fee'),
      fee_rate: column('float', 'fact', 'sat/vB', 'Fee per virtual byte'),
    },
    anchors: ['tx_fee'],
  },
  double_spends: {
    help: 'Conflicts: two different transactions, relayed or in a block, that spend one output.',
    when: 'at each transaction that spends an output which a known transaction already spends, once for each such output',
    tags: {},
    columns: {
      tx_id: column('string', 'fact', '', 'txid of the later transaction'),
      conflicts_with: column(
        'string',
        'fact',
        '',
        'txid of the earlier transaction, which was known to spend the output',
      ),
      prev_out: column('string', 'fact', '', 'The output, as txid:index'),
      fee: column('int', 'fact', 'sat', 'Fee of the later transaction, if known'),
      other_fee: column('int', 'fact', 'sat', 'Fee of the earlier transaction, if known'),
    },
    anchors: ['tx_id'],
  },
  replacements: {
    help: 'Replacements by fee (BIP125): a relayed transaction that took the place of others in the relay view, because it spends an output that they spend.',
    when: 'at each relayed transaction that replaces others',
    tags: {},
    columns: {
      tx_id: column('string', 'fact', '', 'txid of the new transaction'),
      replaced: column(
        'string',
        'fact',
        '',
        'txid of the transaction that it replaced, the first of several',
      ),
      num_replaced: column('int', 'fact', 'transactions', 'Transactions that it conflicts with'),
      num_evicted: column(
        'int',
        'fact',
        'transactions',
        'Transactions that left the relay view: those and their descendants',
      ),
      fee: column('int', 'fact', 'sat', 'Its fee, if known'),
      fee_rate: column('float', 'fact', 'sat/vB', 'Its feerate, if known'),
      evicted_fees: column('int', 'fact', 'sat', 'Fees of the transactions that left, if all are known'),
      extra_fee: column('int', 'fact', 'sat', 'How much more it pays than all of them'),
      generation: column(
        'int',
        'fact',
        'replacements',
        'Number of replacements that led to it: 1 if the transactions that it replaced had replaced none (of the last 20,000)',
      ),
      waited: column('float', 'fact', 'ms', 'How long the first one that it replaced had waited'),
    },
    anchors: ['tx_id'],
  },
  inv: {
    help: 'Inventory that peers announced, and how much of it was requested.',
    when: perInterval,
    tags: {},
    columns: {
      tx: column('int', 'count', 'items', 'Transactions announced by txid'),
      wtx: column('int', 'count', 'items', 'Transactions announced by wtxid (BIP339)'),
      block: column('int', 'count', 'items', 'Blocks announced'),
      known: column('int', 'count', 'items', 'Of these, announced or received before'),
      messages: column(
        'int',
        'count',
        'messages',
        'Messages with announcements (`inv`), malformed ones left out',
      ),
      items_1: column('int', 'count', 'messages', 'Of these messages, those with at most one item'),
      items_10: column('int', 'count', 'messages', 'Of these messages, those with 2 to 10 items'),
      items_100: column('int', 'count', 'messages', 'Of these messages, those with 11 to 100 items'),
      items_1000: column('int', 'count', 'messages', 'Of these messages, those with 101 to 1,000 items'),
      items_more: column('int', 'count', 'messages', 'Of these messages, those with more items'),
      largest: column('int', 'gauge', 'items', 'Items of the largest of these messages; 0 if there was none'),
      requested: column('int', 'count', 'items', 'Items that were requested'),
      notfound: column('int', 'count', 'items', 'Requested items that peers did not have'),
    },
    anchors: ['known'],
  },
  propagation: {
    help: 'How a transaction or a block spread over the connected peers, and how long it took to be confirmed.',
    when:
      'half a minute after the first announcement of a transaction or block (a sample of the transactions when busy); ' +
      'another point, with only `delay_confirmed` and `sha`, when it is confirmed (at least for the last 131,072 announced ids)',
    tags: { kind: { help: '`tx` or `block`.' } },
    columns: {
      first_peer: column('string', 'fact', '', 'Address of the peer that announced it first'),
      peers: column('int', 'fact', 'peers', 'Peers that announced it'),
      delay_2nd: column('float', 'fact', 'ms', 'Time from the first announcement to that of the second peer'),
      delay_p50: column(
        'float',
        'fact',
        'ms',
        'Time from the first announcement until half of the announcing peers had announced it',
      ),
      delay_p90: column(
        'float',
        'fact',
        'ms',
        'Time from the first announcement until nine tenths of them had announced it',
      ),
      delay_requested: column(
        'float',
        'fact',
        'ms',
        'Of a tapped node: time from the first announcement until the node asked a peer for it',
      ),
      delay_received: column('float', 'fact', 'ms', 'Time from the first announcement to its receipt'),
      delay_processed: column(
        'float',
        'fact',
        'ms',
        'Time from the first announcement to the end of our own checks',
      ),
      delay_relayed: column(
        'float',
        'fact',
        'ms',
        'Of a tapped node: time from the first announcement until the node announced it to a peer',
      ),
      delay_confirmed: column(
        'float',
        'fact',
        'ms',
        'Time from the first announcement to its confirmation: the end of our checks of the block (for a transaction, of the block of the best chain that contains it)',
      ),
      sha: column(
        'string',
        'fact',
        '',
        'txid or hash of the block; left out for a transaction that never arrived',
      ),
    },
    anchors: ['peers', 'delay_confirmed'],
  },
  policy_differential: {
    help: 'Transactions on which relay policies differ: at least one refuses them, and at least one knows no reason to ([why.md](why.md#relay-policies) lists the rules). Each is counted once for each policy, by what that policy does with it. Fees are those known at the receipt.',
    when: 'once an interval for each policy and rule that something happened to; not for watched nodes',
    tags: {
      policy: { help: '`btcd`, `core31`, `core29` or `knots`, with its defaults.' },
      rule: {
        help: 'The first rule that the transaction breaks, of a fixed list; `none`: it breaks none, as far as its fee is known.',
      },
    },
    columns: {
      num_tx: column(
        'int',
        'count',
        'transactions',
        'Transactions whose first announcement was half a minute ago, as far as `propagation` follows them',
      ),
      confirmed: column('int', 'count', 'transactions', 'Transactions of the kind that blocks contained'),
      ...perFamily,
    },
    anchors: ['num_tx'],
  },
  compact_blocks: {
    help: 'Compact blocks (BIP152), and how much of them was in the relay view; for each block only the first compact block that a peer sent.',
    when: 'at each compact block that was rebuilt, or replaced by a request for the whole block',
    tags: {},
    columns: {
      prefilled: column('int', 'fact', 'transactions', 'Transactions that it contained in full'),
      needless_prefills: column(
        'int',
        'fact',
        'transactions',
        'Of these, those that had been relayed to us before, without the coinbase',
      ),
      short_ids: column('int', 'fact', 'transactions', 'Transactions that it named by a short id'),
      missing: column(
        'int',
        'fact',
        'transactions',
        'Of these, not found among the relayed ones and therefore requested; left out if short ids collided',
      ),
      missing_unseen: column(
        'int',
        'fact',
        'transactions',
        'If the block was rebuilt: of the missing ones, those that were never relayed to us and are standard',
      ),
      missing_nonstandard: column(
        'int',
        'fact',
        'transactions',
        'Of the missing ones, those that were never relayed to us and that the policy (`--policy`) calls non-standard',
      ),
      missing_replaced: column(
        'int',
        'fact',
        'transactions',
        'Of the missing ones, those that had left the relay view, or not entered it, because another transaction spends one of the same outputs',
      ),
      missing_evicted: column(
        'int',
        'fact',
        'transactions',
        'Of the missing ones, those that had left it because they waited too long or because it was full',
      ),
      missing_other: column(
        'int',
        'fact',
        'transactions',
        'The rest of the missing ones: they were relayed with another witness, or left for another reason',
      ),
      bytes: column('int', 'fact', 'bytes', 'Payload size of the `cmpctblock`'),
      blocktxn_bytes: column(
        'int',
        'fact',
        'bytes',
        'Payload size of the `blocktxn` with the missing transactions; 0 if there was none',
      ),
      full_bytes: column(
        'int',
        'fact',
        'bytes',
        'Serialized size of the block, witness included; left out if it was not rebuilt',
      ),
      rebuilt: column('bool', 'fact', '', 'Whether it was rebuilt; if not, the whole block was requested'),
      rebuild_time: column(
        'float',
        'fact',
        'ms',
        'Time from the handling of its message to the rebuilt block, including the wait for missing transactions, without the search before it; left out if it was not rebuilt',
      ),
      sha: column('string', 'fact', '', 'Hash of the block'),
    },
    anchors: ['sha'],
  },
  addr_relay: {
    help: 'Addresses of nodes that peers sent (`addr`, `addrv2`). They are claims, not checked.',
    when: perInterval,
    tags: {},
    columns: {
      messages: column('int', 'count', 'messages', 'Messages with addresses'),
      entries: column('int', 'count', 'addresses', 'Addresses in them'),
      ipv4: column('int', 'count', 'addresses', 'Of these, IPv4'),
      ipv6: column('int', 'count', 'addresses', 'Of these, IPv6'),
      torv2: column('int', 'count', 'addresses', 'Of these, Tor v2, which is dead'),
      torv3: column('int', 'count', 'addresses', 'Of these, Tor v3'),
      i2p: column('int', 'count', 'addresses', 'Of these, I2P'),
      cjdns: column('int', 'count', 'addresses', 'Of these, CJDNS'),
      yggdrasil: column('int', 'count', 'addresses', 'Of these, Yggdrasil'),
      unknown: column('int', 'count', 'addresses', 'Of these, of a network that is not in BIP155'),
      rate_limited: column(
        'int',
        'count',
        'addresses',
        'Of these, ignored because they exceeded the rate at which addresses are accepted from one peer (Core’s); 0 if no network is joined',
      ),
      self_announced: column(
        'int',
        'count',
        'addresses',
        'Of these, with the address of the peer that sent it and any port',
      ),
      fresh: column('int', 'count', 'addresses', 'Of these, seen within the last day, as the sender claims'),
      month_old: column(
        'int',
        'count',
        'addresses',
        'Of these, seen more than 30 days ago, when Core gives an address up; includes `year_old`',
      ),
      year_old: column('int', 'count', 'addresses', 'Of these, seen more than 365 days ago'),
      wrong_time: column(
        'int',
        'count',
        'addresses',
        'Of these, with a time before March 1973 or more than 10 minutes ahead of our clock, which Core reads as 5 days ago; they are in no other column about ages',
      ),
      tried: column(
        'int',
        'count',
        'addresses',
        'Addresses from peers, sent at any time before, that a feeler tried (`--feelers`); each counts once',
      ),
      reachable: column('int', 'count', 'addresses', 'Of those tried, addresses that completed a handshake'),
    },
    anchors: ['messages'],
  },
  nodes: {
    help: 'The nodes that a crawl reached (`btcdmon-node crawl`): each completed a handshake. What a node says of itself is a claim.',
    when: 'at the end of a crawl, for each node that it reached',
    tags: {
      address_network: {
        help: 'Network of the address: ipv4, ipv6, onion, i2p, cjdns or not_publicly_routable.',
      },
      user_agent: {
        help: 'User agent, cut to 64 characters of printable ASCII; after `--max-user-agents` (200) distinct ones `other`. The most frequent ones come first.',
      },
    },
    columns: {
      crawl: column('int', 'fact', 's', 'When the crawl began, Unix time: the same in all points of a crawl'),
      address: column('string', 'fact', '', 'Address of the node, host:port'),
      asn: column('int', 'fact', '', 'With `--asmap`: number of the autonomous system of the address'),
      version: column('int', 'fact', '', 'Protocol version'),
      services: column('string', 'fact', '', 'The 64 service bits, as 16 hexadecimal digits'),
      told_services: column(
        'string',
        'fact',
        '',
        'The low 32 service bits that other nodes claim for it; left out if none does',
      ),
      height: column('int', 'fact', 'blocks', 'Height of its best chain'),
      behind: column(
        'int',
        'fact',
        'blocks',
        'How far that is below the height of the network; see `crawls`',
      ),
      transport: column('string', 'fact', '', 'v1, or v2: encrypted (BIP324)'),
      latency: column('float', 'fact', 'ms', 'Round trip of a ping; left out if it was not answered'),
      time_offset: column('int', 'fact', 's', 'How far its clock is ahead of ours'),
      told: column('int', 'fact', 'addresses', 'Addresses that it sent when it was asked'),
      is_new: column('bool', 'fact', '', 'Whether the last crawl did not reach it; left out without one'),
    },
    anchors: ['address'],
  },
  crawls: {
    help: 'Crawls of the network: how many addresses were known and tried, and which nodes were reached.',
    when: 'at the end of a crawl',
    tags: {},
    columns: {
      crawl: column('int', 'fact', 's', 'When it began, Unix time'),
      duration: column(
        'float',
        'fact',
        's',
        'How long it took, including the time between a kill and the next start',
      ),
      known: column(
        'int',
        'gauge',
        'addresses',
        'Addresses that were known, of networks that can be dialled',
      ),
      excluded: column('int', 'gauge', 'addresses', 'Of these, not visited (`--exclude`)'),
      dropped: column(
        'int',
        'gauge',
        'addresses',
        'Further addresses that were ignored, counted each time: a million was known, or 512 of their /24 (IPv4) or /64 (IPv6)',
      ),
      tried: column('int', 'gauge', 'addresses', 'Addresses that were dialled'),
      reachable: column('int', 'gauge', 'nodes', 'Nodes that completed a handshake'),
      ipv4: column('int', 'gauge', 'nodes', 'Of these, with a public IPv4 address'),
      ipv6: column('int', 'gauge', 'nodes', 'Of these, with a public IPv6 address'),
      onion: column('int', 'gauge', 'nodes', 'Of these, over Tor'),
      i2p: column('int', 'gauge', 'nodes', 'Of these, over I2P'),
      cjdns: column('int', 'gauge', 'nodes', 'Of these, over CJDNS'),
      not_publicly_routable: column(
        'int',
        'gauge',
        'nodes',
        'Of these, of this machine and private networks',
      ),
      encrypted: column('int', 'gauge', 'nodes', 'Of these, reached by the encrypted transport (BIP324)'),
      claims_encrypted: column('int', 'gauge', 'nodes', 'Of these, claiming that transport'),
      full: column('int', 'gauge', 'nodes', 'Of these, claiming NETWORK: all blocks'),
      pruned: column('int', 'gauge', 'nodes', 'Of these, claiming NETWORK_LIMITED alone: the latest blocks'),
      other_services: column(
        'int',
        'gauge',
        'nodes',
        'Of these, with other service bits than other nodes claim for them',
      ),
      height: column(
        'int',
        'gauge',
        'blocks',
        'Height of the network: nine in ten nodes claim no more, so a few liars don’t change it',
      ),
      behind: column('int', 'gauge', 'nodes', 'Of these, more than 2 blocks below that height'),
      autonomous_systems: column(
        'int',
        'gauge',
        '',
        'With `--asmap`: different autonomous systems of the nodes',
      ),
      largest_as: column('int', 'gauge', 'nodes', 'With `--asmap`: nodes in the largest one'),
      as_entropy: column(
        'float',
        'gauge',
        'bits',
        'With `--asmap`: Shannon entropy of the autonomous systems; n bits are as diverse as 2^n systems of equal size',
      ),
      netgroups: column('int', 'gauge', '', 'Different netgroups of the nodes (/16 of IPv4, /32 of IPv6)'),
      largest_netgroup: column('int', 'gauge', 'nodes', 'Nodes in the largest one'),
      latency_p50: column('float', 'gauge', 'ms', 'Round trip of a ping: median of the nodes'),
      latency_p90: column('float', 'gauge', 'ms', 'Round trip of a ping: 90th percentile of the nodes'),
      joined: column(
        'int',
        'gauge',
        'nodes',
        'Nodes that the last crawl did not reach; left out without one',
      ),
      departed: column('int', 'gauge', 'nodes', 'Nodes that the last crawl reached and this one did not'),
    },
    anchors: ['reachable'],
  },
  ping: {
    help: 'Round trip times to peers.',
    when: 'at each pong that answers a ping of ours',
    tags: {},
    columns: { rtt: column('float', 'fact', 'ms', 'Time from our ping to the pong') },
    anchors: ['rtt'],
  },
  rejects: {
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
  },
  node_status: {
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
      missed_blocks: column(
        'int',
        'count',
        'blocks',
        'Blocks of its chain that the monitor could not ask for',
      ),
    },
    anchors: ['is_up'],
  },
  node_peers: {
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
  },
  arrivals: {
    help: 'Which peer announced what and when, for research: each peer’s first announcement of each block, and of a sample of the transactions.',
    when: 'with `--arrivals`: when a peer announces a block for the first time within 10 minutes of the first announcement, or a transaction of the sample (`--arrivals-sample`) within one minute; at most 32 blocks and 64 transactions are followed at a time',
    tags: { kind: { help: '`tx` or `block`.' } },
    columns: {
      sha: column(
        'string',
        'fact',
        '',
        'Hash of the block; for a transaction the id that was announced: wtxid or txid',
      ),
      is_wtxid: column('bool', 'fact', '', 'For a transaction: whether this id is the wtxid'),
      delay: column(
        'float',
        'fact',
        'ms',
        'Time since the first announcement by any peer; 0 for the first one',
      ),
      address: column('string', 'fact', '', 'Address of the peer, host:port'),
      address_network: column(
        'string',
        'fact',
        '',
        'Network of the address: ipv4, ipv6, onion, i2p, cjdns or not_publicly_routable',
      ),
      netgroup: column('string', 'fact', '', 'Netgroup of the address'),
      asn: column('int', 'fact', '', 'With `--asmap`: number of the autonomous system of the address'),
      is_inbound: column('bool', 'fact', '', 'Whether the peer dialled the node'),
    },
    anchors: ['sha'],
  },
  peer_sessions: {
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
  },
  session_messages: {
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
  },
  chain_tips: {
    help: 'The ends of all branches of the chain: those that a watched node knows (getchaintips); those of the last 2,016 heights whose headers came to the listener, the 100 highest beside the best chain.',
    when: 'for each tip: of a watched node at the start, after each block and once a minute; of the listener at the end of an interval in which a header or block came',
    tags: {
      status: {
        help: 'active, valid-fork, valid-headers, headers-only or invalid; `other` for another word of the node. Of the listener, valid-fork means that all blocks of the branch came and are valid.',
      },
    },
    columns: {
      height: column('int', 'gauge', 'blocks', 'Height of the tip'),
      branch_length: column(
        'int',
        'gauge',
        'blocks',
        'Blocks since the branch left the active chain; 0 for the active one',
      ),
      stale_rate: column(
        'float',
        'gauge',
        '%',
        'Only the listener, at the active tip: share of the blocks of other branches in all of the last 2,016 heights, invalid ones left out',
      ),
      sha: column('string', 'fact', '', 'Hash of the tip'),
    },
    anchors: ['sha'],
  },
  btcd_lag: {
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
  },
  watch_gaps: {
    help: 'Gaps: times for which reports of a watched node are missing. The monitor has asked for everything that it could still ask for.',
    when: 'at the end of a gap',
    tags: { source: { help: '`rpc`, `notifications` or `tap`.' } },
    columns: {
      duration: column('float', 'fact', 'ms', 'Length of the gap'),
      reason: column('string', 'fact', '', 'Why reports are missing'),
    },
    anchors: ['duration'],
  },
  tap: {
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
      unread_bytes: column(
        'int',
        'counter',
        'bytes',
        'Of these, other bytes that belong to no whole message',
      ),
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
  },
  btcdmon: {
    help: 'The monitor itself: its health, the points that it emitted, and what became of them.',
    when: `${perInterval}: one point for the process, one for each series, one for each exporter; another when the system’s clock is set`,
    tags: {
      series: { help: 'On points about a series: its name.' },
      exporter: {
        help: 'On points about an exporter: its name, `duckdb`, `influx+udp`, … (with #2, #3 for further exporters of one kind).',
      },
    },
    columns: {
      started: column('int', 'gauge', 'ms', 'When this run started (Unix time); tells runs apart'),
      clock_step: column(
        'int',
        'gauge',
        'ms',
        'On a separate point, the first after the clock was set: by how much; negative means back',
      ),
      clock_steps: column(
        'int',
        'counter',
        'steps',
        'On the same point: how often the clock was set since the start',
      ),
      loop_lag_p99: column(
        'float',
        'gauge',
        'ms',
        'Delay of the event loop, 99th percentile over the moments of the interval; at least the time by which the interval was late',
      ),
      stalled: column(
        'int',
        'counter',
        'ms',
        'Total time that the event loop stalled: the longest delay of each interval, where that is a second or more',
      ),
      rss: column('int', 'gauge', 'bytes', 'Resident memory'),
      cpu: column('float', 'gauge', '%', 'Processor time used in the interval, 100 = one core'),
      fees_known: column(
        'float',
        'gauge',
        '%',
        'Share of the transactions of the relay view whose fee is known',
      ),
      log_dropped: column(
        'int',
        'counter',
        'lines',
        'Lines of the log that could not be written to standard error, because its reader stalled or is gone, or the disk is full',
      ),
      received: column('int', 'counter', 'points', 'Only `collect`: points received from senders'),
      refused: column('int', 'counter', 'lines', 'Only `collect`: lines that were refused'),
      senders: column('int', 'gauge', 'connections', 'Only `collect`: connected senders'),
      emitted: column(
        'int',
        'counter',
        'points',
        'Per series: points emitted before this one, since the start',
      ),
      shed: column(
        'int',
        'counter',
        'points',
        'Per series: points that were not made because their peer’s budget was used up; they do not count as emitted',
      ),
      sent: column('int', 'counter', 'points', 'Per exporter: points handed to the transport'),
      acked: column(
        'int',
        'counter',
        'points',
        'Per exporter: points that the receiver confirmed (never over UDP)',
      ),
      dropped: column(
        'int',
        'counter',
        'points',
        'Per exporter: points given up, because the queue was full or they could not be written',
      ),
      damaged: column(
        'int',
        'counter',
        'points',
        'Per exporter with a store or a spool: points lost on disk because their bytes were damaged, a lower bound; those of a spool also count as dropped',
      ),
      queued: column('int', 'gauge', 'points', 'Per exporter: points that wait'),
      retried: column('int', 'counter', 'batches', 'Per exporter: attempts that failed and were made again'),
      spooled: column(
        'int',
        'gauge',
        'points',
        'Per exporter with a spool: points that wait on disk, also across restarts',
      ),
    },
    anchors: ['rss', 'emitted', 'sent', 'clock_step'],
  },
  alerts: {
    help: 'Alerts that the monitor evaluated itself on its embedded store (docs/alerts.md).',
    when: 'when an alert fires, and when it is cleared',
    tags: {
      alert: { help: 'Name of the alert: `no-peers`, `points-lost`, …' },
      severity: { help: '`critical` or `warning`.' },
    },
    columns: {
      is_firing: column('bool', 'fact', '', 'Whether it fires; false when it is cleared'),
      about: column(
        'string',
        'fact',
        '',
        'Name of the node that the alert is about; left out if there are no points at all',
      ),
      about_network: column('string', 'fact', '', 'Network of that node'),
      exporter: column('string', 'fact', '', 'Name of the exporter, if the alert is about one'),
      reason: column(
        'string',
        'fact',
        '',
        'Why it fires, with the measured values; if cleared, the last reason',
      ),
      duration: column('float', 'fact', 's', 'If cleared: how long it fired'),
    },
    anchors: ['is_firing'],
  },
} as const satisfies Record<string, Series>;

export type SeriesName = keyof typeof SCHEMA;

/** Every series, in the order of the schema. */
export const SERIES_NAMES = Object.keys(SCHEMA) as readonly SeriesName[];

/** The columns that a point of series `S` may have. A column whose value is unknown is left out. */
export type FieldsOf<S extends SeriesName> = {
  -readonly [C in keyof (typeof SCHEMA)[S]['columns']]?:
    | ((typeof SCHEMA)[S]['columns'][C] extends { readonly type: infer T extends Column['type'] }
        ? ValueOf<T>
        : never)
    | undefined;
};

/** The tags that a point of series `S` may have in addition to the common ones. */
export type TagsOf<S extends SeriesName> = { readonly [T in keyof (typeof SCHEMA)[S]['tags']]?: string };

/** The declaration of a series, for code that treats all series alike. */
export function seriesOf(name: SeriesName): Series {
  return SCHEMA[name];
}

export function isSeries(name: string): name is SeriesName {
  return Object.hasOwn(SCHEMA, name);
}

/** Names of the tags of a series, the common ones first. Stores and lines use this order. */
export function tagNames(name: SeriesName): readonly string[] {
  return [...Object.keys(COMMON_TAGS), ...Object.keys(SCHEMA[name].tags)];
}

/** Names of the columns of a series, in the order of the schema. */
export function columnNames(name: SeriesName): readonly string[] {
  return Object.keys(SCHEMA[name].columns);
}
