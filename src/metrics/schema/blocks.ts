import { type Series, column } from '../schema-types';

export const blocks = {
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
} as const satisfies Series;

export const processed_blocks = {
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
} as const satisfies Series;

export const block_templates = {
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
} as const satisfies Series;

export const reorgs = {
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
} as const satisfies Series;

export const chain_tips = {
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
} as const satisfies Series;
