import { parseAddress } from './address-key';
import type { FoundNode } from './found-node';
import type { Snapshot } from './snapshot';
import { type AsnOf, heightOf } from './summary';

/**
 * A snapshot as JSON in the form that bitnodes publishes (bitnodes.io/api,
 * `/api/v1/snapshots/<timestamp>/`): by the address of each node its protocol version, user agent, time,
 * services, height, host name, city, country, latitude, longitude, time zone, autonomous system and its
 * organization. A crawl does not know host names, places and organizations: these are null, or 0 as there. It
 * does not stay connected: the time is that of the handshake.
 * @param asnOf the autonomous systems, where there is a map
 */
export function bitnodesJson(snapshot: Snapshot, asnOf?: AsnOf): string {
  const { nodes } = snapshot;
  const rows = nodes.map((node) => `${JSON.stringify(node.address)}: ${rowOf(node, asnOf)}`);
  const head = {
    timestamp: Math.floor(snapshot.endedMs / 1_000),
    total_nodes: nodes.length,
    latest_height: heightOf(nodes) ?? 0,
  };
  return `${JSON.stringify(head).slice(0, -1)},"nodes":{\n${rows.join(',\n')}\n}}\n`;
}

/** The values of a node. Its services may have more bits than a JavaScript number. */
function rowOf({ address, height, services, time, userAgent, version }: FoundNode, asnOf?: AsnOf): string {
  const endpoint = parseAddress(address);
  const asn = endpoint === null ? undefined : asnOf?.(endpoint);
  const system = asn === undefined ? 'null' : `"AS${asn}"`;
  const known = [version, JSON.stringify(userAgent), time, services, height].join(',');
  return `[${known},null,null,null,0.0,0.0,null,${system},null]`;
}
