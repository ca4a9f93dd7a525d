// bcoin 1.0.2 has no types: what test/tx holds ours against is declared here.

declare module 'bcoin/lib/primitives/tx' {
  class TX {
    static fromRaw(data: Buffer): TX;
    readonly version: number;
    readonly locktime: number;
    readonly inputs: readonly TX.Input[];
    readonly outputs: readonly TX.Output[];
    txid(): string;
    wtxid(): string;
    hasWitness(): boolean;
    getSize(): number;
    getBaseSize(): number;
    getWeight(): number;
    getVirtualSize(): number;
    isCoinbase(): boolean;
  }

  namespace TX {
    interface Input {
      readonly prevout: { readonly index: number; txid(): string };
      readonly script: { readonly raw: Buffer };
      readonly sequence: number;
      readonly witness: { readonly items: readonly Buffer[]; getVarSize(): number };
    }

    interface Output {
      readonly value: number;
      readonly script: { readonly raw: Buffer };
      /** A name of bcoin's (`lib/script/common.js` types), in small letters. */
      getType(): string;
    }
  }
  export = TX;
}

declare module 'bcoin/lib/primitives/block' {
  import type TX from 'bcoin/lib/primitives/tx';

  class Block {
    static fromRaw(data: Buffer): Block;
    readonly version: number;
    readonly prevBlock: string;
    readonly merkleRoot: string;
    readonly time: number;
    readonly bits: number;
    readonly nonce: number;
    readonly txs: readonly TX[];
    rhash(): string;
    getSize(): number;
    getBaseSize(): number;
    getWeight(): number;
    getCoinbaseHeight(): number;
  }
  export = Block;
}

declare module 'bcoin/lib/primitives/address' {
  export default class Address {
    readonly hash: Buffer;
    /** `pubkeyhash`, `scripthash` or `witness`. */
    getType(): string;
    static fromString(text: string, network: string): Address;
  }
}
