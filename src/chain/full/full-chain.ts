import { displayOf, type Hash, hash256, readHash } from '../../wire/hash';
import { loadChainParts } from '../../bcoin/bcoin';
import type {
  ChainEntry,
  ChainParts,
  CoinView,
  FullBlock,
  FullChain as BcoinChain,
  VerifyError,
} from '../../bcoin/chain-parts';
import type { NetworkName } from '../../wire/networks';
import { isWitnessProgram, OP_1 } from '../../wire/script';
import { CHAIN_PARAMS, type ChainParams } from '../params';
import { fullReason } from '../reasons';
import type { FullEngine, FullVerdict } from './engine';
import { fullNetwork } from './network';
import { Scripts } from './scripts';
import { checkSignaturesWithOpenSsl } from './signatures';
import { openDatabase } from './database';

/** BIP9's states, by bcoin's numbers. */
const DEFINED = 0;
const ACTIVE = 3;

/** Memory for unspent outputs, in bytes. */
const COIN_CACHE_BYTES = 64 * 1024 * 1024;

/** Number of headers kept in memory: enough for difficulty and median times. */
const ENTRY_CACHE = 5_000;

/** Time from which pay-to-script-hash is enforced (BIP16), Unix seconds. */
const BIP16_TIME = 1_333_238_400;

const HEADERS_A_CALL = 2_000;
const HEADER_BYTES = 80;
const OUTPOINT_BYTES = 36;

/**
 * bcoin's chain with its unspent outputs, on LevelDB. bcoin enforces the rules, except for those that changed
 * since 2018: activation heights and BIP94 come from `ChainParams`. bcoin does not know taproot. Like every
 * node from before its activation, it lets anybody spend a taproot output; such inputs are counted.
 *
 * bcoin leaves its chain as it is when a reorganisation fails halfway or the process ends. This class then
 * connects the stored blocks with the most work, right away or at the next start.
 */
export class FullChain implements FullEngine {
  readonly invalid: Hash[] = [];
  private openedHeight = 0;
  /** Settles when the latest block has been judged. */
  private turn: Promise<unknown> = Promise.resolve();
  /** The block that was connected last. */
  private connected = { hash: '', unverified: 0 };

  private constructor(
    private readonly chain: BcoinChain,
    private readonly parts: ChainParts,
    private readonly scripts: Scripts,
    readonly openSsl: boolean,
    private openedTip: Hash,
  ) {
    chain.on('connect', (entry, block, view) => {
      this.connected = { hash: entry.hash, unverified: this.unverified(block, view) };
    });
  }

  /**
   * Opens the chain of a network.
   * @param directory where it is stored; undefined: in memory
   * @throws FailureError if it can't be opened or belongs to another network
   */
  static async open(
    network: NetworkName,
    directory: string | undefined,
    params: ChainParams = CHAIN_PARAMS[network],
  ): Promise<FullChain> {
    const parts = loadChainParts();
    const openSsl = checkSignaturesWithOpenSsl(parts);
    const scripts = new Scripts();
    const chain = new parts.Chain({
      network: fullNetwork(network, params, parts),
      memory: true,
      prune: true,
      // The listener's own checkpoints decide, through `runScripts`; bcoin's are from 2018.
      checkpoints: false,
      coinCache: COIN_CACHE_BYTES,
      entryCache: ENTRY_CACHE,
      workers: scripts,
    });
    followRules(chain, params);
    const genesis = hash256(params.genesis);
    const full = new FullChain(chain, parts, scripts, openSsl, genesis);
    await openDatabase(chain, { network, directory, genesis: displayOf(genesis) }, parts);
    full.invalid.push(...(await full.connectBest()));
    full.openedTip = wireHashOf(chain.tip.hash);
    full.openedHeight = chain.height;
    return full;
  }

  get tip(): Hash {
    return this.openedTip;
  }

  get height(): number {
    return this.openedHeight;
  }

  add(bytes: Buffer, runScripts: boolean): Promise<FullVerdict> {
    const verdict = this.turn.then(() => this.addNow(bytes, runScripts));
    this.turn = verdict;
    return verdict;
  }

  private async addNow(bytes: Buffer, runScripts: boolean): Promise<FullVerdict> {
    const start = performance.now();
    const { chain, scripts } = this;
    const block = this.parts.Block.fromRaw(bytes);
    const invalid: Hash[] = [];
    scripts.enabled = runScripts;
    scripts.begin();
    let judged: Pick<FullVerdict, 'status' | 'reason' | 'unverifiedInputs'>;
    try {
      judged = this.judged(await chain.add(block));
    } catch (error) {
      if (!isVerifyError(error)) throw error;
      judged = await this.refused(block, error, invalid);
    }
    return { ...judged, invalid, tip: wireHashOf(chain.tip.hash), ms: performance.now() - start };
  }

  async headers(from: number): Promise<Buffer> {
    const headers: Buffer[] = [];
    for (let height = from; height <= this.chain.height && headers.length < HEADERS_A_CALL; height++) {
      const entry = await this.chain.getEntry(height);
      if (entry === null) break;
      headers.push(entry.toHeaders().toRaw().subarray(0, HEADER_BYTES));
    }
    return Buffer.concat(headers);
  }

  async values(outpoints: Buffer): Promise<Float64Array> {
    const values = new Float64Array(outpoints.length / OUTPOINT_BYTES);
    await Promise.all(
      Array.from(values, async (_, i) => {
        const at = i * OUTPOINT_BYTES;
        const hash = outpoints.toString('hex', at, at + 32);
        const coin = await this.chain.db.getCoin(hash, outpoints.readUInt32LE(at + 32));
        values[i] = coin?.value ?? NaN;
      }),
    );
    return values;
  }

  async close(): Promise<void> {
    await this.turn;
    await this.chain.close();
  }

  private judged(entry: ChainEntry | null): Pick<FullVerdict, 'status' | 'unverifiedInputs'> {
    if (entry === null) {
      this.chain.purgeOrphans();
      return { status: 'no-parent' };
    }
    if (entry.hash !== this.chain.tip.hash) return { status: 'stored' };
    const { hash, unverified } = this.connected;
    return { status: 'connected', unverifiedInputs: hash === entry.hash ? unverified : undefined };
  }

  /**
   * Turns a verification error into a verdict. If the error left the chain in the middle of a reorganisation,
   * the best valid branch is connected.
   */
  private async refused(
    block: FullBlock,
    error: VerifyError,
    invalid: Hash[],
  ): Promise<Pick<FullVerdict, 'status' | 'reason'>> {
    // A duplicate with a score means that the parent is known to be invalid. Whether the block itself is
    // invalid, the caller tracks.
    if (error.code === 'duplicate')
      return error.score === 0 ? { status: 'stored' } : { status: 'rejected', reason: 'bad-prevblk' };
    const isOwn = error.hash === block.hash('hex');
    if (!isOwn) {
      invalid.push(wireHashOf(error.hash));
      await this.forget(error.hash);
    }
    invalid.push(...(await this.connectBest()));
    return { status: 'rejected', reason: isOwn ? fullReason(error.reason) : 'bad-prevblk' };
  }

  /** Connects the stored blocks with the most work. Returns those that turn out to be invalid. */
  private async connectBest(): Promise<Hash[]> {
    const { chain } = this;
    const invalid: Hash[] = [];
    for (;;) {
      let best = chain.tip;
      for (const hash of await chain.db.getTips()) {
        const entry = await chain.getEntry(hash);
        if (entry?.chainwork.gt(best.chainwork) === true) best = entry;
      }
      if (best === chain.tip) return invalid;
      this.scripts.begin();
      try {
        if (best.prevBlock !== chain.tip.hash) await chain.reorganize(best);
        await chain.reconnect(best);
      } catch (error) {
        if (!isVerifyError(error)) throw error;
        invalid.push(wireHashOf(error.hash));
        await this.forget(error.hash);
      }
    }
  }

  /** Removes an invalid stored block and all its descendants. */
  private async forget(hash: string): Promise<void> {
    const { chain, parts } = this;
    const { db } = chain;
    const batch = db.db.batch();
    const gone = new Set<string>();
    for (const tip of await db.getTips()) {
      const branch: ChainEntry[] = [];
      let entry = await chain.getEntry(tip);
      while (entry !== null && !(await chain.isMainChain(entry))) {
        branch.push(entry);
        if (entry.hash === hash) break;
        entry = await chain.getPrevious(entry);
      }
      const root = branch.at(-1);
      if (root?.hash !== hash) continue;
      const parent = await chain.getPrevious(root);
      if (parent !== null && !(await chain.isMainChain(parent)))
        batch.put(parts.layout.p.build(parent.hash), null);
      for (const each of branch) gone.add(each.hash);
    }
    for (const each of gone)
      for (const key of ['p', 'h', 'e', 'b'] as const) batch.del(parts.layout[key].build(each));
    if (gone.size === 0) throw new Error(`the invalid block ${displayOf(wireHashOf(hash))} is not stored`);
    await batch.write();
    for (const each of gone) db.cacheHash.remove(each);
  }

  /**
   * Number of inputs of a block whose scripts were not judged: all if scripts are off, otherwise those that
   * spend witness programs of a version above 0.
   */
  private unverified({ txs }: FullBlock, view: CoinView): number {
    let count = 0;
    for (const { inputs } of txs.slice(1))
      for (const { prevout } of inputs) {
        const script = view.getOutput(prevout)?.script.raw;
        if (script === undefined) continue;
        const isLater = isWitnessProgram(script, 0, script.length) && (script[0] ?? 0) >= OP_1;
        if (!this.scripts.enabled || isLater) count++;
      }
    return count;
  }
}

/**
 * Applies today's activation heights and, where the network has it, BIP94. Today's nodes enforce
 * pay-to-script-hash from the first block, except in two earlier blocks that broke it; both are below a
 * checkpoint. bcoin would turn it off for a regtest block with a timestamp of 2011, and its segwit code then
 * fails.
 */
function followRules(chain: BcoinChain, { csvHeight, segwitHeight, bip94 }: ChainParams): void {
  const heights: Readonly<Record<string, number>> = { csv: csvHeight, segwit: segwitHeight };
  chain.getState = ({ height }, { name }) =>
    Promise.resolve(height + 1 >= (heights[name] ?? Infinity) ? ACTIVE : DEFINED);
  const getDeployments = chain.getDeployments.bind(chain);
  chain.getDeployments = (time, previous) => getDeployments(Math.max(time, BIP16_TIME), previous);
  if (!bip94) return;
  const retarget = chain.retarget.bind(chain);
  chain.retarget = (previous, first) =>
    retarget(Object.assign(Object.create(previous) as ChainEntry, { bits: first.bits }), first);
}

function isVerifyError(error: unknown): error is VerifyError {
  return (error as Partial<VerifyError>).type === 'VerifyError';
}

/** The hash that bcoin writes as hex in wire order. */
function wireHashOf(hash: string): Hash {
  return readHash(Buffer.from(hash, 'hex'), 0);
}
