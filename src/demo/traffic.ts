import { OUTPUT_TYPES } from '../wire/output-type';
import type { SeededRandom } from './random';
import type { Payment } from './wallet';

/** After this many payments, a second transaction spends the same coin. */
const CONFLICT_EVERY = 7;

/** One output in this many is so small that every policy calls it dust. */
const DUST_ONE_IN = 15;

/**
 * Decides the form of the demo's next transaction. The types of outputs alternate, two in each transaction,
 * so that all appear after a few transactions. The rest is random, so that the series have varied data.
 */
export class Traffic {
  private payments = 0;
  private types = 0;

  constructor(private readonly modules: { readonly random: SeededRandom }) {}

  next(): { readonly payment: Payment; readonly conflict: boolean } {
    const { random } = this.modules;
    this.payments++;
    return {
      payment: {
        // Version 3 asks for the TRUC policy (BIP431), which btcd's policy does not know.
        version: random.oneIn(6) ? 3 : random.between(1, 2),
        outputs: [this.output(), this.output()],
        extraInputs: random.between(0, 3),
        // The lowest rate is below the minimum of btcd's policy (1 sat/vB) and above that of Core's (0.1).
        feeRate: random.magnitude(3, 400) / 10,
      },
      conflict: this.payments % CONFLICT_EVERY === 0,
    };
  }

  private output(): Payment['outputs'][number] {
    const { random } = this.modules;
    const type = OUTPUT_TYPES[this.types++ % OUTPUT_TYPES.length] ?? 'pubkeyhash';
    if (type === 'nulldata') return { type, value: 0 };
    return {
      type,
      value: random.oneIn(DUST_ONE_IN) ? random.between(1, 200) : random.magnitude(1000, 500_000),
    };
  }
}
