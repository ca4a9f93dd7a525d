import { BcoinPeer, NetAddress, packets } from './bcoin';
import type { SessionTerms } from './session-terms';
import { follow, type SocketOwner } from './socket-owner';
import { Visits } from './visits';

/** What a {@link Session} asks and tells its owner. */
export interface SessionHooks {
  /** How long opening the socket may take, in milliseconds. */
  readonly connectMs: number;
  /** Opens the socket to a peer that is dialled. */
  openSocket(): BcoinPeer.Stream;
  /** The nonce of our `version`. */
  createNonce(): Buffer;
  /** Called when the socket of a dialled peer is open. */
  opened(): void;
  /** Called with an error that ends the session, before {@link sessionEnded}. */
  failed(error: Error): void;
  /** Called once, when the session has ended. */
  sessionEnded(): void;
  /** Called with every chunk that was read. */
  read(chunk: Buffer): void;
  /** Whether messages can be sent. If not, {@link Session.sendVersion} is called again once they can. */
  isReady(): boolean;
  /** A message as the bytes that are sent. */
  encode(command: string, payload: Buffer): Buffer;
  /** Called for every message that was sent, with the number of its bytes on the socket. */
  sent(command: string, payload: Buffer, bytes: number): void;
  /** Called when the peer has read all that waited for it. */
  drained(): void;
}

/** The lowest version with feature messages (BIP155, BIP339). */
const FEATURES_VERSION = 70_016;

const NO_PAYLOAD = Buffer.alloc(0);

/** How often each session is looked at for silence, and after how many looks it pings; as in bcoin. */
const LOOK_MS = 5_000;
const LOOKS_A_PING = 6;

/** If the wall clock drifts this far from the monotonic one, it counts as set. */
const CLOCK_STEP_MS = 1_000;

/** Memory of a waiting write besides its bytes: the objects of a buffer and a queue entry. */
const WRITE_BYTES = 256;

/**
 * The session with one peer. bcoin's Peer dials, shakes hands, pings, and detects peers that stall or do not
 * read. Its parser and framer are replaced (src/p2p/transport), because they can't read all messages and
 * count nothing. Its checks of the peer's services are dropped, because a monitor listens to any node, pruned
 * or not. There may be 20,000 sessions, so none has a timer, an option or a listener of its own.
 */
export class Session extends BcoinPeer implements SocketOwner {
  private hasSentVersion = false;
  /** Number of writes that may wait in the socket. */
  private writes = 0;
  /** Frames that {@link gather} holds back, and their bytes; null if each is written at once. */
  private gathered: Buffer[] | null = null;
  private gatheredBytes = 0;
  /** How far the wall clock is ahead of the monotonic one, in milliseconds. */
  private wallAhead = Date.now() - performance.now();
  /** Its slot among the visits; -1 before it is there. */
  private slot = -1;
  private looksToPing = LOOKS_A_PING;

  constructor(
    private readonly terms: SessionTerms,
    private readonly hooks: SessionHooks,
  ) {
    super(terms.peer);
    Object.assign(this, UNUSED);
  }

  /** bcoin would listen to its own parser. */
  override init(): void {
    // There is nothing to listen to.
  }

  /** bcoin's three events that matter here. Nobody else listens to them. */
  override emit(event: string | symbol, error?: unknown): boolean {
    if (event === 'connect') this.hooks.opened();
    else if (event === 'error') this.hooks.failed(error as Error);
    else if (event === 'close') this.hooks.sessionEnded();
    return true;
  }

  override connect(address: NetAddress): BcoinPeer.Stream {
    const socket = this.hooks.openSocket();
    this.address = address;
    this.outbound = true;
    this.connected = false;
    this._bind(socket);
    return socket;
  }

  /** Listens to the socket. bcoin's `once` takes 450 bytes for each listener that is never called. */
  override _bind(socket: BcoinPeer.Stream): void {
    this.socket = socket;
    follow(socket, this);
    socket.setNoDelay(true);
  }

  socketFailed(error: Error): void {
    // Before the socket is open, an error is one of dialling.
    if (this.destroyed || !this.connected) return;
    this.error(error);
    this.destroy();
  }

  socketClosed(): void {
    if (this.destroyed) return;
    this.error('Socket hangup.');
    this.destroy();
  }

  socketRead(chunk: Buffer): void {
    this.lastRecv = Date.now();
    this.feedParser(chunk);
  }

  override feedParser(chunk: Buffer): void {
    this.hooks.read(chunk);
  }

  /**
   * bcoin measures silence by the wall clock. If that clock is set, or the machine has slept, the noted times
   * are shifted by the same step. So no peer counts as silent for an hour because our clock was set an hour
   * ahead.
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

  /** Waits until the socket is open, for as long as it may take. bcoin's own limit is always 10 s. */
  override initConnect(): Promise<void> {
    const opened = super.initConnect();
    if (this.connectTimeout !== null) {
      clearTimeout(this.connectTimeout);
      this.connectTimeout = setTimeout(() => {
        this.error('Connection timed out.');
        this.destroy();
      }, this.hooks.connectMs);
    }
    return opened;
  }

  /** Begins to look for silence; called when the socket is open. */
  override initStall(): Promise<void> {
    if (this.destroyed) return Promise.reject(new Error('The session has ended.'));
    this.slot = visits.add(this);
    return Promise.resolve();
  }

  /** Begins to ping. bcoin would also look every 5 s for what there is to announce. */
  override finalize(): Promise<void> {
    this.looksToPing = LOOKS_A_PING;
    // Nothing more is waited for.
    this.responseMap = NONE;
    return Promise.resolve();
  }

  /** Ends the session if the peer is silent, and pings it in its turn. */
  look(): void {
    this.maybeTimeout();
    this.looksToPing -= 1;
    if (this.destroyed || this.looksToPing > 0) return;
    this.looksToPing = LOOKS_A_PING;
    this.sendPing();
  }

  override sendRaw(command: string, payload: Buffer): void {
    if (this.destroyed) return;
    const frame = this.hooks.encode(command, payload);
    // Counted first, because write() destroys the session if the peer has stopped reading.
    this.hooks.sent(command, payload, frame.length);
    this.sendBytes(frame);
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Buffer): void {
    if (this.destroyed) return;
    if (this.gathered === null) {
      this.writeOut(bytes);
      return;
    }
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
  }

  /**
   * Sends our `version`, once. bcoin calls it when the socket is open, which is too early where keys are
   * exchanged first.
   */
  override sendVersion(): void {
    if (this.destroyed || this.hasSentVersion || !this.hooks.isReady()) return;
    this.hasSentVersion = true;
    const { network, noRelay, protocolVersion, services, userAgent } = this.terms.options;
    const packet = new packets.VersionPacket();
    packet.version = protocolVersion;
    packet.services = services;
    packet.time = network.now();
    packet.remote = this.address;
    packet.local.services = services;
    packet.nonce = this.hooks.createNonce();
    packet.agent = userAgent;
    packet.height = 0;
    packet.noRelay = noRelay;
    this.send(packet);
    // It was needed for this message alone, and takes 400 bytes.
    this.address = NOWHERE;
  }

  /** Approximate memory of what the peer has not read, in bytes. */
  get unsentBytes(): number {
    return (this.socket?.writableLength ?? 0) + this.writes * WRITE_BYTES + this.gatheredBytes;
  }

  /** Runs `work` and writes all that it sends at once, so that many small messages cost one write. */
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
    // Gathered messages were counted as sent already.
    this.flush();
    visits.delete(this, this.slot);
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
      for (const command of this.terms.options.features) this.sendRaw(command, NO_PAYLOAD);
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

const visits = new Visits<Session>(LOOK_MS, (session) => session.look());

const NOWHERE = new NetAddress();

/**
 * Parts of bcoin's peer that are not used here. The filters, for announcing, are all but 4 kB of the 566 kB
 * of a peer; the build leaves them out of bcoin. The maps and lists are for bcoin's own requests, and
 * `_events` for listeners, of which there are none. Without the rest, a session takes 3 kB less.
 */
const NONE = new Map<never, never>();
const NOTHING: readonly never[] = Object.freeze([]);
const UNUSED = {
  ...{ invFilter: null, addrFilter: null, parser: null, framer: null, locker: { destroy: () => undefined } },
  ...{ blockMap: NONE, txMap: NONE, compactBlocks: NONE, drainQueue: NOTHING, invQueue: NOTHING },
  ...{ local: NOWHERE, _events: Object.freeze(Object.create(null)) as object },
};
