import { CaptureError } from './capture-error';

/** The options of an interface that are read (draft-ietf-opsawg-pcapng, 4.2). */
export const IF_TSRESOL = 9;
export const IF_TSOFFSET = 14;

const NS_PER_SECOND = 1_000_000_000n;
/** The first time that does not fit into 64 bits with a sign; in the year 2262. */
const END_OF_TIME = 1n << 63n;

/** An interface of a pcapng: what its packets' link type and times mean. */
export class PcapNgInterface {
  /** Times are microseconds unless an option says otherwise. */
  private exponent = 6;
  private isBinary = false;
  private offsetNs = 0n;

  constructor(
    readonly linkType: number,
    /** The most bytes that are captured of a packet. */
    readonly snapLength: number,
  ) {}

  /** @param value of `if_tsresol`: 10^-value seconds, or 2^-value with the highest bit set */
  setResolution(value: number): void {
    this.exponent = value & 0x7f;
    this.isBinary = value >= 0x80;
  }

  /** @param seconds of `if_tsoffset`, which are added to each time */
  setOffset(seconds: bigint): void {
    this.offsetNs = seconds * NS_PER_SECOND;
  }

  /**
   * Nanoseconds since 1970 of a packet's time.
   * @param offset of the packet in the capture, for the error
   * @throws CaptureError if the time is before 1970 or after 2262
   */
  timeNs(high: number, low: number, offset: number): bigint {
    const count = (BigInt(high) << 32n) | BigInt(low);
    const timeNs = this.offsetNs + this.inNs(count);
    if (timeNs >= 0n && timeNs < END_OF_TIME) return timeNs;
    const side = timeNs < 0n ? 'before 1970' : 'after 2262';
    throw new CaptureError(
      'impossible-value',
      `the capture has a packet at byte ${offset} of a time ${side}`,
    );
  }

  private inNs(count: bigint): bigint {
    if (this.isBinary) return (count * NS_PER_SECOND) >> BigInt(this.exponent);
    if (this.exponent <= 9) return count * 10n ** BigInt(9 - this.exponent);
    return count / 10n ** BigInt(this.exponent - 9);
  }
}
