import type { Socket } from 'node:net';
import { BcoinPeer, type Network, type packets } from './bcoin';
import { encodeFrame } from '../wire/framing';

/** What a {@link Session} tells its owner. */
export interface SessionHooks {
  /** Every chunk that came off the socket. */
  read(chunk: Buffer): void;
  /** Every message that was sent; `bytes` with its header. */
  sent(command: string, payload: Buffer, bytes: number): void;
  /** The peer has read all that waited for it. */
  drained(): void;
}

/** How a session introduces itself. */
export interface SessionOptions {
  readonly network: Network;
  readonly protocolVersion: number;
  readonly userAgent: string;
  readonly createSocket: (port: number, host: string) => Socket;
  readonly createNonce: () => Buffer;
  /** Commands sent between version and verack (BIP155, BIP339), to peers that are new enough. */
  readonly features: readonly string[];
}

/** Peers below this know no feature messages; BIP155 and BIP339 both ask for it. */
const FEATURES_VERSION = 70_016;

const NO_PAYLOAD = Buffer.alloc(0);

/** The wall clock may run so far from the monotonic one before it counts as set. */
const CLOCK_STEP_MS = 1_000;

/** What a write takes beside its bytes while it waits: a buffer's and a queue entry's objects. */
const WRITE_BYTES = 256;

/**
 * The session with one peer: bcoin's Peer dials, shakes hands, pings, answers pings, and notices peers that
 * stall or do not read. Its parser and framer are replaced, because of what they cannot read (framing.ts) and
 * because they count nothing; and its idea of whom to talk to is dropped: a monitor listens to any node,
 * pruned or not.
 */
export class Session extends BcoinPeer {
  private readonly magic: number;
  /** Writes that may wait in the socket. */
  private writes = 0;
  /** Frames that {@link gather} holds back, and their bytes; null where each is written at once. */
  private gathered: Buffer[] | null = null;
  private gatheredBytes = 0;
  /** What the wall clock is ahead of the monotonic one, in milliseconds. */
  private wallAhead = Date.now() - performance.now();

  constructor(
    private readonly session: SessionOptions,
    private readonly hooks: SessionHooks,
  ) {
    super({
      network: session.network,
      logger: silentLogger,
      createSocket: session.createSocket,
      version: session.protocolVersion,
      // Nothing is served: no service is claimed.
      services: 0,
      agent: session.userAgent,
      noRelay: false,
      spv: false,
      headers: false,
      compact: false,
      banScore: 100,
      getHeight: () => 0,
      isFull: () => false,
      hasWitness: () => false,
      createNonce: session.createNonce,
      hasNonce: () => false,
      getRate: () => -1,
    });
    this.magic = session.network.magic;
    // Of the 566 kB that a peer takes, these are all but four; they serve those who announce, and nothing is
    // announced.
    this.invFilter = null;
    this.addrFilter = null;
  }

  override feedParser(chunk: Buffer): void {
    this.hooks.read(chunk);
  }

  /**
   * bcoin measures silence by the wall clock: where that is set, or the machine has slept, the times that it
   * noted move along. No peer has been silent for an hour because our clock was put an hour ahead.
   */
  override maybeTimeout(): void {
    const step = Date.now() - performance.now() - this.wallAhead;
    if (Math.abs(step) > CLOCK_STEP_MS) {
      this.wallAhead += step;
      this.time += step;
      if (this.lastSend !== 0) this.lastSend += step;
      if (this.lastRecv !== 0) this.lastRecv += step;
      this.lastPing += step;
      for (const response of this.responseMap.values()) response.timeout += step;
    }
    super.maybeTimeout();
  }

  override sendRaw(command: string, payload: Buffer): void {
    if (this.destroyed) return;
    const frame = encodeFrame(this.magic, command, payload);
    // Counted first: write() destroys the session when the peer has stopped reading.
    this.hooks.sent(command, payload, frame.length);
    if (this.gathered === null) {
      this.writeOut(frame);
      return;
    }
    this.gathered.push(frame);
    this.gatheredBytes += frame.length;
  }

  /** Bytes of memory that what the peer has not read takes, about. */
  get unsentBytes(): number {
    return (this.socket?.writableLength ?? 0) + this.writes * WRITE_BYTES + this.gatheredBytes;
  }

  /** Runs `work`, and writes what it sends all at once: many small messages cost one write. */
  gather<T>(work: () => T): T {
    if (this.gathered !== null) return work();
    this.gathered = [];
    try {
      return work();
    } finally {
      this.flush();
    }
  }

  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  override destroy(): void {
    // What was sent has been counted.
    this.flush();
    super.destroy();
  }

  override handleDrain(): void {
    super.handleDrain();
    this.writes = 0;
    this.hooks.drained();
  }

  override handleVersion(packet: packets.VersionPacket): Promise<void> {
    this.version = packet.version;
    this.height = packet.height;
    this.agent = packet.agent;
    this.noRelay = packet.noRelay;
    if (packet.version >= FEATURES_VERSION)
      for (const command of this.session.features) this.sendRaw(command, NO_PAYLOAD);
    this.sendRaw('verack', NO_PAYLOAD);
    return Promise.resolve();
  }

  private flush(): void {
    const frames = this.gathered ?? [];
    this.gathered = null;
    this.gatheredBytes = 0;
    const [first] = frames;
    if (first === undefined || this.destroyed) return;
    this.writeOut(frames.length === 1 ? first : Buffer.concat(frames));
  }

  private writeOut(bytes: Buffer): void {
    const { socket } = this;
    this.writes += 1;
    this.write(bytes);
    // Handed to the system at once.
    if (socket?.writableLength === 0) this.writes = 0;
  }
}

const silent = (): void => undefined;

/** bcoin logs peers' bytes through format strings; what is worth logging is logged by the pool instead. */
const silentLogger: BcoinPeer.Logger = {
  context: () => silentLogger,
  error: silent,
  warning: silent,
  info: silent,
  debug: silent,
  spam: silent,
};
