// bcoin 1.0.2 has no types. This file declares the parts of its chain that tests and benches compare ours
// with.

declare module 'bcoin/lib/protocol/consensus' {
  /** A number of bn.js. */
  export interface BN {
    toString(base: number): string;
    isNeg(): boolean;
  }
  export function fromCompact(compact: number): BN;
  export function toCompact(target: BN): number;
  export function verifyPOW(hash: Buffer, bits: number): boolean;
  export function getReward(height: number, interval: number): number;
}

declare module 'bcoin/lib/blockchain/common' {
  export const flags: { readonly VERIFY_POW: number };
}

declare module 'bcoin/lib/primitives/headers' {
  class Headers {
    static fromHead(bytes: Buffer): Headers;
    readonly bits: number;
  }
  export = Headers;
}

declare module 'bcoin/lib/blockchain/chain' {
  import type Headers from 'bcoin/lib/primitives/headers';
  import type Network from 'bcoin/lib/protocol/network';
  import type { BN } from 'bcoin/lib/protocol/consensus';

  class Chain {
    constructor(options: { readonly network: Network; readonly memory: boolean; readonly spv: boolean });
    readonly height: number;
    open(): Promise<void>;
    close(): Promise<void>;
    add(block: Headers, flags: number): Promise<unknown>;
    /**
     * The compact target of a block with this time on top of `prev`; reads earlier entries through `this`.
     */
    getTarget(this: Chain.Context, time: number, prev: Chain.Entry): Promise<number>;
    retarget(this: Chain.Context, prev: Chain.Entry, first: Chain.Entry): number;
  }

  namespace Chain {
    interface Entry {
      readonly height: number;
      readonly time: number;
      readonly bits: number;
    }

    interface Context {
      readonly network: {
        readonly pow: {
          readonly limit: BN;
          readonly bits: number;
          readonly targetTimespan: number;
          readonly targetSpacing: number;
          readonly retargetInterval: number;
          readonly targetReset: boolean;
          readonly noRetargeting: boolean;
        };
      };
      getPrevCache(entry: Entry): Entry | null;
      getPrevious(entry: Entry): Promise<Entry | null>;
      getAncestor(entry: Entry, height: number): Promise<Entry | null>;
      retarget(prev: Entry, first: Entry): number;
    }
  }
  export = Chain;
}
