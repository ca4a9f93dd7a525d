import { randomBytes, randomInt } from 'node:crypto';
import { readCommand } from '../../wire/command-field';
import { MAX_PAYLOAD_BYTES } from '../../wire/framing';
import { IncomingBytes } from '../../wire/incoming-bytes';
import { TokenBucket } from '../budget/token-bucket';
import { LENGTH_BYTES, LengthCipher, PacketCipher, TAG_BYTES } from './cipher';
import { ELLSWIFT_BYTES } from './ellswift';
import { type DirectionSecrets, EphemeralKey, TERMINATOR_BYTES } from './key-exchange';
import { commandOf, shortIdOf } from './short-commands';
import type { Transport, TransportSink, TransportViolation } from './transport';

/** The most garbage that may follow a key (BIP324, MAX_GARBAGE_LEN). */
export const MAX_GARBAGE_BYTES = 4_095;

/** The first byte of a packet; the bit tells the receiver to ignore it. */
const HEADER_BYTES = 1;
const IGNORE = 0x80;

/** The command of a message: a byte, or a zero and 12 bytes. */
const COMMAND_BYTES = 12;
const LONG_COMMAND_BYTES = 1 + COMMAND_BYTES;

/** The longest packet that is accepted (Core 31 `src/net.cpp` V2Transport MAX_CONTENTS_LEN). */
const MAX_CONTENTS_BYTES = LONG_COMMAND_BYTES + MAX_PAYLOAD_BYTES;

/**
 * Decoys of one peer, in bytes. They are meant to hide the lengths of messages, and nobody is known to send
 * any. The limit is that of a stranger's unrequested messages (`PeerBudget`). A decoy costs some bytes more
 * than it has, because decrypting a short one takes as long as 300 bytes.
 */
const DECOYS = { capacity: 16_000_000, perSecond: 256_000 };
const DECOY_COST = 300;

/** A key exchange counts as this many bytes of messages: after it the clock is looked at. */
const EXCHANGE_COST = 4_096;

const NO_BYTES = Buffer.alloc(0);
const NO_FLAGS = Buffer.of(0);

interface EncryptedTransportOptions {
  /** Whether we dialled the peer. */
  readonly isInitiator: boolean;
  readonly magic: number;
  readonly monotonicMs: () => number;
  /** The garbage that follows our key; default: random bytes of a random number, as Core sends them. */
  readonly garbage?: Buffer;
  /** Our key; default: a new one. */
  readonly key?: EphemeralKey;
}

/** The ciphers of one direction. */
class Direction {
  readonly lengths: LengthCipher;
  readonly packets: PacketCipher;

  constructor({ lengthKey, packetKey }: DirectionSecrets) {
    this.lengths = new LengthCipher(lengthKey);
    this.packets = new PacketCipher(packetKey);
  }

  /** An encrypted packet of two parts. */
  seal(head: Buffer, body: Buffer, associated: Buffer = NO_BYTES): Buffer {
    const length = Buffer.alloc(LENGTH_BYTES);
    const contents = head.length - HEADER_BYTES + body.length;
    length.writeUIntLE(this.lengths.apply(contents), 0, LENGTH_BYTES);
    return Buffer.concat([length, ...this.packets.seal(head, body, associated)]);
  }
}

/** In place of what a step cost: a message has to wait. */
const MUST_WAIT = -1;

/** An intact message, with its bytes on this transport. */
interface WholeMessage {
  readonly command: string;
  readonly payload: Buffer;
  readonly bytes: number;
}

/** What is read next. */
type Step = 'key' | 'garbage' | 'length' | 'packet';

/**
 * The encrypted transport (BIP324). Both sides send a key, garbage and a terminator that shows where the
 * garbage ends. Packets follow; the first one is a version that has no use yet. As responder we send our key
 * once the key of the initiator is complete. A packet has 3 bytes of length, a header, contents and a tag. It
 * is decrypted once it is complete. The length that a packet claims never makes this class allocate memory.
 */
export class EncryptedTransport implements Transport {
  readonly name = 'v2';
  /** Identifies the session on both sides; null before the keys were exchanged. */
  sessionId: Buffer | null = null;

  private readonly bytes = new IncomingBytes();
  private step: Step = 'key';
  /** The number of bytes that the next step needs. */
  private wanted = ELLSWIFT_BYTES;
  private broken = false;
  /** A message that is being prepared. */
  private prepared: WholeMessage | null = null;
  /** Null once the keys were exchanged. */
  private key: EphemeralKey | null;
  private ourGarbage: Buffer;
  private terminator: Buffer = NO_BYTES;
  /** The garbage of the peer, which the tag of its first packet authenticates. */
  private garbage: Buffer = NO_BYTES;
  private hasVersion = false;
  private sending: Direction | null = null;
  private receiving: Direction | null = null;
  private decoys: TokenBucket | null = null;

  constructor(
    private readonly options: EncryptedTransportOptions,
    private readonly sink: TransportSink,
  ) {
    this.key = options.key ?? null;
    this.ourGarbage = options.garbage ?? randomBytes(randomInt(MAX_GARBAGE_BYTES + 1));
  }

  get isReady(): boolean {
    return this.sending !== null;
  }

  get held(): number {
    return this.bytes.length + this.garbage.length + (this.prepared?.payload.length ?? 0);
  }

  open(): void {
    if (this.options.isInitiator) this.sink.write(Buffer.concat([this.ownKey().encoded, this.ourGarbage]));
  }

  add(chunk: Buffer): void {
    if (!this.broken) this.bytes.add(chunk);
  }

  run(mayGoOn: (bytes: number) => boolean): boolean {
    const { bytes } = this;
    while (!this.broken && (this.prepared !== null || bytes.length >= this.wanted)) {
      const cost = this.prepared === null ? this.next() : this.handOn(this.prepared);
      if (cost === MUST_WAIT || (cost > 0 && !mayGoOn(cost))) break;
    }
    if (this.broken) this.release();
    else if (bytes.length < this.wanted) bytes.copyChunks(this.wanted);
    return this.prepared !== null || bytes.length >= this.wanted;
  }

  stop(): void {
    this.broken = true;
    this.release();
  }

  /** @throws Error before the transport is ready */
  encode(command: string, payload: Buffer): Buffer {
    if (this.sending === null) throw new Error('a message before the keys were exchanged');
    const id = shortIdOf(command);
    if (id !== undefined) return this.sending.seal(Buffer.of(0, id), payload);
    const head = Buffer.alloc(HEADER_BYTES + LONG_COMMAND_BYTES);
    head.write(command, HEADER_BYTES + 1, COMMAND_BYTES, 'latin1');
    return this.sending.seal(head, payload);
  }

  /** Takes the bytes of one step. Returns what it cost, in bytes of messages. */
  private next(): number {
    switch (this.step) {
      case 'key':
        this.readKey(this.bytes.take(ELLSWIFT_BYTES));
        return EXCHANGE_COST;
      case 'garbage':
        this.readGarbage(this.bytes.take(this.bytes.length));
        return 0;
      case 'length':
        this.readLength(this.bytes.take(LENGTH_BYTES));
        return 0;
      case 'packet': {
        const bytes = LENGTH_BYTES + this.wanted;
        this.readPacket(this.bytes.take(this.wanted), bytes);
        return bytes;
      }
    }
  }

  private expect(step: Step, wanted: number): void {
    this.step = step;
    this.wanted = wanted;
  }

  private readKey(theirs: Buffer): void {
    const { isInitiator, magic } = this.options;
    const key = this.ownKey();
    const { send, receive, sessionId } = key.secretsWith(theirs, isInitiator, magic);
    const garbage = this.ourGarbage;
    this.key = null;
    this.ourGarbage = NO_BYTES;
    this.sessionId = sessionId;
    this.terminator = receive.garbageTerminator;
    this.receiving = new Direction(receive);
    this.sending = new Direction(send);
    this.expect('garbage', 1);
    this.sink.overhead('handshake', ELLSWIFT_BYTES);
    this.sink.write(
      Buffer.concat([
        ...(isInitiator ? [] : [key.encoded, garbage]),
        send.garbageTerminator,
        // Our version packet is empty, as that of every implementation so far.
        this.sending.seal(NO_FLAGS, NO_BYTES, garbage),
      ]),
    );
    this.sink.ready();
  }

  private ownKey(): EphemeralKey {
    return (this.key ??= EphemeralKey.create());
  }

  /** Looks for the terminator in what came since the key. */
  private readGarbage(chunk: Buffer): void {
    const seen = this.garbage.length;
    const all = seen === 0 ? chunk : Buffer.concat([this.garbage, chunk]);
    const end = all.indexOf(this.terminator, Math.max(0, seen - TERMINATOR_BYTES + 1));
    if (end === -1 ? all.length >= MAX_GARBAGE_BYTES + TERMINATOR_BYTES : end > MAX_GARBAGE_BYTES) {
      this.fail('no-garbage-terminator');
      return;
    }
    if (end === -1) {
      this.garbage = Buffer.from(all);
      return;
    }
    this.garbage = Buffer.from(all.subarray(0, end));
    const rest = all.subarray(end + TERMINATOR_BYTES);
    if (rest.length > 0) this.bytes.add(rest);
    this.expect('length', LENGTH_BYTES);
    this.sink.overhead('handshake', end + TERMINATOR_BYTES);
  }

  private readLength(encrypted: Buffer): void {
    const length = this.receiving?.lengths.apply(encrypted.readUIntLE(0, LENGTH_BYTES)) ?? 0;
    if (length > MAX_CONTENTS_BYTES) this.fail('oversized-message');
    else this.expect('packet', HEADER_BYTES + length + TAG_BYTES);
  }

  private readPacket(sealed: Buffer, bytes: number): void {
    const packet = this.receiving?.packets.open(sealed, this.garbage) ?? null;
    if (packet === null) {
      this.fail('wrong-tag');
      return;
    }
    this.garbage = NO_BYTES;
    this.expect('length', LENGTH_BYTES);
    if (((packet[0] ?? 0) & IGNORE) !== 0) {
      this.readDecoy(bytes);
    } else if (!this.hasVersion) {
      // It is for features of the future.
      this.hasVersion = true;
      this.sink.overhead('handshake', bytes);
    } else {
      this.readMessage(packet, bytes);
    }
  }

  private readDecoy(bytes: number): void {
    this.sink.overhead('decoy', bytes);
    const now = this.options.monotonicMs();
    this.decoys ??= new TokenBucket(DECOYS, now);
    if (!this.decoys.take(bytes + DECOY_COST, now)) this.fail('decoy-flood');
  }

  private readMessage(packet: Buffer, bytes: number): void {
    const id = packet[HEADER_BYTES];
    const isLong = id === 0;
    // As in Core, a packet that names no command is ignored; here it counts as an unknown message.
    const start = HEADER_BYTES + (isLong ? LONG_COMMAND_BYTES : 1);
    const command = isLong ? readCommand(packet, HEADER_BYTES + 1) : commandOf(id ?? 0);
    this.handOn({ command: command ?? '', payload: packet.subarray(start), bytes });
  }

  /**
   * Hands on a message, or has a part of it prepared. Returns its bytes on this transport, or that it has to
   * wait.
   */
  private handOn(message: WholeMessage): number {
    const { command, payload, bytes } = message;
    const preparing = this.sink.prepare?.(command, payload) ?? 'done';
    this.prepared = preparing === 'done' ? null : message;
    if (preparing !== 'done') return preparing === 'wait' ? MUST_WAIT : bytes;
    this.sink.arrived(command, bytes);
    this.sink.message(command, payload);
    return bytes;
  }

  private fail(reason: TransportViolation): void {
    this.broken = true;
    this.sink.violation(reason);
  }

  private release(): void {
    this.prepared = null;
    this.bytes.clear();
    this.garbage = NO_BYTES;
    this.wanted = Infinity;
  }
}
