import { type KeyObject, createHash, generateKeyPairSync, sign } from 'node:crypto';

/** A key pair of secp256k1. */
export interface Key {
  /** Compressed, 33 bytes. */
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
}

export interface TxOut {
  /** Satoshi. */
  readonly value: number;
  readonly script: Buffer;
}

/** An input to be signed, and the output that it spends. */
export interface TxIn extends TxOut {
  readonly txid: string;
  readonly vout: number;
  scriptSig: Buffer;
  witness: readonly Buffer[];
}

/** The fields of a transaction beside its inputs and outputs. All have defaults. */
export interface TransactionFields {
  /** Default 2. */
  readonly version?: number;
  /** Default 0. */
  readonly lockTime?: number;
  /** Sequence of every input; default final. */
  readonly sequence?: number;
}

const VERSION = 2;
/** The sequence of an input without a lock time and without replacement. */
export const FINAL_SEQUENCE = 0xffff_ffff;
const SIGHASH_ALL = 1;
/** Order of the curve. */
const N = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n;

/** A new key. */
export function generateKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const odd = (Buffer.from(y, 'base64url').at(-1) ?? 0) & 1;
  return {
    privateKey,
    publicKey: Buffer.concat([Buffer.from([2 + odd]), Buffer.from(x, 'base64url')]),
  };
}

export function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RIPEMD-160 of SHA-256, for the hashes in addresses. */
export function hash160(data: Buffer): Buffer {
  return createHash('ripemd160').update(sha256(data)).digest();
}

/** A push of `data`, which has at most 75 bytes, or 255 by OP_PUSHDATA1. */
export function push(data: Buffer): Buffer {
  return Buffer.concat([
    data.length < 76 ? Buffer.from([data.length]) : Buffer.from([0x4c, data.length]),
    data,
  ]);
}

/** Serializes a transaction, with its witnesses if it has any (BIP144). */
export function serialize(
  inputs: readonly TxIn[],
  outputs: readonly TxOut[],
  frame: TransactionFields = {},
  withWitness = true,
): Buffer {
  const { version = VERSION, lockTime = 0, sequence = FINAL_SEQUENCE } = frame;
  const segwit = withWitness && inputs.some(({ witness }) => witness.length > 0);
  return Buffer.concat([
    uint32(version),
    segwit ? Buffer.from([0, 1]) : Buffer.alloc(0),
    compactSize(inputs.length),
    ...inputs.map((input) => Buffer.concat([outpoint(input), prefixed(input.scriptSig), uint32(sequence)])),
    compactSize(outputs.length),
    ...outputs.map(serializeOutput),
    ...(segwit
      ? inputs.map(({ witness }) => Buffer.concat([compactSize(witness.length), ...witness.map(prefixed)]))
      : []),
    uint32(lockTime),
  ]);
}

/** The hash of a transaction as people write it. */
export function txidOf(
  inputs: readonly TxIn[],
  outputs: readonly TxOut[],
  frame: TransactionFields = {},
): string {
  return sha256(sha256(serialize(inputs, outputs, frame, false)))
    .reverse()
    .toString('hex');
}

/** A signature of input `index` by the rules before segwit. `code` is the script that runs. */
export function signLegacy(
  key: Key,
  inputs: readonly TxIn[],
  outputs: readonly TxOut[],
  index: number,
  code: Buffer,
  frame: TransactionFields = {},
): Buffer {
  const blanked = inputs.map((input, i) => ({ ...input, scriptSig: i === index ? code : Buffer.alloc(0) }));
  return signPreimage(key, Buffer.concat([serialize(blanked, outputs, frame, false), uint32(SIGHASH_ALL)]));
}

/** A signature of input `index` by BIP143. `code` is the script that runs. */
export function signWitness(
  key: Key,
  inputs: readonly TxIn[],
  outputs: readonly TxOut[],
  index: number,
  code: Buffer,
  frame: TransactionFields = {},
): Buffer {
  const { version = VERSION, lockTime = 0, sequence = FINAL_SEQUENCE } = frame;
  const input = inputs[index];
  if (input === undefined) throw new Error(`there is no input ${index}`);
  const preimage = Buffer.concat([
    uint32(version),
    sha256(sha256(...inputs.map(outpoint))),
    sha256(sha256(...inputs.map(() => uint32(sequence)))),
    outpoint(input),
    prefixed(code),
    uint64(input.value),
    uint32(sequence),
    sha256(sha256(...outputs.map(serializeOutput))),
    uint32(lockTime),
    uint32(SIGHASH_ALL),
  ]);
  return signPreimage(key, preimage);
}

/**
 * Signs the double SHA-256 of `preimage`: Node's `sign` hashes once itself. The signature is DER with a low S
 * (BIP146) and the hash type.
 */
function signPreimage({ privateKey }: Key, preimage: Buffer): Buffer {
  const raw = sign('sha256', sha256(preimage), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.toString('hex', 32)}`);
  const low = s > N / 2n ? N - s : s;
  const body = Buffer.concat([
    derInteger(raw.subarray(0, 32)),
    derInteger(Buffer.from(low.toString(16).padStart(64, '0'), 'hex')),
  ]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body, Buffer.from([SIGHASH_ALL])]);
}

function derInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? Buffer.alloc(1) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([2, sign.length + digits.length]), sign, digits]);
}

function outpoint({ txid, vout }: TxIn): Buffer {
  return Buffer.concat([Buffer.from(txid, 'hex').reverse(), uint32(vout)]);
}

function serializeOutput({ value, script }: TxOut): Buffer {
  return Buffer.concat([uint64(value), prefixed(script)]);
}

function prefixed(data: Buffer): Buffer {
  return Buffer.concat([compactSize(data.length), data]);
}

/** A number as a CompactSize. */
export function compactSize(n: number): Buffer {
  if (n < 0xfd) return Buffer.from([n]);
  const buffer = n <= 0xffff ? Buffer.from([0xfd, 0, 0]) : Buffer.from([0xfe, 0, 0, 0, 0]);
  buffer.writeUIntLE(n, 1, buffer.length - 1);
  return buffer;
}

function uint32(n: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(n >>> 0);
  return buffer;
}

function uint64(n: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(n));
  return buffer;
}
