import { type OutputKeys, outputScript } from '../../src/demo/outputs';
import { SeededRandom } from '../../src/demo/random';
import { OUTPUT_TYPES, outputType } from '../../src/wire/output-type';

const key = (fill: number): Buffer => Buffer.concat([Buffer.of(2), Buffer.alloc(32, fill)]);

const KEYS: OutputKeys = {
  publicKeys: [key(1), key(2), key(3)],
  keyHash: Buffer.alloc(20, 4),
  nestedHash: Buffer.alloc(20, 5),
  multisig: Buffer.concat([
    Buffer.from('5121', 'hex'),
    key(1),
    Buffer.of(33),
    key(2),
    Buffer.from('52ae', 'hex'),
  ]),
  multisigHash: Buffer.alloc(32, 6),
};

describe('outputScript', () => {
  it.each(OUTPUT_TYPES)('makes %s', (type) => {
    for (let seed = 0; seed < 50; seed++) {
      const script = outputScript(type, KEYS, new SeededRandom(`${seed}`));
      expect(outputType(script)).toBe(type);
    }
  });

  it('makes both a 1-of-2 and a 2-of-3 multisig', () => {
    const random = new SeededRandom('multisig');
    const lengths = new Set(Array.from({ length: 50 }, () => outputScript('multisig', KEYS, random).length));
    expect([...lengths].sort((a, b) => a - b)).toEqual([71, 105]);
  });

  it('builds pay-to-anchor', () => {
    expect(outputScript('anchor', KEYS, new SeededRandom('')).toString('hex')).toBe('51024e73');
  });
});
