import type { OutputType } from '../wire/output-type';
import {
  OP_0,
  OP_1,
  OP_CHECKMULTISIG,
  OP_CHECKSIG,
  OP_DUP,
  OP_EQUAL,
  OP_EQUALVERIFY,
  OP_HASH160,
  OP_RETURN,
} from '../wire/script';
import type { SeededRandom } from './random';

/**
 * Keys and hashes for the scripts. All but the third key belong to the demo's wallet, which spends the
 * outputs again.
 */
export interface OutputKeys {
  /** Three compressed public keys. */
  readonly publicKeys: readonly [Buffer, Buffer, Buffer];
  /** HASH160 of the first key. */
  readonly keyHash: Buffer;
  /** HASH160 of the first key's witness program (P2SH-P2WPKH). */
  readonly nestedHash: Buffer;
  /** Bare 1-of-2 multisig of the first two keys. */
  readonly multisig: Buffer;
  /** SHA-256 of `multisig`. */
  readonly multisigHash: Buffer;
}

const OP_ADD = 0x93;

/** OP_1 to OP_16. */
const small = (n: number): number => OP_1 - 1 + n;

/** Builds a script: numbers are opcodes, buffers of up to 75 bytes are pushed. */
function script(...parts: readonly (number | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : Buffer.concat([Buffer.of(part.length), part]),
    ),
  );
}

const BUILDERS: Readonly<Record<OutputType, (keys: OutputKeys, random: SeededRandom) => Buffer>> = {
  pubkey: ({ publicKeys }) => script(publicKeys[0], OP_CHECKSIG),
  pubkeyhash: ({ keyHash }) => script(OP_DUP, OP_HASH160, keyHash, OP_EQUALVERIFY, OP_CHECKSIG),
  scripthash: ({ nestedHash }) => script(OP_HASH160, nestedHash, OP_EQUAL),
  multisig: ({ multisig, publicKeys }, random) =>
    random.oneIn(2) ? multisig : script(small(2), ...publicKeys, small(3), OP_CHECKMULTISIG),
  nulldata: (_keys, random) =>
    script(OP_RETURN, Buffer.from(`btcdmon-node demo ${random.bytes(4).toString('hex')}`)),
  witness_v0_keyhash: ({ keyHash }) => script(OP_0, keyHash),
  witness_v0_scripthash: ({ multisigHash }) => script(OP_0, multisigHash),
  // An x-only key (BIP340).
  witness_v1_taproot: ({ publicKeys }) => script(small(1), publicKeys[0].subarray(1)),
  // Pay-to-anchor, as Bitcoin Core names it.
  anchor: () => script(small(1), Buffer.from('4e73', 'hex')),
  witness_unknown: (_keys, random) =>
    script(small(random.between(2, 16)), random.bytes(random.between(2, 32))),
  nonstandard: (_keys, random) => script(small(random.between(1, 8)), small(3), OP_ADD, small(5), OP_EQUAL),
};

/** The script of an output of `type`. */
export function outputScript(type: OutputType, keys: OutputKeys, random: SeededRandom): Buffer {
  return BUILDERS[type](keys, random);
}
