import { once, setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { dialEncrypted, type EncryptedPeer } from '../support/encrypted-peer';
import { type FakeClaims, type FakeConnection, dialListener } from '../support/fake-peer';

/** Magic of the network of the zoo. */
const { magic: MAGIC } = NETWORKS.regtest;

/** A framed message. */
export function frame(command: string, payload: Buffer = Buffer.alloc(0)): Buffer {
  return encodeFrame(MAGIC, command, payload);
}

/** Connects one behaviour with the listener: dials from addresses of its own, and says when to stop. */
export class Cage {
  private addresses = 0;
  private readonly sockets = new Set<Socket>();
  private readonly leaving = new AbortController();

  constructor(
    private readonly options: {
      readonly port: number;
      /** Index of the behaviour, from which its addresses are made. */
      readonly index: number;
      /** When the run is over, in milliseconds of `performance.now()`. `leave` ends it earlier. */
      readonly until: number;
    },
  ) {
    // A behaviour may pause in many places at once.
    setMaxListeners(0, this.leaving.signal);
  }

  get isOver(): boolean {
    return this.leaving.signal.aborted || performance.now() >= this.options.until;
  }

  /** A new loopback address, which identifies the behaviour. */
  address(): string {
    const n = ++this.addresses;
    return `127.${this.options.index + 10}.${n >> 8}.${n & 0xff}`;
  }

  /** Waits, but at most until the end of the run. */
  async pause(ms: number): Promise<void> {
    const { signal } = this.leaving;
    await sleep(Math.max(0, Math.min(ms, this.options.until - performance.now())), undefined, {
      signal,
    }).catch(() => undefined);
  }

  /** A socket that has sent nothing. */
  async connect(from = this.address()): Promise<Socket> {
    const socket = connect({ port: this.options.port, host: '127.0.0.1', localAddress: from });
    socket.on('error', () => undefined);
    // A flood adds many listeners for `drain`.
    socket.setMaxListeners(0);
    this.sockets.add(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return socket;
  }

  /** A peer with a complete handshake, unless the listener hung up. */
  async join(
    options: { readonly from?: string; readonly claims?: FakeClaims } = {},
  ): Promise<FakeConnection> {
    const { port } = this.options;
    const from = options.from ?? this.address();
    const peer = await dialListener(port, { from, ...(options.claims && { claims: options.claims }) });
    peer.socket.setMaxListeners(0);
    this.sockets.add(peer.socket);
    while (!peer.commands().includes('verack') && !peer.socket.destroyed && !this.isOver) await sleep(10);
    return peer;
  }

  /** The same by the encrypted transport (BIP324). */
  async joinEncrypted(): Promise<EncryptedPeer> {
    const peer = await dialEncrypted(this.options.port, { from: this.address() });
    peer.socket.setMaxListeners(0);
    this.sockets.add(peer.socket);
    while (!peer.commands().includes('verack') && !peer.socket.destroyed && !this.isOver) await sleep(10);
    return peer;
  }

  /**
   * Writes messages from `make` as fast as the listener reads, until it hangs up, the run is over or `most`
   * messages were written.
   */
  async flood(socket: Socket, make: (n: number) => Buffer, most = Infinity): Promise<void> {
    for (let n = 0; n < most && !socket.destroyed && !this.isOver; n++) {
      if (socket.write(make(n))) {
        if (n % 16 === 0) await sleep(0);
        continue;
      }
      const waiting = new AbortController();
      const { signal } = waiting;
      await Promise.race([
        once(socket, 'drain', { signal }).catch(() => undefined),
        once(socket, 'close', { signal }).catch(() => undefined),
        this.pause(1_000),
      ]);
      waiting.abort();
    }
  }

  /** Waits until the listener hangs up or the run is over. */
  async untilEnd(socket: Socket): Promise<void> {
    while (!socket.destroyed && !this.isOver) await sleep(50);
  }

  /** Repeats `act`, until the run is over. */
  async again(times: number, act: () => Promise<void>): Promise<void> {
    for (let n = 0; n < times && !this.isOver; n++) await act();
  }

  /** Closes all sockets. */
  leave(): void {
    this.leaving.abort();
    for (const socket of this.sockets) socket.destroy();
  }
}
