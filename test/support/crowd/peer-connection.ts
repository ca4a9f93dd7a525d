import type { Socket } from 'node:net';
import { encodeFrame, FrameReader } from '../../../src/wire/framing';
import { NETWORKS } from '../../../src/wire/networks';
import type { MessageCounts } from './news';

const { magic } = NETWORKS.regtest;

/** A message, ready to be sent. */
export interface Frame {
  readonly command: string;
  readonly bytes: Buffer;
}

export function frameOf(command: string, payload: Buffer = Buffer.alloc(0)): Frame {
  return { command, bytes: encodeFrame(magic, command, payload) };
}

/** What a connection needs of the network. */
export interface ConnectionHooks {
  readonly sent: MessageCounts;
  readonly received: MessageCounts;
  /** Whether nothing may be sent any more. */
  readonly isQuiet: () => boolean;
  readonly message: (connection: PeerConnection, command: string, payload: Buffer) => void;
  readonly closed: (connection: PeerConnection) => void;
}

/** The listener's connection to a simulated peer. */
export class PeerConnection {
  /** Whether the handshake is complete. */
  isReady = false;
  /** Whether the peer has hung up. */
  hasLeft = false;
  /** Whether the listener wants to hear wtxids (BIP339). */
  wantsWtxids = false;
  /** The first transaction that was not announced to it. */
  next = 0;
  /** Number of inventories of transactions so far. */
  inventories = 0;

  constructor(
    readonly peer: number,
    private readonly socket: Socket,
    private readonly hooks: ConnectionHooks,
  ) {
    const reader = new FrameReader(magic, {
      arrived: (command, bytes) => count(hooks.received, command, bytes),
      message: (command, payload) => hooks.message(this, command, payload),
      violation: (reason) => {
        throw new Error(`the listener sent what is no message: ${reason}`);
      },
    });
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('close', () => hooks.closed(this));
  }

  send({ command, bytes }: Frame): void {
    if (this.hasLeft || this.hooks.isQuiet() || !this.socket.writable) return;
    count(this.hooks.sent, command, bytes.length);
    this.socket.write(bytes);
  }

  /** Hangs up. What the listener has sent is still read, and counted. */
  leave(): void {
    this.hasLeft = true;
    this.isReady = false;
    this.socket.end();
  }
}

function count(counts: MessageCounts, command: string, bytes: number): void {
  const of = (counts[command] ??= { messages: 0, bytes: 0 });
  of.messages += 1;
  of.bytes += bytes;
}
