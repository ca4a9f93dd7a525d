import { connect, type Socket } from 'node:net';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { versionPayload } from './fake-peer';

/** What the strangers of this process must do, as the test says. */
export interface StrangerOrder {
  readonly port: number;
  /** The address from which each of them dials. */
  readonly from: readonly string[];
  readonly command: string;
  /** The payload in hexadecimal. */
  readonly payload: string;
  /** Offset in the payload of the message's number (4 bytes), which makes each message different. */
  readonly numberAt?: number;
  /** The number of messages that each of them sends. */
  readonly count: number;
  /** Whether it reads what it receives. */
  readonly reads: boolean;
}

/** An event that the test is told. */
export type StrangerNews = { readonly event: 'written' } | { readonly event: 'ended'; readonly from: string };

const { magic } = NETWORKS.regtest;

/** About this many bytes are written at once. */
const BATCH_BYTES = 65_536;

/** The number of messages of all strangers of this process so far. */
let made = 0;

/** Like `once` of node:events, but an error is no failure: strangers expect to be disconnected. */
const happens = (socket: Socket, event: string): Promise<void> =>
  new Promise((resolve) => socket.once(event, () => resolve()));

const tell = (news: StrangerNews): void => void process.send?.(news);

/** Writes all messages, as fast as the other side reads them, unless it disconnects. */
async function flood(socket: Socket, order: StrangerOrder): Promise<void> {
  const { command, count, numberAt } = order;
  const payload = Buffer.from(order.payload, 'hex');
  const next = (): Buffer => {
    if (numberAt !== undefined) payload.writeUInt32LE(++made, numberAt);
    return encodeFrame(magic, command, payload);
  };
  const size = Math.max(1, Math.floor(BATCH_BYTES / payload.length));
  const gone = happens(socket, 'close');
  for (let left = count; left > 0 && !socket.destroyed; left -= size) {
    const batch = Buffer.concat(Array.from({ length: Math.min(size, left) }, next));
    if (!socket.write(batch)) await Promise.race([happens(socket, 'drain'), gone]);
  }
}

async function stranger(order: StrangerOrder, localAddress: string): Promise<void> {
  const socket = connect({ port: order.port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  socket.on('close', () => tell({ event: 'ended', from: localAddress }));
  if (order.reads) socket.resume();
  await happens(socket, 'connect');
  socket.write(encodeFrame(magic, 'version', versionPayload()));
  socket.write(encodeFrame(magic, 'verack', Buffer.alloc(0)));
  await flood(socket, order);
}

process.on('message', (order: StrangerOrder) => {
  void Promise.all(order.from.map((from) => stranger(order, from))).then(() => tell({ event: 'written' }));
});
process.on('disconnect', () => process.exit(0));
