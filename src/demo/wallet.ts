import { createHash } from 'node:crypto';
import type { BcoinKeyRing, BcoinTX, RegtestParts } from '../bcoin/regtest-parts';
import type { OutputType } from '../wire/output-type';
import { type OutputKeys, outputScript } from './outputs';
import type { SeededRandom } from './random';

/** Blocks until the output of a coinbase may be spent (`COINBASE_MATURITY` of every node). */
export const COINBASE_MATURITY = 100;

/** Script types of the wallet's change, in turn, so that inputs of all these types appear. */
const CHANGE_TYPES = ['witness_v0_keyhash', 'pubkeyhash', 'scripthash', 'witness_v0_scripthash'] as const;

interface Coin {
  readonly tx: BcoinTX;
  readonly index: number;
  readonly value: number;
}

/** Parameters of a transaction. */
export interface Payment {
  readonly version: number;
  readonly outputs: readonly { readonly type: OutputType; readonly value: number }[];
  /** How many small coins of earlier payments are spent in addition. */
  readonly extraInputs: number;
  /** In sat/vB. */
  readonly feeRate: number;
}

/**
 * The wallet of the demo. It spends the coinbases of the demo's miner, pays to scripts of every type, and
 * takes back the outputs that it has keys for.
 */
export class DemoWallet {
  /**
   * Keys to sign with. bcoin's ring uses a multisig either bare or as a witness program, so there is one ring
   * for each.
   */
  private readonly rings: readonly [single: BcoinKeyRing, bare: BcoinKeyRing, witness: BcoinKeyRing];
  private readonly keys: OutputKeys;
  private readonly coinbases: { readonly coin: Coin; readonly height: number }[] = [];
  private readonly large: Coin[] = [];
  private readonly small: Coin[] = [];
  private changes = 0;

  constructor(
    private readonly options: {
      readonly seed: string;
      /**
       * The wallet takes another coinbase while it has fewer coins, so that no chain of unconfirmed change
       * grows long.
       */
      readonly coins: number;
    },
    private readonly modules: { readonly parts: RegtestParts; readonly random: SeededRandom },
  ) {
    const { KeyRing, Script } = modules.parts;
    const secret = (name: string): Buffer => createHash('sha256').update(`${options.seed}/${name}`).digest();
    const single = KeyRing.fromPrivate(secret('single'));
    single.witness = true;
    const cosigner = KeyRing.fromPrivate(secret('cosigner')).publicKey;
    const multisig = Script.fromMultisig(1, 2, [single.publicKey, cosigner]);
    const bare = KeyRing.fromScript(secret('cosigner'), multisig);
    const witness = KeyRing.fromScript(secret('cosigner'), multisig);
    witness.witness = true;
    this.rings = [single, bare, witness];
    this.keys = {
      publicKeys: [single.publicKey, cosigner, KeyRing.fromPrivate(secret('foreign')).publicKey],
      keyHash: single.getKeyHash(),
      nestedHash: single.getNestedHash(),
      multisig: multisig.raw,
      multisigHash: multisig.sha256(),
    };
  }

  /** The address that the miner pays to. */
  get address(): object {
    return this.rings[0].getAddress();
  }

  /** Adds the coinbase of a block that was mined to {@link address}, unless the wallet has enough. */
  addCoinbase(tx: BcoinTX, height: number): void {
    if (this.coinbases.length >= COINBASE_MATURITY + Math.max(COINBASE_MATURITY, this.options.coins)) return;
    const value = tx.outputs[0]?.value ?? 0;
    this.coinbases.push({ coin: { tx, index: 0, value }, height });
  }

  /**
   * Signs a transaction and marks its coins as spent; null if no coin may be spent yet. {@link receive} adds
   * its own outputs after it was accepted. With `conflict` it also returns a second transaction that spends
   * the same first coin to other outputs with a higher fee.
   */
  pay(
    payment: Payment,
    tipHeight: number,
    withConflict: boolean,
  ): { tx: BcoinTX; conflict: BcoinTX | null } | null {
    this.matureCoinbase(tipHeight);
    const coin = this.large.shift();
    if (coin === undefined) return null;
    const coins = [coin, ...this.small.splice(0, payment.extraInputs)];
    const tx = this.build(payment, coins);
    const conflict = withConflict
      ? this.build({ ...payment, extraInputs: 0, feeRate: payment.feeRate * 2 }, [coin])
      : null;
    return { tx, conflict };
  }

  /**
   * Takes the wallet's own outputs of an accepted transaction: the last one, the change, and others worth
   * more than their input costs.
   */
  receive(tx: BcoinTX): void {
    tx.outputs.forEach(({ value }, index) => {
      if (!this.rings.some((ring) => ring.ownOutput(tx, index))) return;
      const coin = { tx, index, value };
      if (index === tx.outputs.length - 1) this.large.push(coin);
      else if (value >= 10_000) this.small.push(coin);
    });
  }

  private matureCoinbase(tipHeight: number): void {
    const oldest = this.coinbases[0];
    if (oldest === undefined || this.large.length >= this.options.coins) return;
    if (tipHeight + 1 - oldest.height < COINBASE_MATURITY) return;
    this.coinbases.shift();
    this.large.push(oldest.coin);
  }

  private build(payment: Payment, coins: readonly Coin[]): BcoinTX {
    const { MTX, Script } = this.modules.parts;
    const mtx = new MTX();
    mtx.version = payment.version;
    for (const { tx, index } of coins) mtx.addTX(tx, index, -1);
    let left = coins.reduce((sum, { value }) => sum + value, 0);
    let size = 11 + 110 * coins.length;
    const add = (type: OutputType, value: number): void => {
      const script = outputScript(type, this.keys, this.modules.random);
      mtx.addOutput(Script.fromRaw(script), value);
      left -= value;
      size += 9 + script.length;
    };
    for (const { type, value } of payment.outputs) add(type, value);
    const change = CHANGE_TYPES[this.changes++ % CHANGE_TYPES.length] ?? 'pubkeyhash';
    add(change, left - Math.round((size + 43) * payment.feeRate));
    mtx.sign(this.rings);
    return mtx.toTX();
  }
}
