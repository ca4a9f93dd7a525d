import type { Clock } from '../../lib/clock';
import type { Block } from '../../wire/block';
import type { Hash } from '../../wire/hash';
import type { HeaderChain } from '../header-chain';
import type { FullEngine, FullVerdict } from './engine';

/**
 * Most blocks beyond the tip that are fetched, held or judged at once. Each may have 4 MB, both here and in
 * the thread. While one is judged, the next ones arrive.
 */
const WINDOW = 16;

/**
 * Most blocks that wait for their parents, and also the most that wait for the engine. Includes blocks of
 * other branches.
 */
const MAX_WAITING = 2 * WINDOW;

/** How long a block waits for its parent before it is given up. */
const MAX_WAIT_MS = 60_000;

/** Receives the verdict on a block; undefined if there can be none now. */
export type Told = (verdict: FullVerdict | undefined) => void;

export interface FullValidationModules {
  readonly engine: FullEngine;
  readonly chain: HeaderChain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /**
   * Requests blocks from peers by their hashes. The first one is `depth` blocks below the best header.
   */
  readonly fetch: (hashes: readonly Hash[], depth: number) => void;
  /** Called with the height when the tip has moved, and once when it first reaches the best header. */
  readonly progress: (height: number, caughtUp: boolean) => void;
}

interface Job {
  readonly block: Block;
  readonly index: number;
  readonly told: Told;
}

interface HeldJob extends Job {
  readonly since: number;
}

/**
 * Passes valid blocks to an engine in the order of the chain, and fetches those that are missing between the
 * engine's tip and the best header. A block is identified by its index in the header chain.
 *
 * A block whose ancestors are on their way waits for them. A block that is farther ahead gets no verdict, and
 * is fetched again when its turn comes. New blocks are treated like that while the chain is still far behind.
 */
export class FullValidation {
  private tip: number;
  /** Blocks that the engine has stored outside its best chain. */
  private readonly stored = new Set<number>();
  /** Blocks that were passed to the engine and are not judged yet. */
  private readonly given = new Map<number, Job>();
  private readonly held = new Map<number, HeldJob>();
  private headersKnown = false;
  private reachedBest = false;

  /** The header chain must contain the engine's tip (see `loadHeaders`). */
  constructor(private readonly modules: FullValidationModules) {
    const { chain, engine } = modules;
    this.tip = chain.indexOf(engine.tip) ?? 0;
    this.invalidate(engine.invalid);
  }

  /** Whether the engine's tip has reached the best header since the start. */
  get caughtUp(): boolean {
    return this.reachedBest;
  }

  /** Judges a block that passed the checks without unspent outputs, and calls `told` once. */
  judge(block: Block, index: number, told: Told): void {
    if (this.given.has(index) || this.held.has(index)) {
      told(undefined);
      return;
    }
    const job = { block, index, told };
    const { chain } = this.modules;
    const isNext = this.has(chain.parent(index));
    if (isNext && this.given.size < MAX_WAITING) this.give(job);
    else if (
      !isNext &&
      this.held.size < MAX_WAITING &&
      chain.height(index) <= chain.height(this.tip) + WINDOW
    )
      this.held.set(index, { ...job, since: this.modules.clock.monotonicMs() });
    else told(undefined);
  }

  /** Notes that there are new headers. `synced` tells whether some peer has no more than these. */
  headersAdded(synced: boolean): void {
    this.headersKnown ||= synced;
    this.advance();
  }

  /** Requests missing blocks again, and gives up blocks that waited too long. Call it about once a second. */
  tick(): void {
    const before = this.modules.clock.monotonicMs() - MAX_WAIT_MS;
    for (const job of this.held.values()) if (job.since < before) this.release(job, undefined);
    this.advance();
  }

  /** Gives up all blocks that wait, without a verdict. Nothing is judged after this. */
  stop(): void {
    for (const jobs of [this.given, this.held]) {
      for (const { told } of jobs.values()) told(undefined);
      jobs.clear();
    }
  }

  private has(index: number): boolean {
    const { chain } = this.modules;
    if (this.given.has(index) || this.stored.has(index)) return true;
    const height = chain.height(index);
    return height <= chain.height(this.tip) && chain.ancestor(this.tip, height) === index;
  }

  private give(job: Job): void {
    const { engine, chain } = this.modules;
    const { block, index, told } = job;
    this.given.set(index, job);
    void engine.add(block.bytes, !chain.isCheckpointed(index)).then((verdict) => {
      if (!this.given.delete(index)) return;
      this.invalidate(verdict.invalid);
      this.moveTip(chain.indexOf(verdict.tip) ?? this.tip);
      if (verdict.status === 'stored' && !this.has(index)) this.stored.add(index);
      told(verdict);
      for (const job of this.held.values()) if (chain.isInvalid(job.index)) this.release(job, undefined);
      this.advance();
    });
    for (const job of this.held.values()) if (chain.parent(job.index) === index) this.release(job);
  }

  /** Releases a held block: to the engine, or without a verdict if one is passed as undefined. */
  private release(job: HeldJob, ...verdict: [] | [undefined]): void {
    this.held.delete(job.index);
    if (verdict.length === 0) this.give(job);
    else job.told(undefined);
  }

  private moveTip(tip: number): void {
    const { chain } = this.modules;
    if (tip === this.tip) return;
    const fork = chain.forkPoint(this.tip, tip);
    // The blocks of the old best chain are now on a side branch, and stored blocks may be on the best chain.
    for (let each = this.tip; each !== fork; each = chain.parent(each)) this.stored.add(each);
    this.tip = tip;
    for (const each of this.stored)
      if (chain.ancestor(tip, Math.min(chain.height(each), chain.height(tip))) === each)
        this.stored.delete(each);
    this.modules.progress(chain.height(tip), this.reachedBest);
  }

  private invalidate(hashes: readonly Hash[]): void {
    const { chain } = this.modules;
    for (const hash of hashes) {
      const index = chain.indexOf(hash);
      if (index !== undefined) chain.invalidate(index);
    }
  }

  /** Fetches the blocks that come next. */
  private advance(): void {
    const { chain, fetch } = this.modules;
    if (!this.headersKnown) return;
    const { best } = chain;
    if (chain.work(this.tip) >= chain.work(best)) {
      if (!this.reachedBest) {
        this.reachedBest = true;
        this.modules.progress(chain.height(this.tip), true);
      }
      return;
    }
    const missing: Hash[] = [];
    let ahead = 0;
    let height = chain.height(chain.forkPoint(this.tip, best)) + 1;
    const first = height;
    for (; ahead < WINDOW && height <= chain.bestHeight; height++) {
      const index = chain.ancestor(best, height);
      if (this.stored.has(index)) continue;
      ahead++;
      if (!this.given.has(index) && !this.held.has(index)) missing.push(chain.hashOf(index));
    }
    if (missing.length > 0) fetch(missing, chain.bestHeight - first);
  }
}
