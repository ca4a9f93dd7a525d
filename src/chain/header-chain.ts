import { type Hash, readHash, writeHash256 } from '../wire/hash';
import { HEADER_BYTES } from '../wire/header';
import { type Ancestry, requiredBits } from './difficulty';
import { HeaderTable } from './header-table';
import { HeightIndex } from './height-index';
import type { ChainParams } from './params';
import { ProofOfWork } from './proof-of-work';
import type { HeaderReason } from './reasons';

/** Number of blocks in a median time (Core 31 `src/chain.h` CBlockIndex::nMedianTimeSpan). */
const MEDIAN_SPAN = 11;

/**
 * How far a block's time may be ahead of our clock, in seconds (Core 31 `src/chain.h` MAX_FUTURE_BLOCK_TIME).
 */
const MAX_AHEAD = 2 * 60 * 60;

/** How far the time of a period's first block may be before its parent's under BIP94, in seconds. */
const MAX_TIMEWARP = 600;

/**
 * Number of consecutive hashes at the start of a locator; after these, each step is twice as long as the
 * last.
 */
const LOCATOR_DENSE = 10;

/** What became of a header. `index` stays valid for the life of the chain. */
export type HeaderVerdict =
  | { readonly status: 'accepted' | 'duplicate'; readonly index: number }
  /** Its parent is not known; its proof of work is good. */
  | { readonly status: 'orphan' }
  | { readonly status: 'rejected'; readonly reason: HeaderReason };

/** A valid header that is not in the chain yet. */
interface NewHeader {
  readonly status: 'new';
  readonly parent: number;
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly work: bigint;
}

export interface HeaderChainModules {
  /** Unix time in seconds. */
  readonly unixTime: () => number;
}

/**
 * All valid headers that arrived, and which of them form the best chain: the one with the most work, and of
 * equals the first. Each header is checked against every rule of Core's AcceptBlockHeader and against
 * checkpoints. The rules are those of bcoin's chain plus BIP94, and the tests compare them with bcoin's code.
 * They are implemented here because bcoin's chain takes 20 times as long (bench/headers.ts).
 *
 * Core's defences against floods of cheap headers (a minimum of work before anything is stored) are not
 * implemented. Above the last checkpoint only the proof of work bounds what is stored.
 */
export class HeaderChain implements Ancestry {
  private readonly table = new HeaderTable();
  private readonly heights = new HeightIndex(this.table);
  private readonly pow: ProofOfWork;
  /** The headers that no other one follows. */
  private readonly ends = new Set<number>([0]);
  private invalidations = 0;
  private bestWork: bigint;
  /** Index of the highest checkpoint that was reached. */
  private checkpoint = 0;
  private readonly hash = Buffer.alloc(32);
  /** The hash that `indexOf` looks for. */
  private readonly wanted = Buffer.alloc(32);
  private readonly times = new Float64Array(MEDIAN_SPAN);

  constructor(
    readonly params: ChainParams,
    private readonly modules: HeaderChainModules,
  ) {
    this.pow = new ProofOfWork(params.powLimit);
    const { genesis } = params;
    const bits = genesis.readUInt32LE(72);
    writeHash256(genesis, this.hash, 0);
    this.bestWork = this.pow.proven(this.hash, 0, bits) ?? 0n;
    this.table.add(this.hash, 0, {
      parent: 0,
      height: 0,
      time: genesis.readUInt32LE(68),
      bits,
      work: this.bestWork,
    });
  }

  /** Number of headers, including the genesis header and side branches. */
  get size(): number {
    return this.table.size;
  }

  /** Indices of the headers that no other one follows: the ends of all branches, valid or not. */
  get tips(): readonly number[] {
    return [...this.ends];
  }

  /** Grows with each header that is added, and each one that is found to be invalid. */
  get changes(): number {
    return this.table.size + this.invalidations;
  }

  /** Index of the last header of the best chain. */
  get best(): number {
    return this.heights.best;
  }

  /** Height of the best chain. */
  get bestHeight(): number {
    return this.heights.height;
  }

  /** Adds the header in the 80 bytes of `bytes` from `start`. The buffer is not kept. */
  add(bytes: Buffer, start = 0): HeaderVerdict {
    const { table, hash } = this;
    const judged = this.judge(bytes, start);
    if (judged.status !== 'new') return judged;
    const { bits, height, parent, time, work } = judged;
    const index = table.add(hash, 0, { parent, height, time, bits, work });
    this.ends.delete(parent);
    this.ends.add(index);
    if (this.params.checkpoints.has(height) && height > table.height(this.checkpoint))
      this.checkpoint = index;
    if (work > this.bestWork) this.setBest(index);
    return { status: 'accepted', index };
  }

  /**
   * The height that `add` would give to the header in the 80 bytes of `bytes` from `start`; undefined if it
   * would not accept it.
   */
  heightIfValid(bytes: Buffer, start = 0): number | undefined {
    const judged = this.judge(bytes, start);
    if (judged.status === 'new') return judged.height;
    return judged.status === 'duplicate' ? this.table.height(judged.index) : undefined;
  }

  /** Judges a header, whose hash is in `this.hash` then. */
  private judge(bytes: Buffer, start: number): HeaderVerdict | NewHeader {
    const { table, hash } = this;
    writeHash256(bytes.subarray(start, start + HEADER_BYTES), hash, 0);
    const known = table.find(hash, 0);
    if (known >= 0)
      return table.isInvalid(known) ? rejected('duplicate-invalid') : { status: 'duplicate', index: known };

    const bits = bytes.readUInt32LE(start + 72);
    const proven = this.pow.proven(hash, 0, bits);
    if (proven === undefined) return rejected('high-hash');
    const parent = table.find(bytes, start + 4);
    if (parent < 0) return { status: 'orphan' };
    if (table.isInvalid(parent)) return rejected('bad-prevblk');

    const time = bytes.readUInt32LE(start + 68);
    const reason = this.contextual(parent, bits, time, bytes.readInt32LE(start));
    if (reason !== undefined) return rejected(reason);

    const height = table.height(parent) + 1;
    return { status: 'new', parent, height, time, bits, work: table.work(parent) + proven };
  }

  /** Index of the header with this hash (32 bytes from `start`, in wire order); undefined if unknown. */
  find(hash: Buffer, start = 0): number | undefined {
    const index = this.table.find(hash, start);
    return index < 0 ? undefined : index;
  }

  /** Index of the header with this hash; undefined if unknown. */
  indexOf(hash: Hash): number | undefined {
    this.wanted.write(hash, 'latin1');
    return this.find(this.wanted);
  }

  /** The height of a block; undefined where its header is not known. */
  heightOf(hash: Hash): number | undefined {
    const index = this.indexOf(hash);
    return index === undefined ? undefined : this.height(index);
  }

  hashOf(index: number): Hash {
    return readHash(this.table.hash(index), 0);
  }

  parent(index: number): number {
    return this.table.parent(index);
  }

  height(index: number): number {
    return this.table.height(index);
  }

  time(index: number): number {
    return this.table.time(index);
  }

  bits(index: number): number {
    return this.table.bits(index);
  }

  /** Total work of the chain up to and including this header. */
  work(index: number): bigint {
    return this.table.work(index);
  }

  /** Whether the block of this header, or of an ancestor, was found to be invalid. */
  isInvalid(index: number): boolean {
    return this.table.isInvalid(index);
  }

  /** Whether it is part of the best chain. */
  isMain(index: number): boolean {
    return this.heights.isMain(index);
  }

  /**
   * Whether it is the last checkpoint that was reached or an ancestor of it. Such a block is known to be
   * valid.
   */
  isCheckpointed(index: number): boolean {
    const height = this.table.height(index);
    return height <= this.table.height(this.checkpoint) && this.ancestor(this.checkpoint, height) === index;
  }

  /** Index of this header's ancestor at a height that is not above its own. */
  ancestor(index: number, height: number): number {
    return this.heights.ancestor(index, height);
  }

  /** Index of the last header that two chains share. */
  forkPoint(a: number, b: number): number {
    return this.heights.forkPoint(a, b);
  }

  /** Median time (BIP113, Unix seconds) of a header and its 10 ancestors, or of fewer near the genesis. */
  medianTime(index: number): number {
    const { times, table } = this;
    let count = 0;
    let each = index;
    for (;;) {
      // Times are mostly in order, newest first, so each finds its place at the first comparison.
      const time = table.time(each);
      let place = count++;
      for (; place > 0 && (times[place - 1] ?? 0) < time; place--) times[place] = times[place - 1] ?? 0;
      times[place] = time;
      if (count === MEDIAN_SPAN || each === 0) break;
      each = table.parent(each);
    }
    // Of an even number, the later of the middle two, as in Core; the list is descending.
    return times[(count - 1) >> 1] ?? 0;
  }

  /**
   * Block locator of the chain that ends with a header (default: the best one), as `getheaders` sends it:
   * hashes in wire order, newest first, with growing distances.
   */
  locator(index = this.best): Buffer[] {
    const hashes: Buffer[] = [];
    let step = 1;
    for (let each = index, height = this.table.height(index); height > 0; height -= step) {
      each = this.ancestor(each, height);
      hashes.push(this.table.hash(each));
      if (hashes.length >= LOCATOR_DENSE) step *= 2;
    }
    hashes.push(this.table.hash(0));
    return hashes;
  }

  /** Excludes a header whose block is invalid, and all its descendants, from the choice of the best chain. */
  invalidate(index: number): void {
    const { table } = this;
    this.invalidations += table.invalidate(index);
    if (!table.isInvalid(this.best)) return;
    let best = 0;
    for (let each = 1; each < table.size; each++)
      if (!table.isInvalid(each) && table.work(each) > table.work(best)) best = each;
    this.setBest(best);
  }

  /** Core's ContextualCheckBlockHeader. The hash is the one computed last. */
  private contextual(parent: number, bits: number, time: number, version: number): HeaderReason | undefined {
    const { table, params } = this;
    const height = table.height(parent) + 1;
    if (bits !== requiredBits(params, this, parent, time)) return 'bad-diffbits';
    if (height < table.height(this.checkpoint)) return 'bad-fork-prior-to-checkpoint';
    const checkpoint = params.checkpoints.get(height);
    if (checkpoint !== undefined && checkpoint !== Buffer.from(this.hash).reverse().toString('hex'))
      return 'checkpoint-mismatch';
    if (time <= this.medianTime(parent)) return 'time-too-old';
    if (params.bip94 && height % params.retargetInterval === 0 && time < table.time(parent) - MAX_TIMEWARP)
      return 'time-timewarp-attack';
    if (time > this.modules.unixTime() + MAX_AHEAD) return 'time-too-new';
    const { bip34Height, bip65Height, bip66Height } = params;
    const isOutdated =
      (version < 2 && height >= bip34Height) ||
      (version < 3 && height >= bip66Height) ||
      (version < 4 && height >= bip65Height);
    return isOutdated ? 'bad-version' : undefined;
  }

  private setBest(index: number): void {
    this.heights.setBest(index);
    this.bestWork = this.table.work(index);
  }
}

function rejected(reason: HeaderReason): HeaderVerdict {
  return { status: 'rejected', reason };
}
