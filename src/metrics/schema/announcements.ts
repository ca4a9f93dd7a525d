import { CLIENT_FAMILIES, FAMILY_NAMES, type FamilyColumn } from '../client-families';
import { type CountColumn, type Series, column } from '../schema-types';
import { perInterval } from './when';

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

export const inv = {
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
} as const satisfies Series;

export const propagation = {
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
} as const satisfies Series;

export const policy_differential = {
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
} as const satisfies Series;

export const arrivals = {
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
} as const satisfies Series;
