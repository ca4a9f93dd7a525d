import type { EventEmitter } from 'node:events';
import type Network from 'bcoin/lib/protocol/network';

/*
 * Types for the parts of bcoin 1.0.2 that full validation uses; bcoin has none. Only bcoin.ts loads it.
 * Hashes are 64 hexadecimal digits in wire order.
 */

/** A big number of bn.js. */
interface BigNumber {
  gt(other: BigNumber): boolean;
}

export interface FullTX {
  readonly inputs: readonly { readonly prevout: object }[];
  /** Runs the scripts of its inputs; throws ScriptError. */
  check(view: CoinView, flags: number): void;
}

/** The outputs that a block spends and creates. */
export interface CoinView {
  /** Finds spent outputs too. */
  getOutput(prevout: object): { readonly value: number; readonly script: { readonly raw: Buffer } } | null;
}

export interface FullBlock {
  readonly txs: readonly FullTX[];
  readonly prevBlock: string;
  hash(encoding: 'hex'): string;
}

/** A header as bcoin's chain stores it. */
export interface ChainEntry {
  readonly hash: string;
  readonly prevBlock: string;
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly chainwork: BigNumber;
  toHeaders(): { toRaw(): Buffer };
}

/** A deployment of BIP9. */
interface Deployment {
  readonly name: string;
}

/** Runs the scripts of a transaction for the chain; rejects with ScriptError. */
export interface ScriptRunner {
  check(tx: FullTX, view: CoinView, flags: number): Promise<void>;
}

/** The error that bcoin throws if a block breaks a rule. */
export interface VerifyError extends Error {
  readonly type: 'VerifyError';
  readonly code: string;
  readonly reason: string;
  readonly score: number;
  /** Hash of that block. */
  readonly hash: string;
}

/** A bcoin database over a back end. */
interface BcoinDatabase {
  batch(): { del(key: Buffer): void; put(key: Buffer, value: Buffer | null): void; write(): Promise<void> };
}

interface ChainDatabase {
  db: BcoinDatabase;
  readonly cacheHash: { remove(hash: string): void };
  verifyFlags: () => Promise<void>;
  /** Hashes of the blocks without children. */
  getTips(): Promise<string[]>;
  getCoin(hash: string, index: number): Promise<{ readonly value: number } | null>;
}

export interface FullChain extends EventEmitter {
  readonly db: ChainDatabase;
  readonly tip: ChainEntry;
  readonly height: number;
  /** 3 is ACTIVE, 0 is DEFINED. */
  getState: (previous: ChainEntry, deployment: Deployment) => Promise<number>;
  /** The rules for a block of this time (Unix, seconds) after an entry. */
  getDeployments: (time: number, previous: ChainEntry) => Promise<object>;
  /** The nBits after a period that began with `first` and ended with `previous`. */
  retarget: (previous: ChainEntry, first: ChainEntry) => number;
  open(): Promise<void>;
  close(): Promise<void>;
  /** Null for a block whose parent is unknown, which is then kept as an orphan. */
  add(block: FullBlock): Promise<ChainEntry | null>;
  purgeOrphans(): void;
  getEntry(block: string | number): Promise<ChainEntry | null>;
  getPrevious(entry: ChainEntry): Promise<ChainEntry | null>;
  isMainChain(entry: ChainEntry): Promise<boolean>;
  /** Makes the parent of a stored block the tip. */
  reorganize(competitor: ChainEntry): Promise<void>;
  /** Connects a stored block to the tip. */
  reconnect(entry: ChainEntry): Promise<void>;
  on(event: 'connect', listener: (entry: ChainEntry, block: FullBlock, view: CoinView) => void): this;
}

type Key = Record<'build', (hash: string) => Buffer>;

/** The classes of bcoin that full validation uses. */
export interface ChainParts {
  readonly Chain: new (options: {
    readonly network: Network;
    readonly memory: true;
    readonly prune: boolean;
    readonly checkpoints: boolean;
    readonly coinCache: number;
    readonly entryCache: number;
    readonly workers: ScriptRunner;
  }) => FullChain;
  readonly Block: { fromRaw(data: Buffer): FullBlock };
  readonly DB: new (backend: unknown, location: string, options: object) => BcoinDatabase;
  /** Database keys of a block on a side branch: its tip, height, entry, and the block itself. */
  readonly layout: { readonly p: Key; readonly h: Key; readonly e: Key; readonly b: Key };
  readonly consensus: { fromCompact(bits: number): BigNumber };
  readonly secp256k1: {
    verifyDER: (message: Buffer, signature: Buffer, key: Buffer) => boolean;
    /** R and S, 32 bytes each, of a DER signature, including the lax forms before BIP66; throws. */
    fromLax(signature: Buffer): Buffer;
  };
  readonly hash256: { digest: (data: Buffer) => Buffer };
}
