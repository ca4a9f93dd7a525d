/**
 * Builds transactions for tests, as bytes. Everything has a harmless default, so that a test names only what
 * matters to it.
 */

export interface InputSpec {
  readonly prevHash?: Buffer;
  readonly prevIndex?: number;
  readonly sigScript?: Buffer;
  readonly sequence?: number;
  readonly witness?: readonly Buffer[];
}

export interface OutputSpec {
  readonly value?: number | bigint;
  readonly script?: Buffer;
}

export interface TransactionSpec {
  readonly version?: number;
  readonly inputs?: readonly InputSpec[];
  readonly outputs?: readonly OutputSpec[];
  readonly lockTime?: number;
}

/** Bytes from hexadecimal. Spaces are ignored. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

const KEY = `02${'11'.repeat(32)}`;

/** A script of each output type. */
export const SCRIPTS = {
  pubkey: hex(`21 ${KEY} ac`),
  pubkeyhash: hex(`76a914 ${'22'.repeat(20)} 88ac`),
  scripthash: hex(`a914 ${'33'.repeat(20)} 87`),
  multisig: hex(`51 21${KEY} 21${KEY} 52 ae`),
  nulldata: hex('6a 04 deadbeef'),
  witness_v0_keyhash: hex(`0014 ${'44'.repeat(20)}`),
  witness_v0_scripthash: hex(`0020 ${'55'.repeat(32)}`),
  witness_v1_taproot: hex(`5120 ${'66'.repeat(32)}`),
  anchor: hex('51024e73'),
  witness_unknown: hex(`5220 ${'77'.repeat(32)}`),
  nonstandard: hex('76ac76ac76ac'),
} as const;

/** A bare multisig of `required` of `keys`, with numbers in their minimal form. */
export function multisigScript(required: number, keys: number, key = KEY): Buffer {
  const push = (key.length / 2).toString(16).padStart(2, '0');
  return hex(`${smallNumber(required)} ${`${push}${key}`.repeat(keys)} ${smallNumber(keys)} ae`);
}

function smallNumber(n: number): string {
  return n === 0 ? '00' : n <= 16 ? (0x50 + n).toString(16) : `01${n.toString(16)}`;
}

export function compactSize(n: number): Buffer {
  if (n < 0xfd) return Buffer.of(n);
  const bytes = Buffer.alloc(n <= 0xffff ? 3 : 5);
  if (n <= 0xffff) {
    bytes.writeUInt8(0xfd);
    bytes.writeUInt16LE(n, 1);
  } else {
    bytes.writeUInt8(0xfe);
    bytes.writeUInt32LE(n, 1);
  }
  return bytes;
}

export function uint32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}

function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([compactSize(bytes.length), bytes]);
}

function value(satoshi: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(satoshi));
  return bytes;
}

/** The bytes of a transaction, with witnesses (BIP144) if any input has one. */
export function buildTransaction(spec: TransactionSpec = {}): Buffer {
  const inputs = spec.inputs ?? [{}];
  const outputs = spec.outputs ?? [{}];
  const segwit = inputs.some((input) => input.witness !== undefined);
  return Buffer.concat([
    uint32((spec.version ?? 2) >>> 0),
    segwit ? hex('0001') : hex(''),
    compactSize(inputs.length),
    ...inputs.flatMap((input) => [
      input.prevHash ?? Buffer.alloc(32, 0xaa),
      uint32(input.prevIndex ?? 0),
      withLength(input.sigScript ?? hex('')),
      uint32(input.sequence ?? 0xffff_ffff),
    ]),
    compactSize(outputs.length),
    ...outputs.flatMap((output) => [
      value(output.value ?? 100_000),
      withLength(output.script ?? SCRIPTS.pubkeyhash),
    ]),
    ...(segwit
      ? inputs.flatMap(({ witness = [] }) => [compactSize(witness.length), ...witness.map(withLength)])
      : []),
    uint32(spec.lockTime ?? 0),
  ]);
}

/** A header of zeros with this version. */
export function buildHeader(version = 4): Buffer {
  return Buffer.concat([uint32(version), Buffer.alloc(76)]);
}
