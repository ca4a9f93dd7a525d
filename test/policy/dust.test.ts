import { isBtcdDust, isCoreDust } from '../../src/policy/dust';
import type { Output } from '../../src/wire/output';
import type { OutputType } from '../../src/wire/output-type';
import { parseTransaction } from '../../src/wire/transaction';
import { buildTransaction, hex, multisigScript, SCRIPTS } from '../wire/build';

function outputOf(script: Buffer, value: number): Output {
  const [output] = parseTransaction(buildTransaction({ outputs: [{ script, value }] })).outputs;
  if (output === undefined) throw new Error('the transaction has no output');
  return output;
}

/** The least value that is not dust, in satoshi, at the defaults of both policies. */
const LIMITS: readonly (readonly [OutputType, number])[] = [
  ['pubkey', 576],
  ['pubkeyhash', 546],
  ['scripthash', 540],
  ['witness_v0_keyhash', 294],
  ['witness_v0_scripthash', 330],
  ['witness_v1_taproot', 330],
  ['anchor', 240],
  ['witness_unknown', 330],
  ['multisig', 3 * (8 + 1 + 71 + 148)],
];

describe('dust limits', () => {
  it.each(LIMITS)('%s: %i', (type, limit) => {
    expect(isCoreDust(outputOf(SCRIPTS[type], limit - 1))).toBe(true);
    expect(isCoreDust(outputOf(SCRIPTS[type], limit))).toBe(false);
    expect(isBtcdDust(outputOf(SCRIPTS[type], limit - 1), 1000)).toBe(true);
    expect(isBtcdDust(outputOf(SCRIPTS[type], limit), 1000)).toBe(false);
  });

  it('counts the three bytes of a long script’s length', () => {
    const script = multisigScript(1, 8);
    const limit = 3 * (8 + 3 + script.length + 148);
    expect(script.length).toBeGreaterThan(252);
    expect(isCoreDust(outputOf(script, limit - 1))).toBe(true);
    expect(isCoreDust(outputOf(script, limit))).toBe(false);
  });

  it('follow btcd’s minimum relay fee', () => {
    expect(isBtcdDust(outputOf(SCRIPTS.pubkeyhash, 54), 100)).toBe(true);
    expect(isBtcdDust(outputOf(SCRIPTS.pubkeyhash, 55), 100)).toBe(false);
    expect(isBtcdDust(outputOf(SCRIPTS.pubkeyhash, 0), 0)).toBe(false);
  });

  it('do not treat values beyond a number’s range as small', () => {
    const bytes = buildTransaction({ outputs: [{ value: 2n ** 60n }] });
    const [output] = parseTransaction(bytes).outputs;
    expect(output && isCoreDust(output)).toBe(false);
    expect(output && isBtcdDust(output, 1000)).toBe(false);
  });
});

describe('an unspendable output', () => {
  it.each([
    ['nulldata', SCRIPTS.nulldata],
    ['OP_RETURN and an operation', hex('6a76')],
    ['10,001 bytes', Buffer.alloc(10_001, 0x51)],
  ])('%s is never dust in Core and always in btcd', (_, script) => {
    expect(isCoreDust(outputOf(script, 0))).toBe(false);
    expect(isBtcdDust(outputOf(script, 1_000_000), 1000)).toBe(true);
  });

  it('includes a script that cannot be parsed, for btcd', () => {
    expect(isCoreDust(outputOf(hex('05ab'), 1_000_000))).toBe(false);
    expect(isBtcdDust(outputOf(hex('05ab'), 1_000_000), 1000)).toBe(true);
    expect(isBtcdDust(outputOf(hex('01ab'), 1_000_000), 1000)).toBe(false);
  });
});
