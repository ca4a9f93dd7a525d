/** Reads bits, the lowest bit of each byte first. */
export class BitReader {
  private place = 0;

  constructor(private readonly bytes: Buffer) {}

  /** Number of bits that were read or skipped. */
  get at(): number {
    return this.place;
  }

  /** Number of bits that are left. */
  get left(): number {
    return this.bytes.length * 8 - this.place;
  }

  /** The next bit; null at the end. */
  bit(): number | null {
    const { place } = this;
    const byte = this.bytes[place >> 3];
    if (byte === undefined) return null;
    this.place++;
    return (byte >> (place & 7)) & 1;
  }

  /** A number of `count` bits, at most 31, the highest first; null where fewer are left. */
  bits(count: number): number | null {
    if (count > this.left) return null;
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + (this.bit() ?? 0);
    return value;
  }

  skip(count: number): void {
    this.place += count;
  }
}
