import { displayOf, hash256 } from '../../wire/hash';
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

/** BIP9's states, as bcoin numbers them. */
const DEFINED = 0;
const ACTIVE = 3;

/** Bytes of unspent outputs that are kept in memory. */
const COIN_CACHE_BYTES = 64 * 1024 * 1024;

/** Headers that are kept in memory: enough for difficulty and median times. */
const ENTRY_CACHE = 5_000;

/** From when pay-to-script-hash holds (BIP16), Unix seconds. */
const BIP16_TIME = 1_333_238_400;

const HEADERS_A_CALL = 2_000;
const HEADER_BYTES = 80;
const OUTPOINT_BYTES = 36;

/**
 * bcoin's chain with its unspent outputs, on LevelDB. Every rule is bcoin's but for what changed since 2018: which rules hold
 * from which height comes from `ChainParams`, and so does BIP94. Of taproot it knows nothing: to it, as to each node from
 * before, whoever spends such an output may, and the inputs that do are counted.
 *
 * bcoin leaves its chain where it is when a reorganisation fails halfway, and so does the end of the process; here the stored
 * blocks with the most work are connected then, and at the next start.
 */
export class FullChain implements FullEngine {
  readonly invalid: string[] = [];
  private openedTip = '';
  private openedHeight = 0;
  /** Settles when the block that was given last is judged. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Of the block that was connected last. */
  private connected = { hash: '', unverified: 0 };

  private constructor(
    private readonly chain: BcoinChain,
    private readonly parts: ChainParts,
    private readonly scripts: Scripts,
    readonly openSsl: boolean,
  ) {
    chain.on('connect', (entry, block, view) => {
      this.connected = { hash: entry.hash, unverified: this.unverified(block, view) };
    });
  }

  /**
   * Opens the chain of a network.
   * @param directory where it is kept; undefined for memory
   * @throws FailureError where it can't be opened or is not this network's
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
      // Ours decide, from outside: bcoin's are of 2018.
      checkpoints: false,
      coinCache: COIN_CACHE_BYTES,
      entryCache: ENTRY_CACHE,
      workers: scripts,
    });
    followRules(chain, params);
    const full = new FullChain(chain, parts, scripts, openSsl);
    await openDatabase(chain, { network, directory, genesis: displayOf(hash256(params.genesis)) }, parts);
    full.invalid.push(...(await full.connectBest()));
    full.openedTip = display(chain.tip.hash);
    full.openedHeight = chain.height;
    return full;
  }

  get tip(): string {
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
    const invalid: string[] = [];
    scripts.enabled = runScripts;
    scripts.begin();
    let judged: Pick<FullVerdict, 'status' | 'reason' | 'unverifiedInputs'>;
    try {
      judged = this.judged(await chain.add(block));
    } catch (error) {
      if (!isVerifyError(error)) throw error;
      judged = await this.refused(block, error, invalid);
    }
    return { ...judged, invalid, tip: display(chain.tip.hash), ms: performance.now() - start };
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

  /** What an error says of a block; a branch that is left halfway is left for the best that holds. */
  private async refused(
    block: FullBlock,
    error: VerifyError,
    invalid: string[],
  ): Promise<Pick<FullVerdict, 'status' | 'reason'>> {
    // With a score it is the parent that is known to be invalid: that of the block itself is told from outside.
    if (error.code === 'duplicate')
      return error.score === 0 ? { status: 'stored' } : { status: 'rejected', reason: 'bad-prevblk' };
    const isOwn = error.hash === block.hash('hex');
    if (!isOwn) {
      invalid.push(display(error.hash));
      await this.forget(error.hash);
    }
    invalid.push(...(await this.connectBest()));
    return { status: 'rejected', reason: isOwn ? fullReason(error.reason) : 'bad-prevblk' };
  }

  /** Connects the stored blocks with the most work; returns those that turn out to be invalid. */
  private async connectBest(): Promise<string[]> {
    const { chain } = this;
    const invalid: string[] = [];
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
        invalid.push(display(error.hash));
        await this.forget(error.hash);
      }
    }
  }

  /** Removes a stored block that is invalid, and all that stand on it. */
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
    if (gone.size === 0) throw new Error(`the invalid block ${display(hash)} is not stored`);
    await batch.write();
    for (const each of gone) db.cacheHash.remove(each);
  }

  /** Inputs of a block whose scripts were not judged: all of them, or those that spend programs of a later version than 0. */
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
 * Has the rules hold from where they do today, and BIP94 where it holds. Today's nodes have pay-to-script-hash hold from the first
 * block, but for two blocks that broke it before it did; both lie below a checkpoint. To bcoin it would be off in a block of
 * regtest that claims to be of 2011, where its segwit gives up.
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

/** A hash of bcoin's as people write it. */
function display(hash: string): string {
  return Buffer.from(hash, 'hex').reverse().toString('hex');
}
