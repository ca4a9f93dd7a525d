import type { EventBus } from '../lib/event-bus';
import type { DisconnectReason, P2PEvents, Violation } from '../p2p/p2p-events';
import { type Block, parseBlock } from '../wire/block';
import { isCommand } from '../wire/commands';
import { DecodeError } from '../wire/decode-error';
import { HEADER_BYTES } from '../wire/header';
import { type DecodedCommand, DECODERS, type MessageOf } from '../wire/messages/table';
import { decodeReadings, type Readings } from './clock-readings';
import { hashIn } from './compact-block-fact';
import { type Fact, RecordError, type Words } from './fact';
import { KnownFacts } from './known-facts';
import { KnownOrigins } from './known-origins';
import { type ReplayHooks, tellProgramFact } from './program-fact';
import { KIND, readMessage, readTorn, type StoredRecord } from './record';
import type { ReplayClock } from './replay-clock';
import { ReplayedPeer } from './replayed-peer';
import { originIn, type StartPeer } from './start-record';

/** Connections that are open at once, at most. */
const MAX_PEERS = 100_000;

export interface ReplayerModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: ReplayClock;
  readonly hooks: ReplayHooks;
}

/** What became of the records. */
export interface ReplayCounts {
  records: number;
  /** Messages, both ways, and their bytes with those of their headers. */
  messages: number;
  bytes: number;
  /** Records that are not what they should be. */
  wrong: number;
  /** Records that the recording says it lacks. */
  dropped: number;
}

/**
 * Makes of the records of a run the events that it had, in their order and with its clock. What peers sent is
 * decoded again; what the pool decided is told by the recording.
 */
export class Replayer {
  readonly counts: ReplayCounts = { records: 0, messages: 0, bytes: 0, wrong: 0, dropped: 0 };
  /** What the run knew of the addresses of its peers. */
  readonly origins = new KnownOrigins();

  private readonly peers = new Map<number, ReplayedPeer>();
  private readonly words: Words = new Set();
  private readonly facts = new KnownFacts();
  private readings: Readings | null = null;
  private block: Block | null = null;
  /** The message that came last. What is told of a message follows it. */
  private current: {
    readonly peer: ReplayedPeer;
    readonly command: string;
    readonly payload: Buffer;
  } | null = null;

  constructor(private readonly modules: ReplayerModules) {}

  /** Takes the connections that were open when the recording began. */
  begin(peers: readonly StartPeer[]): void {
    for (const { id, address, outbound, version, origin } of peers) {
      if (this.peers.has(id)) continue;
      const peer = this.open(id, { address, outbound, origin });
      if (version !== null) peer.versionCame(version);
    }
  }

  take(record: StoredRecord): void {
    this.counts.records += 1;
    if (record.kind === KIND.clock) {
      this.readings = decodeReadings(record.form, record.body, record.timeNs);
      if (this.readings === null) this.counts.wrong += 1;
      return;
    }
    this.modules.clock.load(record.timeNs, this.readings);
    this.readings = null;
    try {
      this.handle(record);
    } catch (error) {
      if (!(error instanceof RecordError) && !(error instanceof DecodeError)) throw error;
      this.counts.wrong += 1;
    }
  }

  private handle(record: StoredRecord): void {
    switch (record.kind) {
      case KIND.in:
      case KIND.out:
        this.message(record);
        return;
      case KIND.torn:
        this.torn(record);
        return;
      case KIND.fact:
        this.fact(record.peer, this.facts.read(record.body));
        return;
      case KIND.read:
        if (record.body.length !== 4) throw new RecordError('a number of bytes of another length');
        this.modules.bus.emit('bytesRead', {
          ...{ peer: this.peerOf(record.peer), bytes: record.body.readUInt32LE(0) },
        });
        return;
      case KIND.headers:
        if (record.body.length % HEADER_BYTES !== 0) throw new RecordError('headers of another length');
        this.modules.hooks.headers(record.body);
        return;
      case KIND.block:
        this.block = parseBlock(record.body);
        return;
      default:
        // Of a later version, or the beginning of a file.
        return;
    }
  }

  private message(record: StoredRecord): void {
    const message = readMessage(record);
    if (message === null) throw new RecordError('a message is too short');
    const { command: name, payload, bytes } = message;
    const peer = this.peerOf(record.peer);
    const { bus } = this.modules;
    const command = isCommand(name) ? name : 'other';
    this.counts.messages += 1;
    this.counts.bytes += bytes;
    peer.transport ??= record.form === 0 ? 'v1' : 'v2';
    if (record.kind === KIND.out) {
      bus.emit('bytesWritten', { peer, bytes });
      bus.emit('sent', { peer, command, bytes });
      return;
    }
    this.current = { peer, command: name, payload };
    if (name === 'version') peer.versionCame(payload);
    bus.emit('received', { peer, command, bytes });
  }

  private torn(record: StoredRecord): void {
    const message = readTorn(record);
    if (message === null) throw new RecordError('a damaged message of another length');
    const command = isCommand(message.command) ? message.command : 'other';
    this.modules.bus.emit('received', { peer: this.peerOf(record.peer), command, bytes: message.bytes });
  }

  private fact(id: number, fact: Fact): void {
    const event = fact.text('event');
    if (event === 'dropped') {
      this.counts.dropped += fact.count('records');
      return;
    }
    const { bus, hooks } = this.modules;
    if (tellProgramFact(event, fact, { bus, hooks, words: this.words })) return;
    if (event === 'opened') {
      const opened = { address: fact.address('address'), outbound: fact.flag('outbound') };
      const peer = this.open(id, { ...opened, origin: originIn(fact) });
      bus.emit('opened', { peer });
      return;
    }
    const peer = this.peerOf(id);
    this.peerFact(event, fact, peer);
    if (event !== 'disconnected') return;
    this.peers.delete(id);
    this.origins.delete(peer.address);
  }

  private peerFact(event: string, fact: Fact, peer: ReplayedPeer): void {
    const { bus } = this.modules;
    switch (event) {
      case 'bytesWritten':
        bus.emit('bytesWritten', { peer, bytes: fact.count('bytes') });
        return;
      case 'overhead': {
        peer.transport ??= 'v2';
        const kind = fact.text('kind');
        if (kind !== 'handshake' && kind !== 'decoy') throw new RecordError('overhead of no kind');
        bus.emit('overhead', { peer, kind, read: fact.count('read'), written: fact.count('written') });
        return;
      }
      case 'handshake':
        if (peer.claims === null) throw new RecordError('a handshake without a version');
        bus.emit('handshake', { peer, claims: peer.claims });
        return;
      case 'disconnected': {
        const reason = fact.word('reason', this.words) as DisconnectReason;
        bus.emit('disconnected', { peer, established: fact.flag('established'), reason });
        return;
      }
      case 'violation':
        bus.emit('violation', { peer, reason: fact.word('reason', this.words) as Violation });
        return;
      case 'announced':
        bus.emit('announced', { peer, items: this.decoded(peer, 'inv'), known: fact.count('known') });
        return;
      case 'blockAnnounced':
        bus.emit('blockAnnounced', { peer, hash: hashIn(fact) });
        return;
      case 'addresses':
        bus.emit('addresses', {
          peer,
          addresses:
            this.current?.command === 'addr' ? this.decoded(peer, 'addr') : this.decoded(peer, 'addrv2'),
        });
        return;
      case 'addressesLimited':
      case 'requested':
      case 'notFound':
        bus.emit(event, { peer, count: fact.count('count') });
        return;
      case 'pong':
        bus.emit('pong', { peer, rttMs: fact.number('rttMs') });
        return;
      case 'feeFilter':
        bus.emit('feeFilter', { peer, perKvb: fact.number('perKvb') });
        return;
      case 'transaction':
        bus.emit('transaction', {
          ...{ peer, transaction: this.decoded(peer, 'tx') },
          ...{ first: fact.flag('first'), receivedMs: this.modules.clock.monotonicMs() },
        });
        return;
      case 'transactionShed':
        bus.emit('transactionShed', { peer, transaction: this.decoded(peer, 'tx') });
        return;
      case 'headers':
        bus.emit('headers', { peer, headers: this.decoded(peer, 'headers') });
        return;
      case 'block':
        this.blockCame(fact, peer);
        return;
      default:
        // Of a later version.
        return;
    }
  }

  private blockCame(fact: Fact, peer: ReplayedPeer): void {
    const block = this.block ?? this.decoded(peer, 'block');
    this.block = null;
    this.modules.bus.emit('block', {
      ...{ peer, block, first: fact.flag('first'), requested: fact.flag('requested') },
      ...(fact.has('fetched') ? { fetched: fact.flag('fetched') } : {}),
      receivedMs: this.modules.clock.monotonicMs(),
    });
  }

  /** The message that came last, decoded; it must be one of this command and connection. */
  private decoded<C extends DecodedCommand>(peer: ReplayedPeer, command: C): MessageOf<C> {
    const { current } = this;
    if (current?.peer !== peer || current.command !== command)
      throw new RecordError(`what is told of ${command} follows another message`);
    return DECODERS[command](current.payload);
  }

  private open(id: number, { address, outbound, origin }: Omit<StartPeer, 'id' | 'version'>): ReplayedPeer {
    if (this.peers.size >= MAX_PEERS) throw new RecordError('too many connections');
    const before = this.peers.get(id);
    if (before !== undefined) this.origins.delete(before.address);
    const peer = new ReplayedPeer(id, address, outbound);
    this.peers.set(id, peer);
    this.origins.add(address, origin);
    return peer;
  }

  private peerOf(id: number): ReplayedPeer {
    const peer = this.peers.get(id);
    if (peer === undefined) throw new RecordError('a connection that was not opened');
    return peer;
  }
}
