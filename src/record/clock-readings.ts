import { writeWord } from './record';

/** The readings of the clock while something was handled, in order, by kind. */
export interface Readings {
  /** Unique times of points, in nanoseconds since 1970. */
  readonly unique: readonly bigint[];
  /** Milliseconds on the monotonic clock. */
  readonly monotonic: readonly number[];
}

/** Whether the unique times are differences from the time of the record, in 4 bytes each. */
const NEAR = 0;
const FAR = 1;
const MOST_NEAR = 0xffffffff;

/** Most records have fewer readings of a kind. */
const FEW = 16;
/** Room for more readings of a kind is not kept. */
const MOST_KEPT = 1_024;

const UINT32_VALUES = 2 ** 32;

/** Where a number of 64 bits has its lower and its upper half: that depends on the machine. */
const LOWER = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const UPPER = 1 - LOWER;

/**
 * Gathers readings and encodes them. It uses its memory again and makes no bigints, because a transaction has
 * seven unique times.
 */
export class GatheredReadings {
  private unique = new BigInt64Array(FEW);
  /** The same numbers in halves. */
  private halves = new Uint32Array(this.unique.buffer);
  private uniques = 0;
  private monotonic = new Float64Array(FEW);
  private monotonicHalves = new Uint32Array(this.monotonic.buffer);
  private monotonics = 0;
  /** The time from which near times count, and its halves. */
  private readonly base = new BigInt64Array(1);
  private readonly baseHalves = new Uint32Array(this.base.buffer);
  private body = Buffer.alloc(4 + 2 * FEW * 8);

  get isEmpty(): boolean {
    return this.uniques + this.monotonics === 0;
  }

  addUnique(ns: bigint): void {
    if (this.uniques === this.unique.length) this.makeRoom(2 * this.uniques, this.monotonic.length);
    this.unique[this.uniques++] = ns;
  }

  addMonotonic(ms: number): void {
    if (this.monotonics === this.monotonic.length) this.makeRoom(this.unique.length, 2 * this.monotonics);
    this.monotonic[this.monotonics++] = ms;
  }

  clear(): void {
    this.uniques = 0;
    this.monotonics = 0;
    if (this.unique.length > MOST_KEPT || this.monotonic.length > MOST_KEPT) this.makeRoom(FEW, FEW);
    if (this.body.length > MOST_KEPT * 8) this.body = Buffer.alloc(4 + 2 * FEW * 8);
  }

  /**
   * The body of a record of the kind `clock` at the time `timeNs`: its form, and how many bytes of `body` it
   * has. The bytes are there until the next call.
   */
  encode(timeNs: bigint): { readonly form: number; readonly body: Buffer; readonly length: number } {
    this.base[0] = timeNs;
    const isNear = this.isNear();
    const length = 4 + this.uniques * (isNear ? 4 : 8) + this.monotonics * 8;
    if (this.body.length < length) this.body = Buffer.alloc(2 * length);
    const { body } = this;
    writeWord(body, 0, this.uniques);
    let at = 4;
    if (isNear) for (let i = 0; i < this.uniques; i++, at += 4) writeWord(body, at, this.sinceBase(i));
    else for (let i = 0; i < this.uniques; i++, at += 8) writeHalves(body, at, this.halves, i);
    for (let i = 0; i < this.monotonics; i++, at += 8) writeHalves(body, at, this.monotonicHalves, i);
    return { form: isNear ? NEAR : FAR, body, length };
  }

  private isNear(): boolean {
    for (let i = 0; i < this.uniques; i++) {
      const since = this.sinceBase(i);
      if (since < 0 || since > MOST_NEAR) return false;
    }
    return true;
  }

  /** Nanoseconds from the time of the record to a unique time. */
  private sinceBase(i: number): number {
    const { halves, baseHalves } = this;
    const upper = (halves[2 * i + UPPER] ?? 0) - (baseHalves[UPPER] ?? 0);
    return upper * UINT32_VALUES + (halves[2 * i + LOWER] ?? 0) - (baseHalves[LOWER] ?? 0);
  }

  private makeRoom(uniques: number, monotonics: number): void {
    const { unique, monotonic } = this;
    this.unique = new BigInt64Array(uniques);
    this.unique.set(unique.subarray(0, this.uniques));
    this.halves = new Uint32Array(this.unique.buffer);
    this.monotonic = new Float64Array(monotonics);
    this.monotonic.set(monotonic.subarray(0, this.monotonics));
    this.monotonicHalves = new Uint32Array(this.monotonic.buffer);
  }
}

/** Writes the number of 64 bits at place `i`. */
function writeHalves(target: Buffer, at: number, halves: Uint32Array, i: number): void {
  writeWord(target, at, halves[2 * i + LOWER] ?? 0);
  writeWord(target, at + 4, halves[2 * i + UPPER] ?? 0);
}

/** The readings in the body of a record; null if the body has another form. */
export function decodeReadings(form: number, body: Buffer, timeNs: bigint): Readings | null {
  if (body.length < 4 || (form !== NEAR && form !== FAR)) return null;
  const each = form === NEAR ? 4 : 8;
  const count = body.readUInt32LE(0);
  const middle = 4 + count * each;
  if (middle > body.length || (body.length - middle) % 8 !== 0) return null;
  const unique: bigint[] = [];
  for (let at = 4; at < middle; at += each)
    unique.push(form === NEAR ? timeNs + BigInt(body.readUInt32LE(at)) : body.readBigUInt64LE(at));
  const monotonic: number[] = [];
  for (let at = middle; at < body.length; at += 8) monotonic.push(body.readDoubleLE(at));
  return { unique, monotonic };
}
