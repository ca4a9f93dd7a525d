// bcrypto has no types. This declares the functions that wallet.ts uses.

declare module 'bcrypto/lib/secp256k1' {
  export function publicKeyTweakAdd(key: Buffer, tweak: Buffer, compress: boolean): Buffer;
}
