import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** The bytes of a connection, by direction. */
export interface Conversation {
  /** From the real node to the program under test. */
  readonly in: Buffer[];
  /** From the program under test to the real node. */
  readonly out: Buffer[];
}

/** The bytes of a connection, with their times. */
export interface RecordedConversation extends Conversation {
  /** The time of each chunk of `in`, in Unix milliseconds. */
  readonly inAt: number[];
}

/** The count of one command. */
export interface Tally {
  readonly messages: number;
  /** Bytes, headers included. */
  readonly bytes: number;
}

/**
 * A TCP proxy between the program under test and a real node. It keeps every byte of each connection. It does
 * not use the program's framing, so it can judge it.
 */
export interface Recorder {
  /** Port on 127.0.0.1 to connect to in place of the node's. */
  readonly port: number;
  /** The connections so far. */
  readonly connections: readonly RecordedConversation[];
  /** Cuts every connection and stops listening. */
  stop(): Promise<void>;
}

/** Starts a recorder in front of `target`, a port on 127.0.0.1. */
export async function startRecorder(target: number): Promise<Recorder> {
  const connections: RecordedConversation[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const conversation: RecordedConversation = { in: [], out: [], inAt: [] };
    connections.push(conversation);
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    pass(near, far, (data) => conversation.out.push(data));
    pass(far, near, (data) => {
      conversation.in.push(data);
      conversation.inAt.push(Date.now());
    });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(from: Socket, to: Socket, keep: (data: Buffer) => void): void {
  from.on('data', (data: Buffer) => {
    keep(data);
    if (!to.write(data)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

/**
 * Cuts one direction of a connection into messages. It uses nothing but the protocol's headers of 24 bytes: 4
 * bytes of magic, 12 of command, 4 of length (little-endian), 4 of checksum.
 * @throws Error where the bytes are not complete messages, one after another
 */
export function splitMessages(chunks: readonly Buffer[], magic: number): Buffer[] {
  const stream = Buffer.concat(chunks);
  const messages: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    if (stream.length - at < 24) throw new Error(`${stream.length - at} bytes are left at ${at}: no header`);
    if (stream.readUInt32LE(at) !== magic) throw new Error(`at ${at} there is another magic`);
    const end = at + 24 + stream.readUInt32LE(at + 16);
    if (end > stream.length) throw new Error(`the last message, at ${at}, is cut off`);
    messages.push(stream.subarray(at, end));
    at = end;
  }
  return messages;
}

/** Counts messages by command. */
export function countMessages(messages: readonly Buffer[]): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const message of messages) {
    const command = message.toString('latin1', 4, 16).replace(/\0+$/, '');
    const { messages: count, bytes } = tallies.get(command) ?? { messages: 0, bytes: 0 };
    tallies.set(command, { messages: count + 1, bytes: bytes + message.length });
  }
  return tallies;
}
