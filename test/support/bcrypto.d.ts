// bcrypto has no types: what wallet.ts uses of it is declared here.

declare module 'bcrypto/lib/secp256k1' {
  export function publicKeyTweakAdd(key: Buffer, tweak: Buffer, compress: boolean): Buffer;
}
