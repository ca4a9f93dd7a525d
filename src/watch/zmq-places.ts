import type { NodePlace } from './node-place';
import { isThisMachine } from './watch-url';
import { ZMQ_TOPICS, type ZmqTopic } from './zmq-messages';

/** An entry of getzmqnotifications. */
export interface ZmqPublisher {
  /** Such as `pubrawtx`. */
  readonly type: string;
  /** Such as `tcp://127.0.0.1:28332`. */
  readonly address: string;
}

/** What is subscribed to at an address. */
export interface ZmqPlace {
  /** As a socket connects to it. */
  readonly address: string;
  readonly topics: readonly ZmqTopic[];
}

/** Hosts that mean all addresses of the machine. */
const WILDCARDS = ['*', '0.0.0.0', '[::]'];

/**
 * What to subscribe to of what a node publishes, and where: as little as tells all. `sequence` tells what the
 * mempool accepted and each block; without it `hashblock` or `rawblock` tell the blocks. `rawtx` has the
 * bytes; without it `hashtx` tells of transactions. What a node publishes on its own machine alone can't be
 * reached from another one.
 */
export function zmqPlaces(
  publishers: readonly ZmqPublisher[],
  node: Pick<NodePlace, 'host'>,
): readonly ZmqPlace[] {
  const addresses = new Map<ZmqTopic, string>();
  for (const topic of ZMQ_TOPICS)
    for (const { type, address } of publishers) {
      const reachable = type === `pub${topic}` ? reachableAddress(address, node.host) : undefined;
      // The same messages may be published at several addresses.
      if (reachable !== undefined && !addresses.has(topic)) addresses.set(topic, reachable);
    }
  if (addresses.has('sequence')) addresses.delete('hashblock');
  if (addresses.has('sequence') || addresses.has('hashblock')) addresses.delete('rawblock');
  if (addresses.has('sequence') || addresses.has('rawtx')) addresses.delete('hashtx');
  const places = new Map<string, ZmqTopic[]>();
  for (const [topic, address] of addresses) {
    const topics = places.get(address);
    if (topics === undefined) places.set(address, [topic]);
    else topics.push(topic);
  }
  return [...places].map(([address, topics]) => ({ address, topics }));
}

/** The address at which a publisher is reached from here; undefined where it is not. */
function reachableAddress(address: string, nodeHost: string): string | undefined {
  if (address.startsWith('ipc://')) return isThisMachine(nodeHost) ? address : undefined;
  const [, host = '', port = ''] = /^tcp:\/\/(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(address) ?? [];
  if (port === '') return undefined;
  if (WILDCARDS.includes(host)) return `tcp://${nodeHost.includes(':') ? `[${nodeHost}]` : nodeHost}:${port}`;
  return isThisMachine(host.replace(/^\[|\]$/g, '')) && !isThisMachine(nodeHost) ? undefined : address;
}
