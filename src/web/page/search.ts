/** What a text names, and the statement that finds it in the store. */
export interface Search {
  readonly what: string;
  readonly sql: string;
}

const HASH = /^[0-9a-f]{64}$/i;
/** `900000`, or as people and this page write it: `900,000`. */
const HEIGHT = /^(?:\d{1,8}|\d{1,3}(?:[ ,\u00a0\u202f]\d{3}){1,2})$/;

/** `192.0.2.1:8333`, `[2001:db8::1]:8333`, `name.onion:8333`. */
const ADDRESS = /^(?:\[[0-9a-f:.%\w]+\]|[\w.-]+):\d{1,5}$/i;

const BLOCK = `concat('height ', height, ', ', status, ', ', num_tx, ' transactions, ', size, ' bytes, from ', peer_addr)`;

/** The search for a txid, a block, a height or a peer; null for any other text. */
export function searchOf(text: string): Search | null {
  const bare = text.trim();
  if (HASH.test(bare)) return { what: 'Transaction or block', sql: ofHash(quoted(bare.toLowerCase())) };
  const height = bare.replaceAll(/\D/g, '');
  if (HEIGHT.test(bare)) return { what: `Block ${height}`, sql: ofHeight(height) };
  return ADDRESS.test(bare)
    ? { what: `Peer ${bare}`, sql: ofPeer(quoted(bare), quoted(bare.replace(/\d+$/, ''))) }
    : null;
}

function ofHash(hash: string): string {
  return joined([
    `SELECT 'transaction' AS what, time, node, concat(vsize, ' vB, ', num_inputs, ' inputs, ', num_outputs, ' outputs, ', coalesce(non_standard_reason, 'standard')) AS facts
FROM tx WHERE sha = ${hash}`,
    `SELECT 'propagation', time, node, concat('first announced by ', first_peer, ', by ', peers, ' peers')
FROM propagation WHERE sha = ${hash}`,
    `SELECT 'double spend', time, node, concat(tx_id, ' spends ', prev_out, ' like ', conflicts_with)
FROM double_spends WHERE tx_id = ${hash} OR conflicts_with = ${hash}`,
    `SELECT 'block', time, node, ${BLOCK}
FROM processed_blocks WHERE sha = ${hash}`,
  ]);
}

function ofHeight(height: string): string {
  return `SELECT time, node, sha, ${BLOCK} AS facts
FROM processed_blocks WHERE height = ${height}
ORDER BY time LIMIT 100`;
}

/** Finds all connections of its host, because a peer that dials uses another port each time. */
function ofPeer(address: string, host: string): string {
  return joined([
    `SELECT 'announced first' AS what, max(time) AS time, node, concat(count(*), ' of kind ', kind) AS facts
FROM propagation WHERE first_peer = ${address} GROUP BY node, kind`,
    `SELECT concat('connection ', CASE WHEN is_inbound THEN 'in' ELSE 'out' END), time, node, concat(address, ' ', user_agent, ', ', duration, ' s, ', bytes_recv, ' bytes received, ', bytes_sent, ' sent, ended: ', reason)
FROM peer_sessions WHERE starts_with(address, ${host})`,
    `SELECT 'sent blocks', max(time), node, concat(count(*), ' blocks, the last at height ', max(height))
FROM processed_blocks WHERE peer_addr = ${address} GROUP BY node`,
  ]);
}

function joined(parts: readonly string[]): string {
  return `${parts.join('\nUNION ALL\n')}\nORDER BY time LIMIT 100`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
