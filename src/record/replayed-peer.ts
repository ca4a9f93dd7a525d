import type { PeerInfo } from '../p2p/p2p-events';
import type { TransportName } from '../p2p/transport/transport';
import { DecodeError } from '../wire/decode-error';
import { DECODERS } from '../wire/messages/table';
import type { VersionMessage } from '../wire/messages/version';

/** A connection of a recording. */
export class ReplayedPeer implements PeerInfo {
  claims: VersionMessage | null = null;
  transport: TransportName | undefined;

  constructor(
    readonly id: number,
    readonly address: string,
    readonly outbound: boolean,
  ) {}

  /** Takes the payload of a `version`. The first one counts. */
  versionCame(payload: Buffer): void {
    if (this.claims !== null) return;
    try {
      this.claims = DECODERS.version(payload);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}
