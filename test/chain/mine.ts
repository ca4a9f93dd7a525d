import { createHash } from 'node:crypto';
import { CHAIN_PARAMS, type ChainParams } from '../../src/chain/params';
import { parseTransaction } from '../../src/wire/transaction';
import {
  buildTransaction,
  compactSize,
  hex,
  type InputSpec,
  type OutputSpec,
  type TransactionSpec,
} from '../wire/build';

/** A time at which every block of a test is in the past. */
export const NOW = 1_800_000_000;

export function sha256d(...parts: readonly Buffer[]): Buffer {
  const once = createHash('sha256');
  for (const part of parts) once.update(part);
  return createHash('sha256').update(once.digest()).digest();
}

/** The hash of a header or a block, in wire order. */
export function hashOf(bytes: Buffer): Buffer {
  return sha256d(bytes.subarray(0, 80));
}

/** A hash as reversed hex. */
export function display(hash: Buffer): string {
  return Buffer.from(hash).reverse().toString('hex');
}

export interface HeaderSpec {
  /** The parent header or block. */
  readonly on: Buffer;
  /** Default: ten minutes after the parent. */
  readonly time?: number;
  readonly bits?: number;
  readonly version?: number;
  readonly merkleRoot?: Buffer;
  /** Distinguishes headers that are otherwise equal; used if there is no merkle root. */
  readonly salt?: number;
  /** Whether its hash must miss the target instead of meeting it. */
  readonly miss?: boolean;
}

/** A header with proof of work, which takes two tries at the minimum difficulty. */
export function mineHeader(spec: HeaderSpec): Buffer {
  const header = Buffer.alloc(80);
  header.writeInt32LE(spec.version ?? 0x2000_0000, 0);
  hashOf(spec.on).copy(header, 4);
  if (spec.merkleRoot === undefined) header.writeUInt32LE(spec.salt ?? 0, 36);
  spec.merkleRoot?.copy(header, 36);
  header.writeUInt32LE(spec.time ?? spec.on.readUInt32LE(68) + 600, 68);
  header.writeUInt32LE(spec.bits ?? 0x207fffff, 72);
  for (let nonce = 0; meetsTarget(header) === (spec.miss === true); nonce++) header.writeUInt32LE(nonce, 76);
  return header;
}

function meetsTarget(header: Buffer): boolean {
  const bits = header.readUInt32LE(72);
  const target = BigInt(bits & 0x007f_ffff) << BigInt(8 * ((bits >>> 24) - 3));
  return BigInt(`0x${display(hashOf(header))}`) <= target;
}

/** `count` headers, each on the one before. */
export function mineHeaders(on: Buffer, count: number, salt = 0): Buffer[] {
  const headers: Buffer[] = [];
  for (let last = on; headers.length < count; headers.push(last)) last = mineHeader({ on: last, salt });
  return headers;
}

/** The root of a merkle tree, by definition. */
export function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first = Buffer.alloc(32)] = hashes;
  if (hashes.length <= 1) return first;
  const pairs = Array.from({ length: Math.ceil(hashes.length / 2) }, (_, i) => {
    const left = hashes[2 * i] ?? first;
    return sha256d(left, hashes[2 * i + 1] ?? left);
  });
  return rootOf(pairs);
}

export interface BlockSpec extends HeaderSpec {
  readonly height: number;
  /** Without witnesses, unless `commitment` says what is committed to. */
  readonly transactions?: readonly TransactionSpec[];
  /** Further transactions, serialized. */
  readonly raw?: readonly Buffer[];
  /** Replaces the coinbase that fits. */
  readonly coinbase?: TransactionSpec | null;
  readonly coinbaseScript?: Buffer;
  readonly outputs?: readonly OutputSpec[];
  /** Receives the wtxids, with zeros for the coinbase, and the nonce. */
  readonly commitment?: (wtxids: readonly Buffer[], nonce: Buffer) => Buffer;
  /** The witness of the coinbase, null for none. Default with a commitment: one item of 32 bytes. */
  readonly nonceWitness?: readonly Buffer[] | null;
}

/** The commitment of BIP141. */
export const rightCommitment = (wtxids: readonly Buffer[], nonce: Buffer): Buffer =>
  sha256d(rootOf(wtxids), nonce);

const NONCE = Buffer.alloc(32, 7);

/** A script that begins with a height, as BIP34 requires, of at least two bytes. */
function heightScript(height: number, salt = 0): Buffer {
  if (height <= 16) return Buffer.of(0x50 + height, 1, salt);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest >>= 8) bytes.push(rest & 0xff);
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  return Buffer.of(bytes.length, ...bytes, 1, salt);
}

/** The bytes of a block with proof of work. */
export function mineBlock(spec: BlockSpec): Buffer {
  const raw = spec.raw ?? [];
  const others = [...(spec.transactions ?? []).map(buildTransaction), ...raw];
  const wtxids = [Buffer.alloc(32), ...others.map((bytes) => sha256d(bytes))];
  const outputs = [...(spec.outputs ?? [{ value: 50 * 1e8 }])];
  if (spec.commitment !== undefined)
    outputs.push({ value: 0, script: Buffer.concat([hex('6a24aa21a9ed'), spec.commitment(wtxids, NONCE)]) });
  const { nonceWitness = spec.commitment === undefined ? null : [NONCE] } = spec;
  const coinbase =
    spec.coinbase === undefined
      ? {
          inputs: [
            {
              prevHash: Buffer.alloc(32),
              prevIndex: 0xffff_ffff,
              sigScript: spec.coinbaseScript ?? heightScript(spec.height, spec.salt ?? 0),
              ...(nonceWitness === null ? {} : { witness: nonceWitness }),
            },
          ],
          outputs,
        }
      : spec.coinbase;
  const all = coinbase === null ? others : [buildTransaction(coinbase), ...others];
  const specs = coinbase === null ? [...(spec.transactions ?? [])] : [coinbase, ...(spec.transactions ?? [])];
  const txids = [
    ...specs.map((each) => sha256d(buildTransaction(withoutWitness(each)))),
    ...raw.map((bytes) => Buffer.from(parseTransaction(bytes).txid, 'hex').reverse()),
  ];
  const header = mineHeader({ ...spec, merkleRoot: spec.merkleRoot ?? rootOf(txids) });
  return Buffer.concat([header, compactSize(all.length), ...all]);
}

function withoutWitness(spec: TransactionSpec): TransactionSpec {
  return {
    ...spec,
    inputs: (spec.inputs ?? [{}]).map((input) => {
      const rest: InputSpec & { witness?: readonly Buffer[] } = { ...input };
      delete rest.witness;
      return rest;
    }),
  };
}

export const REGTEST = CHAIN_PARAMS.regtest;

/** Regtest with some rules changed. */
export function regtestWith(changes: Partial<ChainParams>): ChainParams {
  return { ...REGTEST, ...changes };
}
