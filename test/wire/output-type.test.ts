import { OUTPUT_TYPES, outputType } from '../../src/wire/output-type';
import { matchMultisig } from '../../src/wire/multisig';
import { hex, multisigScript, SCRIPTS } from './build';

const compressed = `02${'11'.repeat(32)}`;
const uncompressed = `04${'11'.repeat(64)}`;

describe('outputType', () => {
  it.each(OUTPUT_TYPES.map((type) => [type]))('knows %s', (type) => {
    expect(outputType(SCRIPTS[type])).toBe(type);
  });

  it.each([
    ['an empty script', '', 'nonstandard'],
    ['a compressed key with an odd Y', `21 03${'11'.repeat(32)} ac`, 'pubkey'],
    ['an uncompressed key', `41 ${uncompressed} ac`, 'pubkey'],
    ['a hybrid key', `41 06${'11'.repeat(64)} ac`, 'pubkey'],
    ['a compressed key with the prefix of an uncompressed', `21 04${'11'.repeat(32)} ac`, 'nonstandard'],
    ['an uncompressed key with the prefix of a compressed', `41 02${'11'.repeat(64)} ac`, 'nonstandard'],
    ['a key with a wrong opcode behind', `21 ${compressed} ad`, 'nonstandard'],
    ['a key hash of 19 bytes', `76a913 ${'22'.repeat(19)} 88ac`, 'nonstandard'],
    ['a key hash with an operation behind', `76a914 ${'22'.repeat(20)} 88ac61`, 'nonstandard'],
    ['a script hash with OP_EQUALVERIFY', `a914 ${'33'.repeat(20)} 88`, 'nonstandard'],
    ['a script hash pushed by OP_PUSHDATA1', `a94c14 ${'33'.repeat(20)} 87`, 'nonstandard'],
    ['OP_RETURN alone', '6a', 'nulldata'],
    ['OP_RETURN and three pushes', '6a 51 02abcd 4c01ff', 'nulldata'],
    ['OP_RETURN and OP_RESERVED, which counts as a push', '6a 50', 'nulldata'],
    ['OP_RETURN and OP_PUSHDATA4', '6a 4e02000000abcd', 'nulldata'],
    ['OP_RETURN and an operation', '6a 76', 'nonstandard'],
    ['OP_RETURN and a push that is cut off', '6a 05abcd', 'nonstandard'],
    ['OP_RETURN and a length that is cut off', '6a 4d01', 'nonstandard'],
    ['OP_RETURN and a length of 4 GB', '6a 4effffffff', 'nonstandard'],
    ['version 0 with 19 bytes', `0013 ${'44'.repeat(19)}`, 'nonstandard'],
    ['version 0 with 40 bytes', `0028 ${'44'.repeat(40)}`, 'nonstandard'],
    ['version 1 with 31 bytes', `511f ${'66'.repeat(31)}`, 'witness_unknown'],
    ['version 1 with another 2 bytes', '51024e74', 'witness_unknown'],
    ['version 2 with the 2 bytes of an anchor', '52024e73', 'witness_unknown'],
    ['version 16 with 2 bytes', '6002abcd', 'witness_unknown'],
    ['version 16 with 40 bytes', `6028 ${'77'.repeat(40)}`, 'witness_unknown'],
    ['version 16 with 41 bytes', `6029 ${'77'.repeat(41)}`, 'nonstandard'],
    ['version 1 with 1 byte', '5101ab', 'nonstandard'],
    ['version -1', `4f20 ${'66'.repeat(32)}`, 'nonstandard'],
    ['a program pushed by OP_PUSHDATA1', `514c20 ${'66'.repeat(32)}`, 'nonstandard'],
    ['a program with a byte behind', `5120 ${'66'.repeat(32)} 00`, 'nonstandard'],
  ] as const)('calls %s what Core calls it', (_, script, type) => {
    expect(outputType(hex(script))).toBe(type);
  });

  it('reads nothing outside the script', () => {
    const script = SCRIPTS.pubkeyhash;
    const bytes = Buffer.concat([hex('6a'), script, hex('6a')]);
    expect(outputType(bytes, 1, 1 + script.length)).toBe('pubkeyhash');
    expect(outputType(bytes, 0, 0)).toBe('nonstandard');
    expect(outputType(bytes, bytes.length, bytes.length)).toBe('nonstandard');
  });
});

describe('matchMultisig', () => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 3],
    [15, 15],
    [16, 16],
    [1, 17],
    [17, 17],
    [20, 20],
  ])('reads %i of %i', (required, keys) => {
    const script = multisigScript(required, keys);
    expect(matchMultisig(script, 0, script.length)).toEqual({ required, keys, keysAreValid: true });
    expect(outputType(script)).toBe('multisig');
  });

  it('takes compressed and uncompressed keys, however they are pushed', () => {
    const script = hex(`51 21${compressed} 41${uncompressed} 4c21${compressed} 4d4100${uncompressed} 54 ae`);
    expect(matchMultisig(script, 0, script.length)).toEqual({ required: 1, keys: 4, keysAreValid: true });
  });

  it('takes any operation for a key, as btcd does', () => {
    const script = hex('51 0111 76 52 ae');
    expect(matchMultisig(script, 0, script.length)).toEqual({ required: 1, keys: 2, keysAreValid: false });
  });

  it.each([
    ['no known prefix', `05${'11'.repeat(32)}`],
    ['32 bytes', '02'.repeat(32)],
    ['the length of another form', `04${'11'.repeat(32)}`],
  ])('takes a key with %s, as btcd does, and says so', (_, key) => {
    const script = multisigScript(1, 2, key);
    expect(matchMultisig(script, 0, script.length)).toEqual({ required: 1, keys: 2, keysAreValid: false });
    expect(outputType(script)).toBe('multisig');
  });

  it.each([
    ['none of 1', multisigScript(0, 1)],
    ['1 of none', hex('51 00 ae')],
    ['2 of 1', multisigScript(2, 1)],
    ['1 of 21', multisigScript(1, 21)],
    ['more keys than it says', hex(`51 21${compressed} 21${compressed} 51 ae`)],
    ['fewer keys than it says', hex(`51 21${compressed} 52 ae`)],
    ['a number among the keys', hex('53 00 87 88 53 ae')],
    ['a number in a longer form than it needs', hex(`0101 21${compressed} 51 ae`)],
    ['a key cut off', hex(`51 21${compressed.slice(4)} ae`)],
    ['an operation behind', hex(`51 21${compressed} 51 ae ae`)],
    ['OP_CHECKMULTISIGVERIFY', hex(`51 21${compressed} 51 af`)],
    ['OP_CHECKMULTISIG alone', hex('ae')],
    ['numbers alone', hex('51 51 ae')],
    ['a first push that takes the rest', hex('02 51 ae')],
  ])('refuses %s', (_, script) => {
    expect(matchMultisig(script, 0, script.length)).toBeUndefined();
    expect(outputType(script)).toBe('nonstandard');
  });
});
