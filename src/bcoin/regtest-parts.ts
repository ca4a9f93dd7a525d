import type { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import type Network from 'bcoin/lib/protocol/network';

/*
 * Types for the parts of bcoin 1.0.2 that the demo's regtest network uses; bcoin has none. Only bcoin.ts
 * loads it.
 */

interface BcoinScript {
  readonly raw: Buffer;
  /** SHA-256: the program of pay-to-witness-script-hash. */
  sha256(): Buffer;
}

export interface BcoinTX {
  readonly outputs: readonly { readonly script: BcoinScript; readonly value: number }[];
  txid(): string;
}

export interface BcoinKeyRing {
  /**
   * Whether the ring owns witness programs: that of its script, and that of its key nested in
   * pay-to-script-hash.
   */
  witness: boolean;
  readonly publicKey: Buffer;
  getKeyHash(): Buffer;
  /** HASH160 of the witness program. */
  getNestedHash(): Buffer;
  getAddress(): object;
  ownOutput(tx: BcoinTX, index: number): boolean;
}

interface BcoinMTX {
  version: number;
  /** Spends an output; a height of -1 stands for unconfirmed. */
  addTX(tx: BcoinTX, index: number, height: number): unknown;
  addOutput(script: BcoinScript, value: number): unknown;
  /** Signs the inputs that the rings own; returns how many. */
  sign(rings: readonly BcoinKeyRing[]): number;
  toTX(): BcoinTX;
}

interface BcoinBlock {
  readonly txs: readonly BcoinTX[];
}

export interface BcoinChain extends EventEmitter {
  readonly height: number;
  /** State of a BIP9 deployment; 3 is ACTIVE. */
  getState: () => Promise<number>;
  open(): Promise<void>;
  close(): Promise<void>;
  /** Null for a block whose parent is unknown. */
  add(block: BcoinBlock): Promise<object | null>;
  on(event: 'connect', listener: (entry: object, block: BcoinBlock) => Promise<void>): this;
  on(event: 'error', listener: (error: Error) => void): this;
}

export interface BcoinMempool extends EventEmitter {
  open(): Promise<void>;
  close(): Promise<void>;
  /** Null, or the unknown parents of a transaction that is now an orphan; throws if it is refused. */
  addTX(tx: BcoinTX): Promise<readonly string[] | null>;
  /** Removes the transactions of a connected block. */
  _addBlock(entry: object, transactions: readonly BcoinTX[]): Promise<void>;
}

export interface BcoinMiner extends EventEmitter {
  open(): Promise<void>;
  close(): Promise<void>;
  createJob(tip: null, address: object): Promise<BcoinMiningJob>;
}

interface BcoinMiningJob {
  /** Call `refresh` after a change. */
  readonly attempt: { time: number; refresh(): void };
  mineAsync(): Promise<BcoinBlock>;
}

export interface BcoinPool extends EventEmitter {
  /** `banScore`: the score at which a peer is banned. */
  readonly options: { port: number; banScore: number };
  /** `local`: the addresses that it announces as its own. */
  readonly hosts: { readonly local: Map<string, object> };
  readonly peers: { head(): BcoinPoolPeer | null };
  readonly server: { address(): AddressInfo };
  discoverExternal: () => Promise<void>;
  fillOutbound: () => void;
  open(): Promise<void>;
  connect(): Promise<void>;
  close(): Promise<void>;
  /** Announces a transaction to the peers of this pool and serves it, even if the mempool refused it. */
  broadcast(tx: BcoinTX): Promise<boolean>;
  on(event: 'packet', listener: (packet: object, peer: BcoinPoolPeer) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
}

interface BcoinPoolPeer {
  readonly next: BcoinPoolPeer | null;
  /** Service bits that the peer claims. */
  services: number;
  /** Sends the waiting inventory; bcoin itself does so every 5 s. */
  flushInv(): void;
}

interface NodeOptions {
  readonly network: Network;
  readonly chain: BcoinChain;
}

/** The classes of bcoin for a regtest network in this process. */
export interface RegtestParts {
  readonly Chain: new (options: { readonly network: Network; readonly memory: true }) => BcoinChain;
  readonly Mempool: new (
    options: NodeOptions & {
      readonly memory: true;
      readonly requireStandard: boolean;
      readonly limitFree: boolean;
      readonly relayPriority: boolean;
      readonly rejectAbsurdFees: boolean;
    },
  ) => BcoinMempool;
  readonly Miner: new (
    options: NodeOptions & {
      readonly mempool: BcoinMempool;
      readonly minWeight: number;
      readonly maxWeight: number;
    },
  ) => BcoinMiner;
  readonly Pool: new (
    options: NodeOptions & {
      readonly mempool: BcoinMempool;
      readonly memory: true;
      readonly listen: boolean;
      readonly host: string;
      readonly agent: string;
      readonly seeds: readonly string[];
    },
  ) => BcoinPool;
  readonly KeyRing: {
    fromPrivate(key: Buffer): BcoinKeyRing;
    fromScript(key: Buffer, script: BcoinScript): BcoinKeyRing;
  };
  readonly MTX: new () => BcoinMTX;
  readonly Script: {
    fromRaw(data: Buffer): BcoinScript;
    fromMultisig(m: number, n: number, keys: readonly Buffer[]): BcoinScript;
  };
}
