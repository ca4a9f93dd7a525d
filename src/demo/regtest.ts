import { bcoinNetwork } from '../bcoin/bcoin';
import type { Endpoint } from '../p2p/endpoint';
import type { BcoinChain, BcoinMempool, BcoinMiner, RegtestParts } from '../bcoin/regtest-parts';
import { DemoPeers } from './peers';
import { SeededRandom } from './random';
import { Traffic } from './traffic';
import { COINBASE_MATURITY, DemoWallet } from './wallet';

export interface RegtestOptions {
  /** Loopback address on which every peer listens, each on a free port. */
  readonly listenHost: string;
  /** Milliseconds between blocks. */
  readonly blockIntervalMs: number;
  /** Milliseconds between transactions. */
  readonly txIntervalMs: number;
  /** The same seed gives the same keys, scripts and values. */
  readonly seed: string;
  /** Number of coins that the wallet spends in turn, and of further blocks at the start; default: 20. */
  readonly coins?: number;
  /** The most weight of a block, so that transactions with a low fee wait; default: 4,000,000. */
  readonly blockWeight?: number;
}

export interface RegtestModules {
  readonly parts: RegtestParts;
  /** Called if a block or a transaction could not be made; the network continues. */
  readonly onError: (error: unknown) => void;
}

/** Number of coins that the wallet keeps by default. */
const COINS = 20;

/** Seconds between the timestamps of the first blocks, which are dated back to end now. */
const FIRST_BLOCKS_SPACING = 60;

/**
 * The first block of the traffic comes as soon as a listener should be connected, because only then the
 * listener knows the height.
 */
const FIRST_BLOCK_MS = 1_000;

/** BIP141. */
const MAX_BLOCK_WEIGHT = 4_000_000;

/** State of an active deployment (BIP9), by bcoin's number. */
const DEPLOYMENT_ACTIVE = 3;

/**
 * A Bitcoin network in this process for the demo: one bcoin chain, mempool and miner, and four pools that
 * listen on real sockets. A program that connects sees four separate peers. They share the chain, because
 * separate nodes would each verify every signature in JavaScript. Unlike bcoin's FullNode it never dials,
 * asks no DNS and has no HTTP server.
 */
export class RegtestNetwork {
  private readonly chain: BcoinChain;
  private readonly mempool: BcoinMempool;
  private readonly miner: BcoinMiner;
  private readonly peers: DemoPeers;
  private readonly random: SeededRandom;
  private readonly wallet: DemoWallet;
  private readonly traffic: Traffic;
  private readonly opened: { close(): Promise<void> }[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  /**
   * Work on the chain is sequential: a block must not take a transaction that is still being added to the
   * mempool.
   */
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: RegtestOptions,
    private readonly modules: RegtestModules,
  ) {
    const { parts } = modules;
    const network = bcoinNetwork('regtest');
    const chain = new parts.Chain({ network, memory: true });
    // Today's nodes have segwit active on regtest from the first block; bcoin would wait until block 432.
    chain.getState = () => Promise.resolve(DEPLOYMENT_ACTIVE);
    const mempool = new parts.Mempool({
      network,
      chain,
      memory: true,
      requireStandard: false,
      limitFree: false,
      relayPriority: false,
      rejectAbsurdFees: false,
    });
    chain.on('connect', (entry, block) => mempool._addBlock(entry, block.txs));
    this.chain = chain;
    this.mempool = mempool;
    // Up to this weight the miner accepts transactions below 1 sat/vB, which bcoin calls free.
    const { blockWeight: maxWeight = MAX_BLOCK_WEIGHT, coins = COINS } = options;
    this.miner = new parts.Miner({ network, chain, mempool, minWeight: MAX_BLOCK_WEIGHT, maxWeight });
    for (const part of [chain, mempool, this.miner]) part.on('error', modules.onError);
    this.peers = new DemoPeers(options, { parts, network, chain, mempool });
    this.random = new SeededRandom(options.seed);
    this.wallet = new DemoWallet({ seed: options.seed, coins }, { parts, random: this.random });
    this.traffic = new Traffic({ random: this.random });
  }

  get height(): number {
    return this.chain.height;
  }

  /** Address and port of each peer after the start. */
  get endpoints(): readonly Endpoint[] {
    return this.peers.endpoints;
  }

  /**
   * Mines the first blocks and starts listening.
   * @param made called after each block with the number of those that are made, and of all
   */
  async start(made: (blocks: number, all: number) => void = () => undefined): Promise<void> {
    for (const part of [this.chain, this.mempool, this.miner]) {
      await part.open();
      this.opened.push(part);
    }
    const now = Math.floor(Date.now() / 1000);
    // Then as many coinbases can be spent as the wallet keeps coins.
    const all = COINBASE_MATURITY + (this.options.coins ?? COINS);
    for (let left = all; left > 0; left--) {
      await this.mine(now - left * FIRST_BLOCKS_SPACING);
      made(all - left + 1, all);
    }
    await this.peers.start();
  }

  /** Starts making transactions and blocks. */
  startTraffic(): void {
    this.every(this.options.txIntervalMs, () => this.pay());
    this.every(this.options.blockIntervalMs, () => this.mine());
    this.enqueue(() => this.pay());
    this.timers.push(setTimeout(() => this.enqueue(() => this.mine()), FIRST_BLOCK_MS));
  }

  /** Stops the traffic, closes every connection and frees everything, also after a failed start. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.work;
    await this.peers.stop();
    for (const part of this.opened.reverse()) await part.close();
  }

  private every(ms: number, job: () => Promise<void>): void {
    let waiting = false;
    const timer = setInterval(() => {
      // On a slow machine steps are skipped, so that no queue builds up.
      if (waiting) return;
      waiting = true;
      this.enqueue(async () => {
        waiting = false;
        await job();
      });
    }, ms);
    this.timers.push(timer);
  }

  private enqueue(job: () => Promise<void>): void {
    this.work = this.work.then(job).catch((error: unknown) => this.modules.onError(error));
  }

  /** @param time timestamp of the block in Unix seconds; default: now */
  private async mine(time?: number): Promise<void> {
    const job = await this.miner.createJob(null, this.wallet.address);
    if (time !== undefined) {
      job.attempt.time = time;
      job.attempt.refresh();
    }
    const block = await job.mineAsync();
    await this.chain.add(block);
    const coinbase = block.txs[0];
    if (coinbase !== undefined) this.wallet.addCoinbase(coinbase, this.chain.height);
  }

  private async pay(): Promise<void> {
    const { payment, conflict: wanted } = this.traffic.next();
    const paid = this.wallet.pay(payment, this.chain.height, wanted);
    if (paid === null) return;
    const missing = await this.mempool.addTX(paid.tx);
    if (missing !== null) throw new Error(`transaction ${paid.tx.txid()} spends an unknown output`);
    this.wallet.receive(paid.tx);
    if (paid.conflict !== null) this.peers.announceFromOne(paid.conflict, this.random.between(1, 3));
  }
}
