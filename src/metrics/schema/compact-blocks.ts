import { type Series, column } from '../schema-types';

export const compact_blocks = {
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
} as const satisfies Series;
