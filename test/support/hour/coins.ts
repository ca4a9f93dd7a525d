import { coinbase, splitCoinbases } from '../funding';
import { SPENDABLE_TYPES, type OutputType, type Spendable } from '../wallet';
import { FORM_COIN, preparation } from './forms';
import type { Stage } from './stage';

/** The number of coins of `FORM_COIN`. */
const FORM_COINS = 30;
const FEE = 20_000;

/** The coins that the acts spend. */
export class Coins {
  constructor(
    private readonly ordinary: Spendable[],
    /** Coins of FORM_COIN. */
    readonly forForms: Spendable[],
    /** The outputs of `preparation`. */
    readonly prepared: readonly Spendable[],
  ) {}

  /** Coins of a type. */
  take(count: number, type: OutputType = 'pubkeyhash'): Spendable[] {
    return Array.from({ length: count }, () => this.one(type));
  }

  one(type: OutputType = 'pubkeyhash'): Spendable {
    const index = this.ordinary.findIndex((coin) => coin.type === type);
    const [coin] = this.ordinary.splice(index, index < 0 ? 0 : 1);
    if (coin === undefined) throw new Error(`there are too few coins of the type ${type}`);
    return coin;
  }
}

/**
 * Creates coins of every type and mines them. The listeners have not seen the coinbases that are split, and
 * cannot know the fees of the splitting.
 * @param mature hashes of four blocks at least 100 deep
 */
export async function makeCoins(stage: Stage, mature: readonly string[]): Promise<Coins> {
  const { line, wallet } = stage;
  const [forForms = '', ...forOthers] = mature;
  const { coins, transactions } = await splitCoinbases(
    line.middle,
    wallet,
    ['pubkeyhash', 'pubkeyhash', ...SPENDABLE_TYPES],
    200,
    forOthers,
  );
  for (const transaction of transactions) stage.note(transaction, undefined, false);
  await stage.untilHeard(transactions.map(({ txid }) => txid));

  const source = await coinbase(line.first, forForms);
  const payments = Array.from(
    { length: FORM_COINS },
    () => ({ type: 'pubkeyhash', value: FORM_COIN }) as const,
  );
  const change = source.value - FORM_COINS * FORM_COIN - FEE;
  const split = wallet.sign([source], [...payments, { type: 'pubkeyhash', value: change }]);
  await stage.send(line.first, [split], { feeKnown: false });
  await stage.checkpoint('transactions that spend what the listeners never saw');
  await stage.mine(line.middle);

  const formCoins = split.outputs.slice(0, FORM_COINS);
  const [coin] = formCoins.splice(0, 1);
  if (coin === undefined) throw new Error('there is no coin for the preparation');
  const { transaction, verdicts } = preparation(wallet, coin);
  await stage.send(line.last, [transaction], { verdicts });
  await stage.mine(line.first);
  return new Coins(coins, formCoins, transaction.outputs);
}
