import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { type FakeClaims, type FakeConnection, dialListener } from '../support/fake-peer';

/** Magic of the network on which everything happens. */
const { magic: MAGIC } = NETWORKS.regtest;

/** A message as it travels. */
export function frame(command: string, payload: Buffer = Buffer.alloc(0)): Buffer {
  return encodeFrame(MAGIC, command, payload);
}

/**
 * Where a behaviour meets the listener: it dials from addresses that nobody else has, and learns when to
 * stop.
 */
export class Cage {
  private addresses = 0;
  private readonly sockets = new Set<Socket>();
  private hasLeft = false;

  constructor(
    private readonly options: {
      readonly port: number;
      /** Place of the behaviour in the list; makes its addresses. */
      readonly index: number;
      /** When it is over, in milliseconds of `performance.now()`; sooner where it is told to leave. */
      readonly until: number;
    },
  ) {}

  get isOver(): boolean {
    return this.hasLeft || performance.now() >= this.options.until;
  }

  /** A new address of loopback, which tells the behaviour that dials from it. */
  address(): string {
    const n = ++this.addresses;
    return `127.${this.options.index + 10}.${n >> 8}.${n & 0xff}`;
  }

  /** Waits, but no longer than the run. */
  async pause(ms: number): Promise<void> {
    await sleep(Math.max(0, Math.min(ms, this.options.until - performance.now())));
  }

  /** A socket that has said nothing. */
  async connect(from = this.address()): Promise<Socket> {
    const socket = connect({ port: this.options.port, host: '127.0.0.1', localAddress: from });
    socket.on('error', () => undefined);
    // A flood waits for many drains.
    socket.setMaxListeners(0);
    this.sockets.add(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return socket;
  }

  /** A peer that has shaken hands, unless it was hung up on. */
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

  /**
   * Writes what `make` makes, as fast as the listener reads, until it hangs up, the run is over or `most`
   * were written.
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

  /** Waits until the listener hangs up, or the run is over. */
  async untilEnd(socket: Socket): Promise<void> {
    while (!socket.destroyed && !this.isOver) await sleep(50);
  }

  /** Does the same again, each time from a new address, until the run is over. */
  async again(times: number, act: () => Promise<void>): Promise<void> {
    for (let n = 0; n < times && !this.isOver; n++) await act();
  }

  /** Hangs up everywhere. */
  leave(): void {
    this.hasLeft = true;
    for (const socket of this.sockets) socket.destroy();
  }
}
