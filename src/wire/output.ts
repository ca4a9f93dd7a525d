import { matchMultisig, type Multisig } from './multisig';
import { type OutputType, outputType } from './output-type';

/** The shortest output in bytes: value 8, length of an empty script 1. */
export const LEAST_OUTPUT_BYTES = 9;

/** An output, as offsets into the bytes it was read from. */
export class Output {
  readonly type: OutputType;

  constructor(
    readonly bytes: Buffer,
    /** Offset of the value. */
    readonly start: number,
    readonly scriptStart: number,
    /** Offset of the end of the script. */
    readonly scriptEnd: number,
  ) {
    this.type = outputType(bytes, scriptStart, scriptEnd);
  }

  /**
   * Value in satoshi: exact, or an infinity where a number of JavaScript cannot hold it. The field is a
   * signed 64-bit number, as in Bitcoin Core. A value below 0 or above 21 million BTC is not sane
   * (`checkSanity`).
   */
  get value(): number {
    const value =
      this.bytes.readInt32LE(this.start + 4) * 0x1_0000_0000 + this.bytes.readUInt32LE(this.start);
    if (Number.isSafeInteger(value)) return value;
    return value < 0 ? -Infinity : Infinity;
  }

  /** The script: a view. */
  get script(): Buffer {
    return this.bytes.subarray(this.scriptStart, this.scriptEnd);
  }

  get scriptLength(): number {
    return this.scriptEnd - this.scriptStart;
  }

  /** The keys and signatures of a bare multisig; undefined for every other type. */
  get multisig(): Multisig | undefined {
    return this.type === 'multisig' ? matchMultisig(this.bytes, this.scriptStart, this.scriptEnd) : undefined;
  }
}
