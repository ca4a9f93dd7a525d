import { type Series, column } from '../schema-types';

export const tx = {
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
    non_standard_reason: column('string', 'fact', '', 'The reason if it is not; left out if it is standard'),
    sha: column('string', 'fact', '', 'txid'),
  },
  anchors: ['sha'],
} as const satisfies Series;

export const tx_inputs = {
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
    non_standard_reason: column('string', 'fact', '', 'The reason if it is not; left out if it is standard'),
  },
  anchors: ['sig_script_len'],
} as const satisfies Series;

export const tx_outputs = {
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
} as const satisfies Series;

export const tx_fees = {
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
} as const satisfies Series;

export const double_spends = {
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
} as const satisfies Series;

export const replacements = {
  help: 'Replacements by fee (BIP125): a relayed transaction that took the place of others in the relay view, because it spends an output that they spend.',
  when: 'at each relayed transaction that replaces others',
  tags: {},
  columns: {
    tx_id: column('string', 'fact', '', 'txid of the new transaction'),
    replaced: column('string', 'fact', '', 'txid of the transaction that it replaced, the first of several'),
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
} as const satisfies Series;
