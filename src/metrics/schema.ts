import type { Column, Series, ValueOf } from './schema-types';
import { addr_relay, crawls, nodes } from './schema/addresses';
import { arrivals, inv, policy_differential, propagation } from './schema/announcements';
import { block_templates, blocks, chain_tips, processed_blocks, reorgs } from './schema/blocks';
import { compact_blocks } from './schema/compact-blocks';
import { fee_error, mempool, mempool_fees } from './schema/mempool';
import { alerts, btcdmon } from './schema/monitor';
import { peer_labels, peers, ping, rejects } from './schema/peers';
import { peer_sessions, session_messages } from './schema/sessions';
import { bandwidth, msg_recv, msg_recv_bytes, msg_sent, msg_sent_bytes } from './schema/traffic';
import { double_spends, replacements, tx, tx_fees, tx_inputs, tx_outputs } from './schema/transactions';
import { btcd_lag, node_peers, node_status, tap, watch_gaps } from './schema/watched-node';

/** Tags that every point carries. */
export const COMMON_TAGS = {
  node: {
    help: 'Name of the instance that wrote the point (`--node`, default the host name), or of the node that it watches (`--watch`, `--tap`).',
  },
  network: {
    help: 'One of mainnet, testnet3, testnet4, signet, simnet, regtest; left out by `collect`, which is on no network.',
  },
} as const;

/**
 * THE SCHEMA. Every series that this program writes stands here once, in the order of docs/series.md. The
 * files of `schema/` declare them. The types of points, the line protocol, the tables of the embedded store,
 * `btcdmon-node series`, docs/series.md and the checks of queries all come from it. The compiler refuses a
 * name that stands here twice.
 */
export const SCHEMA = {
  bandwidth,
  blocks,
  processed_blocks,
  block_templates,
  reorgs,
  mempool,
  mempool_fees,
  fee_error,
  msg_recv,
  msg_sent,
  msg_recv_bytes,
  msg_sent_bytes,
  peers,
  peer_labels,
  tx,
  tx_inputs,
  tx_outputs,
  tx_fees,
  double_spends,
  replacements,
  inv,
  propagation,
  policy_differential,
  compact_blocks,
  addr_relay,
  nodes,
  crawls,
  ping,
  rejects,
  node_status,
  node_peers,
  arrivals,
  peer_sessions,
  session_messages,
  chain_tips,
  btcd_lag,
  watch_gaps,
  tap,
  btcdmon,
  alerts,
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
