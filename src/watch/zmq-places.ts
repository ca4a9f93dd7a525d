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
  /** The address in the form that a socket takes. */
  readonly address: string;
  readonly topics: readonly ZmqTopic[];
}

/** Hosts that stand for all addresses of the machine. */
const WILDCARDS = ['*', '0.0.0.0', '[::]'];

/**
 * Chooses which published topics to subscribe to, and where: the fewest that give everything. `sequence`
 * gives accepted transactions and blocks; without it `hashblock` or `rawblock` give the blocks. `rawtx` has
 * the bytes; without it `hashtx` gives the times of transactions. A node that publishes only on its own
 * loopback can't be reached from another machine.
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

/** The address of a publisher as seen from here; undefined if it can't be reached. */
function reachableAddress(address: string, nodeHost: string): string | undefined {
  if (address.startsWith('ipc://')) return isThisMachine(nodeHost) ? address : undefined;
  const [, host = '', port = ''] = /^tcp:\/\/(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(address) ?? [];
  if (port === '') return undefined;
  if (WILDCARDS.includes(host)) return `tcp://${nodeHost.includes(':') ? `[${nodeHost}]` : nodeHost}:${port}`;
  return isThisMachine(host.replace(/^\[|\]$/g, '')) && !isThisMachine(nodeHost) ? undefined : address;
}
