import type { Clock, ClockSteps } from '../lib/clock';
import type { FrameWatcher } from '../p2p/frame-watcher';
import type { PeerInfo } from '../p2p/p2p-events';
import { isCommand } from '../wire/commands';
import { Entry } from './entry';
import { CONNECTION_EVENTS, FACTS, type FactFields } from './facts';
import type { KnownOrigin } from './known-origins';
import { commandField, FORM_BYTES, KIND, writeWord } from './record';
import type { RecordWriter } from './record-writer';
import { FactBodies } from './fact-bodies';
import { RecordTimes } from './record-times';
import { type ClockListener, RecordingClock } from './recording-clock';

const NO_BYTES = Buffer.alloc(0);

/** Entries that are kept for later ones. */
const SPARE_ENTRIES = 64;

/** Events that tell of the message that was just recorded, and have its time. */
const OF_A_MESSAGE: ReadonlySet<string> = new Set([
  'addresses',
  'announced',
  'blockAnnounced',
  'headers',
  'notFound',
  'requested',
  'transaction',
]);

export interface RecorderOptions {
  /** The commands whose messages are recorded; null for all, and what a replay needs besides. */
  readonly only: ReadonlySet<string> | null;
  /** What is known of the address of a peer besides what follows from it. */
  readonly originOf?: ((address: string) => KnownOrigin) | undefined;
}

/** Connections that are named at the beginning of each file, at most. */
const MAX_NAMED_PEERS = 5_000;

/** A connection as the beginning of a file names it. */
interface NamedPeer extends KnownOrigin {
  readonly address: string;
  readonly outbound: boolean;
  /** The payload of its `version` in hex, once it came. */
  version?: string;
}

/**
 * Records the messages of all connections, and the events that a replay can't derive from them, each with its
 * time and with the times that the clock told while it was handled. An event within another follows it.
 * Recording changes nothing of what the program does, and waits for nothing.
 */
export class Recorder implements FrameWatcher, ClockListener {
  /** The clock of all that makes points. */
  readonly clock: Clock & ClockSteps;

  /** What is handled now, the innermost last, and all that was recorded since the outermost began. */
  private readonly open: Entry[] = [];
  private readonly group: Entry[] = [];
  private readonly spare: Entry[] = [];
  private readonly peers = new Map<number, NamedPeer>();
  /** Who sent the message that arrived and whose payload has not been given, its command and its bytes. */
  private arrivedOf: PeerInfo | null = null;
  private arrivedCommand = '';
  private arrivedBytes = 0;
  /** Bytes that were read of one connection and are not recorded yet. */
  private readBytes = 0;
  private readOf = 0;
  /** What the clock told during a record: it is written before that one. */
  private readonly told = new Entry();
  /** The command of the message that is handled. */
  private current = '';
  private isOwnWrite = false;
  /** Time of the record before. */
  private recentNs = 0;
  private readonly times: RecordTimes;
  private readonly bodies = new FactBodies();
  private readonly fields = new Map<string, Buffer>();

  constructor(
    private readonly options: RecorderOptions,
    private readonly modules: { readonly writer: RecordWriter; readonly clock: Clock & ClockSteps },
  ) {
    this.clock = new RecordingClock(modules.clock, this);
    this.times = new RecordTimes(modules.clock, modules.writer.epochNs);
  }

  /** The connections that are open, for the beginning of a file. */
  get openPeers(): readonly object[] {
    return [...this.peers].slice(-MAX_NAMED_PEERS).map(([id, peer]) => ({ id, ...peer }));
  }

  /** Unix time in seconds: that of what is handled now, which a replay has as well. */
  readonly unixTime = (): number => {
    const now = this.open.at(-1)?.sinceNs;
    return now === undefined ? Date.now() / 1_000 : Number(this.times.timeNs(now)) / 1e9;
  };

  toldUnique(ns: bigint): void {
    this.open.at(-1)?.readings.addUnique(ns);
  }

  toldMonotonic(ms: number): void {
    this.open.at(-1)?.readings.addMonotonic(ms);
  }

  arrived(peer: PeerInfo, command: string, bytes: number): void {
    this.settle();
    this.arrivedOf = peer;
    this.arrivedCommand = command;
    this.arrivedBytes = bytes;
  }

  message(peer: PeerInfo, payload: Buffer): void {
    if (this.arrivedOf !== peer) return;
    this.arrivedOf = null;
    const command = this.arrivedCommand;
    this.current = command;
    if (command === 'version') {
      const named = this.peers.get(peer.id);
      if (named !== undefined) named.version ??= payload.toString('hex');
    }
    this.frame(KIND.in, peer, command, payload, this.arrivedBytes);
  }

  sent(peer: PeerInfo, command: string, payload: Buffer, bytes: number): void {
    this.settle();
    this.isOwnWrite = true;
    this.frame(KIND.out, peer, command, payload, bytes);
  }

  /**
   * Records an event of the bus, before who listens gets it.
   * @returns whether `end` must be called after them
   */
  begin(name: string, payload: unknown): boolean {
    const peer = peerOf(payload);
    switch (name) {
      case 'opened':
        if (peer === null) return false;
        return this.enter(name, { ...this.opened(peer) }, peer.id);
      // Told by the message itself.
      case 'received':
      case 'sent':
        return false;
      case 'bytesRead':
        this.bytesRead(peer?.id ?? 0, (payload as { readonly bytes: number }).bytes);
        return false;
      case 'bytesWritten': {
        const isOfMessage = this.isOwnWrite;
        this.isOwnWrite = false;
        return (
          !isOfMessage && this.enter(name, { bytes: (payload as { readonly bytes: number }).bytes }, peer?.id)
        );
      }
      case 'block':
        if (this.current !== 'block') this.rebuilt(payload as { readonly block: { readonly bytes: Buffer } });
    }
    const fieldsOf = (FACTS as Readonly<Record<string, ((event: never) => FactFields) | undefined>>)[name];
    if (fieldsOf === undefined || !this.enter(name, fieldsOf(payload as never), peer?.id)) return false;
    // The first time that a replay has for it.
    const { receivedMs } = payload as { readonly receivedMs?: number };
    if (receivedMs !== undefined) this.toldMonotonic(receivedMs);
    return true;
  }

  /** Ends what began last. All is written when the outermost ends. */
  end(): void {
    const entry = this.open.pop();
    if (this.open.length === 0) this.writeGroup();
    if (entry?.isEnd === true) this.peers.delete(entry.peer);
  }

  /**
   * Runs what changes the state of the program, as a record with a name.
   * @param isWanted asked afterwards; nothing is recorded of what was not wanted and told no times
   */
  run<T>(event: string, fields: FactFields, action: () => T, isWanted: () => boolean = () => true): T {
    if (!this.enter(event, fields)) return action();
    const place = this.group.length;
    try {
      return action();
    } finally {
      const isAlone = this.group.length === place && this.open.at(-1)?.readings.isEmpty === true;
      if (isAlone && !isWanted()) this.group.pop();
      this.end();
    }
  }

  /** Records headers of 80 bytes each that the chain has from before. */
  headers(bytes: Buffer): void {
    this.note(this.entry(KIND.headers, 0, NO_BYTES, bytes));
  }

  /** Records what was told and not recorded yet. */
  settle(): void {
    if (this.readBytes > 0) {
      const entry = this.entry(KIND.read, this.readOf, NO_BYTES, NO_BYTES, true);
      writeWord(entry.word, 0, this.readBytes);
      entry.body = entry.word;
      entry.length = entry.word.length;
      this.readBytes = 0;
      this.note(entry);
    }
    const { arrivedOf: peer, arrivedCommand: command } = this;
    this.arrivedOf = null;
    if (peer === null || !this.isRecorded(command)) return;
    const entry = this.entry(KIND.torn, peer.id, NO_BYTES, this.fieldOf(command));
    writeWord(entry.word, 0, this.arrivedBytes);
    entry.head = entry.word;
    this.note(entry);
  }

  private opened({ id, address, outbound }: PeerInfo): NamedPeer {
    const named: NamedPeer = { address, outbound, ...this.options.originOf?.(address) };
    this.peers.set(id, named);
    return named;
  }

  /** Begins a record of a fact. Returns whether it is recorded. */
  private enter(event: string, fields: FactFields, peer = 0): boolean {
    if (this.options.only !== null && !CONNECTION_EVENTS.has(event)) return false;
    this.settle();
    const body = this.bodies.of(event, fields);
    const entry = this.entry(KIND.fact, peer, NO_BYTES, body, OF_A_MESSAGE.has(event));
    entry.isEnd = event === 'disconnected';
    this.group.push(entry);
    this.open.push(entry);
    return true;
  }

  private bytesRead(peer: number, bytes: number): void {
    if (this.options.only !== null) return;
    if (this.readBytes > 0 && this.readOf !== peer) this.settle();
    this.readOf = peer;
    this.readBytes += bytes;
  }

  private rebuilt({ block }: { readonly block: { readonly bytes: Buffer } }): void {
    if (this.options.only !== null) return;
    this.settle();
    this.note(this.entry(KIND.block, 0, NO_BYTES, block.bytes));
  }

  private frame(kind: number, peer: PeerInfo, command: string, payload: Buffer, bytes: number): void {
    if (!this.isRecorded(command)) return;
    const form = FORM_BYTES.indexOf(bytes - payload.length);
    this.note(this.entry(kind + Math.max(0, form) * 16, peer.id, this.fieldOf(command), payload));
  }

  private isRecorded(command: string): boolean {
    return this.options.only?.has(command) !== false;
  }

  /** @param isSoon whether it may have the time of the record before: asking for another takes its time */
  private entry(kind: number, peer: number, head: Buffer, body: Buffer, isSoon = false): Entry {
    if (!isSoon || this.recentNs === 0) this.recentNs = this.times.now();
    const entry = this.spare.pop() ?? new Entry();
    entry.sinceNs = this.recentNs;
    entry.kind = kind;
    entry.peer = peer;
    entry.head = head;
    entry.body = body;
    entry.length = body.length;
    entry.isEnd = false;
    return entry;
  }

  private note(entry: Entry): void {
    if (this.open.length === 0) this.write(entry);
    else this.group.push(entry);
  }

  private writeGroup(): void {
    for (const entry of this.group) {
      if (!entry.readings.isEmpty) this.writeReadings(entry);
      this.write(entry);
    }
    this.group.length = 0;
  }

  private writeReadings({ sinceNs, peer, readings }: Entry): void {
    const { told } = this;
    const { form, body, length } = readings.encode(this.times.timeNs(sinceNs));
    told.sinceNs = sinceNs;
    told.peer = peer;
    told.kind = KIND.clock + form * 16;
    told.body = body;
    told.length = length;
    this.modules.writer.put(told);
    readings.clear();
  }

  private write(entry: Entry): void {
    this.modules.writer.put(entry);
    entry.body = NO_BYTES;
    if (this.spare.length < SPARE_ENTRIES) this.spare.push(entry);
  }

  /** The commands of the protocol are few; those that strangers invent are not kept. */
  private fieldOf(command: string): Buffer {
    let field = this.fields.get(command);
    if (field !== undefined) return field;
    field = commandField(command);
    if (isCommand(command)) this.fields.set(command, field);
    return field;
  }
}

function peerOf(payload: unknown): PeerInfo | null {
  return (payload as { readonly peer?: PeerInfo }).peer ?? null;
}
