import { createHash } from 'node:crypto';
import secp256k1 from 'bcrypto/lib/secp256k1';
import {
  type TransactionFields,
  type TxIn,
  type TxOut,
  generateKey,
  hash160,
  push,
  serialize,
  sha256,
  signLegacy,
  signWitness,
  txidOf,
} from './transaction';

/** The types of outputs by btcd's names, without `nonstandard`. */
export const OUTPUT_TYPES = [
  'pubkey',
  'pubkeyhash',
  'scripthash',
  'multisig',
  'nulldata',
  'witness_v0_keyhash',
  'witness_v0_scripthash',
  'witness_v1_taproot',
  'anchor',
  'witness_unknown',
] as const;

/** A type of output. */
export type OutputType = (typeof OUTPUT_TYPES)[number];

/**
 * The types that the wallet can spend. Nobody can spend nulldata, and no rule says yet how to spend
 * witness_unknown.
 */
export const SPENDABLE_TYPES = OUTPUT_TYPES.filter(
  (type) => type !== 'nulldata' && type !== 'witness_unknown',
);

/** An output that is to be made. */
export interface Payment {
  readonly type: OutputType | 'nonstandard';
  /** Satoshi. */
  readonly value: number;
  /** A script to use instead of the wallet's. */
  readonly script?: Buffer;
  /** The signature script that opens `script`, if the wallet cannot. */
  readonly opener?: Buffer;
}

/** An output that can be spent. */
export interface Spendable extends Payment {
  readonly txid: string;
  readonly vout: number;
  readonly script: Buffer;
}

/** A signed transaction. */
export interface Signed {
  readonly txid: string;
  readonly hex: string;
  readonly inputs: readonly Spendable[];
  readonly outputs: readonly Spendable[];
  readonly frame: TransactionFields;
  /** The inputs as they were signed. */
  readonly signed: readonly TxIn[];
}

/** m and n of the bare multisig outputs. Policy allows 1 to 3 keys. */
const MULTISIG_SHAPES = [
  [1, 1],
  [1, 2],
  [2, 3],
] as const;
/** A tapscript that anybody may run, OP_1, and its version. */
const TAPSCRIPT = Buffer.from('51', 'hex');
const TAPSCRIPT_VERSION = 0xc0;
const NOTHING = Buffer.alloc(0);

/**
 * Three keys, outputs of every type that they can lock, and the means to spend them. It shares no code with
 * src, so it can judge it. Two types need no signature: a taproot output here commits to a script that
 * anybody may run (BIP341), and anybody may spend an anchor (BIP433).
 */
export class Wallet {
  private readonly keys = [generateKey(), generateKey(), generateKey()] as const;
  private readonly pubkeyhash = hash160(this.keys[0].publicKey);
  private readonly redeemScript = this.multisig(1, 2);
  private readonly taproot = commitToTapscript(this.keys[0].publicKey.subarray(1));
  private serial = 0;

  /** The address (pubkeyhash) for mining. */
  address(network: 'regtest' | 'simnet'): string {
    const payload = Buffer.concat([Buffer.from([network === 'regtest' ? 0x6f : 0x3f]), this.pubkeyhash]);
    return base58(Buffer.concat([payload, sha256(sha256(payload)).subarray(0, 4)]));
  }

  /** Spends all `inputs` to `payments`. The rest is the fee. */
  sign(inputs: readonly Spendable[], payments: readonly Payment[], frame: TransactionFields = {}): Signed {
    const outs = payments.map((payment) => ({
      ...payment,
      script: payment.script ?? this.script(payment.type, this.serial++),
    }));
    const ins = inputs.map((input) => ({ ...input, scriptSig: NOTHING, witness: [] as readonly Buffer[] }));
    ins.forEach((input, index) => Object.assign(input, this.unlock(ins, outs, index, input, frame)));
    const txid = txidOf(ins, outs, frame);
    return {
      txid,
      hex: serialize(ins, outs, frame).toString('hex'),
      inputs,
      outputs: outs.map((output, vout) => ({ ...output, txid, vout })),
      frame,
      signed: ins,
    };
  }

  /** An output script. Where a type has several shapes, the serial number selects one. */
  private script(type: Payment['type'], serial: number): Buffer {
    const noise = createHash('sha512').update(String(serial)).digest();
    switch (type) {
      case 'pubkey':
        return Buffer.concat([push(this.keys[0].publicKey), op('ac')]);
      case 'pubkeyhash':
        return payToPubkeyhash(this.pubkeyhash);
      case 'scripthash': {
        const redeem = serial % 2 === 0 ? program(0, this.pubkeyhash) : this.redeemScript;
        return Buffer.concat([op('a9'), push(hash160(redeem)), op('87')]);
      }
      case 'multisig': {
        const [m, n] = MULTISIG_SHAPES[serial % MULTISIG_SHAPES.length] ?? MULTISIG_SHAPES[0];
        return this.multisig(m, n);
      }
      case 'nulldata':
        return Buffer.concat([op('6a'), push(Buffer.concat([noise, noise], 2 + (serial % 79)))]);
      case 'witness_v0_keyhash':
        return program(0, this.pubkeyhash);
      case 'witness_v0_scripthash':
        return program(0, sha256(this.redeemScript));
      case 'witness_v1_taproot':
        return program(1, this.taproot.key);
      case 'anchor':
        return program(1, Buffer.from('4e73', 'hex'));
      case 'witness_unknown':
        return program(2 + (serial % 15), noise.subarray(0, 2 + (serial % 39)));
      case 'nonstandard':
        throw new Error('a nonstandard output must bring its script');
    }
  }

  /** The unlocking part of an input: its signature script, its witness, or both. */
  private unlock(
    ins: readonly TxIn[],
    outs: readonly TxOut[],
    index: number,
    { type, script, opener }: Spendable,
    frame: TransactionFields,
  ): { scriptSig: Buffer; witness: readonly Buffer[] } {
    const [first, second] = this.keys;
    if (opener !== undefined) return { scriptSig: opener, witness: [] };
    const legacy = (code: Buffer, key = first): Buffer =>
      push(signLegacy(key, ins, outs, index, code, frame));
    const keyhashWitness = (): readonly Buffer[] => [
      signWitness(first, ins, outs, index, payToPubkeyhash(this.pubkeyhash), frame),
      first.publicKey,
    ];
    switch (type) {
      case 'pubkey':
        return { scriptSig: legacy(script), witness: [] };
      case 'pubkeyhash':
        return { scriptSig: Buffer.concat([legacy(script), push(first.publicKey)]), witness: [] };
      case 'scripthash': {
        const nested = program(0, this.pubkeyhash);
        if (script.includes(hash160(nested))) return { scriptSig: push(nested), witness: keyhashWitness() };
        return {
          scriptSig: Buffer.concat([op('00'), legacy(this.redeemScript), push(this.redeemScript)]),
          witness: [],
        };
      }
      case 'multisig': {
        // The first opcode is the number of signatures required.
        const needed = (script[0] ?? 0) - 0x50;
        const signatures = [first, second].slice(0, needed).map((key) => legacy(script, key));
        return { scriptSig: Buffer.concat([op('00'), ...signatures]), witness: [] };
      }
      case 'witness_v0_keyhash':
        return { scriptSig: NOTHING, witness: keyhashWitness() };
      case 'witness_v0_scripthash': {
        const signature = signWitness(first, ins, outs, index, this.redeemScript, frame);
        return { scriptSig: NOTHING, witness: [NOTHING, signature, this.redeemScript] };
      }
      case 'witness_v1_taproot':
        return { scriptSig: NOTHING, witness: [TAPSCRIPT, this.taproot.controlBlock] };
      case 'anchor':
        return { scriptSig: NOTHING, witness: [] };
      case 'nulldata':
      case 'witness_unknown':
      case 'nonstandard':
        throw new Error(`the wallet cannot spend a ${type}`);
    }
  }

  private multisig(m: number, n: number): Buffer {
    const keys = this.keys.slice(0, n).map(({ publicKey }) => push(publicKey));
    return Buffer.concat([Buffer.from([0x50 + m]), ...keys, Buffer.from([0x50 + n]), op('ae')]);
  }
}

/** The output key for a single script (BIP341), and the control block that spends it. */
function commitToTapscript(internalKey: Buffer): { key: Buffer; controlBlock: Buffer } {
  const leaf = taggedHash('TapLeaf', Buffer.from([TAPSCRIPT_VERSION, TAPSCRIPT.length]), TAPSCRIPT);
  const evenKey = Buffer.concat([Buffer.from([2]), internalKey]);
  const tweaked = secp256k1.publicKeyTweakAdd(evenKey, taggedHash('TapTweak', internalKey, leaf), true);
  const parity = (tweaked[0] ?? 0) & 1;
  return {
    key: tweaked.subarray(1),
    controlBlock: Buffer.concat([Buffer.from([TAPSCRIPT_VERSION | parity]), internalKey]),
  };
}

/** The tagged hash of BIP340. */
function taggedHash(tag: string, ...parts: readonly Buffer[]): Buffer {
  const prefix = sha256(Buffer.from(tag));
  return sha256(prefix, prefix, ...parts);
}

function op(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function payToPubkeyhash(hash: Buffer): Buffer {
  return Buffer.concat([op('76a9'), push(hash), op('88ac')]);
}

function program(version: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([version === 0 ? 0 : 0x50 + version]), push(data)]);
}

/** Base58 of bytes whose first is not 0. */
function base58(data: Buffer): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let text = '';
  for (let n = BigInt(`0x${data.toString('hex')}`); n > 0n; n /= 58n)
    text = alphabet.charAt(Number(n % 58n)) + text;
  return text;
}
