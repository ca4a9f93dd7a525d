import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { LengthCipher, PacketCipher } from '../../src/p2p/transport/cipher';
import { EphemeralKey } from '../../src/p2p/transport/key-exchange';
import { commandOf, shortIdOf } from '../../src/p2p/transport/short-commands';
import { type NetworkName, NETWORKS } from '../../src/wire/networks';
import { type FakeClaims, type ReceivedMessage, versionPayload } from './fake-peer';

const EMPTY = Buffer.alloc(0);

/** The ciphers and the terminator of one direction. */
interface Direction {
  readonly lengths: LengthCipher;
  readonly packets: PacketCipher;
  readonly terminator: Buffer;
}

interface EncryptedPeerOptions {
  readonly isInitiator: boolean;
  readonly network?: NetworkName;
  /** What follows the key; default: nothing. */
  readonly garbage?: Buffer;
  /** Decoys that precede the version packet, by their length. */
  readonly decoysFirst?: readonly number[];
  readonly claims?: FakeClaims;
  /** Called for each message; default: completes the handshake. */
  readonly onMessage?: (peer: EncryptedPeer, message: ReceivedMessage) => void;
}

/** Bytes by what they are, of one direction. */
interface EncryptedTally {
  handshake: number;
  decoys: number;
  /** Bytes of the messages, by command. */
  readonly messages: Map<string, { count: number; bytes: number }>;
}

function newTally(): EncryptedTally {
  return { handshake: 0, decoys: 0, messages: new Map() };
}

function count(tally: EncryptedTally, command: string, bytes: number): void {
  const { count: before, bytes: sum } = tally.messages.get(command) ?? { count: 0, bytes: 0 };
  tally.messages.set(command, { count: before + 1, bytes: sum + bytes });
}

/**
 * One end of a connection by the encrypted transport (BIP324), written a second time: it can do what the
 * program never does. It shares the ciphers with the program, which the vectors of the BIP check.
 */
export class EncryptedPeer {
  readonly got: ReceivedMessage[] = [];
  /** What came, and what was sent. */
  readonly in = newTally();
  readonly out = newTally();
  received = 0;
  written = 0;
  sessionId: Buffer | null = null;
  /** Whether the version packet of the other side came. */
  isOpen = false;
  private readonly key = EphemeralKey.create();
  private readonly garbage: Buffer;
  private buffer = EMPTY;
  private receiving: Direction | null = null;
  private sending: Direction | null = null;
  private theirGarbage: Buffer | null = null;
  private length: number | null = null;

  constructor(
    readonly socket: Socket,
    private readonly options: EncryptedPeerOptions,
  ) {
    this.garbage = options.garbage ?? EMPTY;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      this.buffer = Buffer.concat([this.buffer, chunk]);
      while (this.step());
    });
    if (options.isInitiator) this.handshake(this.key.encoded, this.garbage);
  }

  /** The commands of the messages received, in order. */
  commands(): string[] {
    return this.got.map(({ command }) => command);
  }

  send(command: string, payload: Buffer = EMPTY): void {
    const id = shortIdOf(command);
    const head = Buffer.alloc(id === undefined ? 13 : 1);
    if (id === undefined) head.write(command, 1, 'latin1');
    else head[0] = id;
    const packet = this.seal(Buffer.concat([head, payload]));
    count(this.out, command, packet.length);
    this.raw(packet);
  }

  /** Sends a packet that the other side ignores. */
  decoy(bytes: number): void {
    const packet = this.seal(Buffer.alloc(bytes), { ignore: true });
    this.out.decoys += packet.length;
    this.raw(packet);
  }

  raw(bytes: Buffer): void {
    this.written += bytes.length;
    this.socket.write(bytes);
  }

  /** An encrypted packet. `length` replaces the length that it claims. */
  seal(
    contents: Buffer,
    {
      ignore = false,
      associated = EMPTY,
      length = contents.length,
    }: { readonly ignore?: boolean; readonly associated?: Buffer; readonly length?: number } = {},
  ): Buffer {
    const { sending } = this;
    if (sending === null) throw new Error('a packet before the keys were exchanged');
    const hidden = Buffer.alloc(3);
    hidden.writeUIntLE(sending.lengths.apply(length), 0, 3);
    const flags = Buffer.of(ignore ? 0x80 : 0);
    return Buffer.concat([hidden, ...sending.packets.seal(flags, contents, associated)]);
  }

  private handshake(...parts: readonly Buffer[]): void {
    const bytes = Buffer.concat(parts);
    this.out.handshake += bytes.length;
    if (bytes.length > 0) this.raw(bytes);
  }

  private take(length: number): Buffer {
    const taken = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return taken;
  }

  /** Reads one part of what came. Returns whether there was enough for it. */
  private step(): boolean {
    const { receiving } = this;
    if (receiving === null) {
      if (this.buffer.length < 64) return false;
      this.exchange(this.take(64));
    } else if (this.theirGarbage === null) {
      const end = this.buffer.indexOf(receiving.terminator);
      if (end === -1) return false;
      this.theirGarbage = this.take(end);
      this.take(16);
      this.in.handshake += end + 16;
    } else if (this.length === null) {
      if (this.buffer.length < 3) return false;
      this.length = receiving.lengths.apply(this.take(3).readUIntLE(0, 3));
    } else {
      if (this.buffer.length < this.length + 17) return false;
      const plain = receiving.packets.open(this.take(this.length + 17), this.theirGarbage);
      if (plain === null) throw new Error('the listener sent a packet with a wrong tag');
      this.theirGarbage = EMPTY;
      this.packet(plain, this.length + 20);
      this.length = null;
    }
    return true;
  }

  private exchange(theirs: Buffer): void {
    const { isInitiator, network = 'regtest', decoysFirst = [] } = this.options;
    const secrets = this.key.secretsWith(theirs, isInitiator, NETWORKS[network].magic);
    const directionOf = ({ lengthKey, packetKey, garbageTerminator }: typeof secrets.send): Direction => ({
      lengths: new LengthCipher(lengthKey),
      packets: new PacketCipher(packetKey),
      terminator: garbageTerminator,
    });
    this.in.handshake += theirs.length;
    this.sessionId = secrets.sessionId;
    this.receiving = directionOf(secrets.receive);
    this.sending = directionOf(secrets.send);
    this.handshake(...(isInitiator ? [] : [this.key.encoded, this.garbage]), this.sending.terminator);
    let associated = this.garbage;
    for (const bytes of decoysFirst) {
      const decoy = this.seal(Buffer.alloc(bytes), { ignore: true, associated });
      this.out.decoys += decoy.length;
      this.raw(decoy);
      associated = EMPTY;
    }
    this.handshake(this.seal(EMPTY, { associated }));
  }

  private packet(plain: Buffer, bytes: number): void {
    if (((plain[0] ?? 0) & 0x80) !== 0) {
      this.in.decoys += bytes;
    } else if (!this.isOpen) {
      this.isOpen = true;
      this.in.handshake += bytes;
      if (this.options.isInitiator && this.options.onMessage === undefined)
        this.send('version', versionPayload(this.options.claims));
    } else {
      const isLong = plain[1] === 0;
      const name = isLong ? plain.toString('latin1', 2, 14).replace(/\0.*/s, '') : commandOf(plain[1] ?? 0);
      const message = { command: name ?? 'other', payload: plain.subarray(isLong ? 14 : 2) };
      count(this.in, message.command, bytes);
      this.got.push(message);
      if (this.options.onMessage === undefined) this.answer(message.command);
      else this.options.onMessage(this, message);
    }
  }

  /** Completes the handshake of the protocol. */
  private answer(command: string): void {
    const { isInitiator, claims } = this.options;
    if (command === 'version' && !isInitiator) this.send('version', versionPayload(claims));
    if (command === (isInitiator ? 'version' : 'verack')) this.send('verack');
  }
}

/** Dials the listener by the encrypted transport, from the loopback address `from`. */
export async function dialEncrypted(
  port: number,
  options: Omit<EncryptedPeerOptions, 'isInitiator'> & { readonly from?: string } = {},
): Promise<EncryptedPeer> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: options.from ?? '127.0.0.1' });
  await once(socket, 'connect');
  return new EncryptedPeer(socket, { ...options, isInitiator: true });
}

/** A node on a loopback port that speaks the encrypted transport alone. */
export class EncryptedNode {
  readonly connections: EncryptedPeer[] = [];

  private constructor(
    readonly port: number,
    private readonly close: () => Promise<unknown>,
  ) {}

  static async start(options: Omit<EncryptedPeerOptions, 'isInitiator'> = {}): Promise<EncryptedNode> {
    const server = createServer((socket) =>
      node.connections.push(new EncryptedPeer(socket, { ...options, isInitiator: false })),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const node = new EncryptedNode((server.address() as AddressInfo).port, () => {
      for (const { socket } of node.connections) socket.destroy();
      server.close();
      return once(server, 'close');
    });
    return node;
  }

  async stop(): Promise<void> {
    await this.close();
  }
}
