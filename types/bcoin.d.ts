// bcoin 1.0.2 has no types. These are the parts that src/bcoin uses for its session.

declare module 'bcoin/lib/protocol/network' {
  class Network {
    static get(type: string): Network;
    readonly type: string;
    readonly magic: number;
    readonly port: number;
    /** Unix time in seconds. */
    now(): number;
  }
  export = Network;
}

declare module 'bcoin/lib/net/netaddress' {
  import type Network from 'bcoin/lib/protocol/network';

  class NetAddress {
    /** No address: 0.0.0.0:0. */
    constructor();
    static fromHost(host: string, port: number, network: Network): NetAddress;
    readonly host: string;
    readonly port: number;
    readonly hostname: string;
  }
  export = NetAddress;
}

declare module 'bcoin/lib/net/packets' {
  import type NetAddress from 'bcoin/lib/net/netaddress';

  /** Base of all packets: the command and a serializer of the payload. */
  export class Packet {
    readonly type: number;
    readonly cmd: string;
    toRaw(): Buffer;
  }
  export class VersionPacket extends Packet {
    version: number;
    services: number;
    /** Unix time in seconds. */
    time: number;
    /** The address of the receiver. */
    remote: NetAddress;
    readonly local: { services: number };
    height: number;
    agent: string;
    noRelay: boolean;
    nonce: Buffer;
  }
  export class VerackPacket extends Packet {}
  export class PongPacket extends Packet {
    constructor(nonce: Buffer);
    readonly nonce: Buffer;
  }
  export const types: { readonly VERSION: number; readonly VERACK: number };
  export function fromRaw(command: string, payload: Buffer): Packet;
}

declare module 'bcoin/lib/net/peer' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';
  import type { Duplex } from 'node:stream';
  import type Network from 'bcoin/lib/protocol/network';
  import type NetAddress from 'bcoin/lib/net/netaddress';
  import type * as packets from 'bcoin/lib/net/packets';

  class Peer extends EventEmitter {
    constructor(options: Peer.Options);
    socket: Peer.Stream | null;
    address: NetAddress;
    outbound: boolean;
    connected: boolean;
    readonly destroyed: boolean;
    /** Whether version and verack went both ways. */
    readonly handshake: boolean;
    /** The peer's protocol version; -1 before its `version`. */
    version: number;
    services: number;
    height: number;
    agent: string | null;
    noRelay: boolean;
    /** Listens to the parser; called by the constructor. */
    init(): void;
    /** Listens to the socket. */
    _bind(socket: Peer.Stream): void;
    connect(address: NetAddress): Peer.Stream;
    accept(socket: Socket): Socket;
    tryOpen(): Promise<void>;
    /** Waits for the connection. */
    initConnect(): Promise<void>;
    /** Begins to look for silence; called when the socket is open. */
    initStall(): Promise<void>;
    /** Begins to ping and to announce, after the handshake. */
    finalize(): Promise<void>;
    /** Sends a ping unless one is unanswered. Does nothing before the handshake is complete. */
    sendPing(): void;
    connectTimeout: NodeJS.Timeout | null;
    destroy(): void;
    error(error: Error | string): void;
    write(data: Buffer): void;
    send(packet: packets.Packet): void;
    sendRaw(command: string, payload: Buffer, checksum?: Buffer | null): void;
    feedParser(chunk: Buffer): void;
    sendVersion(): void;
    handleDrain(): void;
    /**
     * Ends the session where the peer is silent for too long; called every 5 seconds. All times are those of
     * `Date.now`.
     */
    maybeTimeout(): void;
    time: number;
    lastSend: number;
    lastRecv: number;
    lastPing: number;
    responseMap: ReadonlyMap<number, { timeout: number }>;
    handlePacket(packet: packets.Packet): Promise<void>;
    handleVersion(packet: packets.VersionPacket): Promise<void>;
  }

  namespace Peer {
    /** What is used of a socket. */
    interface Stream extends Duplex {
      setNoDelay(noDelay?: boolean): unknown;
    }

    interface Logger {
      context(name: string): Logger;
      error(...args: unknown[]): void;
      warning(...args: unknown[]): void;
      info(...args: unknown[]): void;
      debug(...args: unknown[]): void;
      spam(...args: unknown[]): void;
    }

    interface Options {
      network: Network;
      logger: Logger;
      version: number;
      services: number;
      agent: string;
      noRelay: boolean;
      spv: boolean;
      headers: boolean;
      compact: boolean;
      banScore: number;
      getHeight(): number;
      isFull(): boolean;
      hasWitness(): boolean;
      hasNonce(nonce: Buffer): boolean;
      getRate(hash: string): number;
      /** Whether filters of what is announced are left out; scripts/build.ts adds that to bcoin. */
      announcesNothing: boolean;
    }
  }
  export = Peer;
}
