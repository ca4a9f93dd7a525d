import { Publisher } from 'zeromq';

/** A topic of Core. */
export type Topic = 'sequence' | 'rawtx' | 'hashtx' | 'hashblock' | 'rawblock';

/**
 * Publishes as Bitcoin Core 31 documents it (`doc/zmq.md`): topic, body, and the number of the message in
 * its topic as 4 bytes, the lowest first. It is ours: no Core can be run here.
 */
export interface ZmqPublisher {
  readonly address: string;
  send(topic: Topic, body: Buffer): Promise<void>;
  /** Counts a message that is never sent. */
  skip(topic: Topic): void;
  /** Sends a message of any parts. */
  sendParts(parts: readonly Buffer[]): Promise<void>;
  stop(): void;
}

/** Starts one at a port of 127.0.0.1. */
export async function startZmqPublisher(port: number): Promise<ZmqPublisher> {
  const socket = new Publisher({ linger: 0 });
  const address = `tcp://127.0.0.1:${port}`;
  await socket.bind(address);
  const numbers = new Map<Topic, number>();
  const next = (topic: Topic): Buffer => {
    const number = numbers.get(topic) ?? 0;
    numbers.set(topic, number + 1);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(number);
    return bytes;
  };
  return {
    address,
    send: (topic, body) => socket.send([topic, body, next(topic)]),
    skip: (topic) => void next(topic),
    sendParts: (parts) => socket.send([...parts]),
    stop: () => socket.close(),
  };
}

/** The body of `sequence` about a transaction or a block, by its txid or hash as people write it. */
export function sequenceBody(label: 'A' | 'R' | 'C' | 'D', hash: string, mempoolSequence = 1n): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(mempoolSequence);
  const isOfMempool = label === 'A' || label === 'R';
  return Buffer.concat([Buffer.from(hash, 'hex'), Buffer.from(label), ...(isOfMempool ? [number] : [])]);
}
