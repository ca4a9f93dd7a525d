import type { BcoinPeer, Network } from './bcoin';

export interface SessionOptions {
  readonly network: Network;
  readonly protocolVersion: number;
  readonly userAgent: string;
  /** The service bits that we claim, at most 32. */
  readonly services: number;
  /** Whether to ask the peer to announce no transactions (BIP37). */
  readonly noRelay: boolean;
  /** Commands that are sent between version and verack (BIP155, BIP339) to peers that are new enough. */
  readonly features: readonly string[];
}

/** What is the same for many sessions; made once for all of them. */
export class SessionTerms {
  /** The options of bcoin's peer. */
  readonly peer: BcoinPeer.Options;

  constructor(readonly options: SessionOptions) {
    this.peer = {
      network: options.network,
      logger: silentLogger,
      version: options.protocolVersion,
      services: options.services,
      agent: options.userAgent,
      noRelay: options.noRelay,
      spv: false,
      headers: false,
      compact: false,
      banScore: 100,
      // bcoin asks these of its owner.
      getHeight: () => 0,
      isFull: () => false,
      hasWitness: () => false,
      hasNonce: () => false,
      getRate: () => -1,
      announcesNothing: true,
    };
  }
}

const silent = (): void => undefined;

/** bcoin logs the bytes of peers through format strings. Its log is dropped; the pool logs what matters. */
const silentLogger: BcoinPeer.Logger = {
  context: () => silentLogger,
  error: silent,
  warning: silent,
  info: silent,
  debug: silent,
  spam: silent,
};
