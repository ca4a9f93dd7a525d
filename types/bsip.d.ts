// bsip, which comes with bcoin, has no types: what bench/compact.ts uses of it is declared here.
declare module 'bsip' {
  /** SipHash-2-4 of bytes by a key of 16 bytes: its high and low 32 bits. */
  export function siphash(data: Buffer, key: Buffer): readonly [hi: number, lo: number];
}
