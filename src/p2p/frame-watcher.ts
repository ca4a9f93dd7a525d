import type { PeerInfo } from './p2p-events';

/** Receives every message of all connections as it travelled, before it is decoded. */
export interface FrameWatcher {
  /**
   * A whole message came; `bytes` is what it takes on its transport. `message` follows directly where its
   * checksum is right.
   */
  arrived(peer: PeerInfo, command: string, bytes: number): void;
  /** The payload of the message that just arrived. The buffer may change afterwards. */
  message(peer: PeerInfo, payload: Buffer): void;
  /** A message is sent. */
  sent(peer: PeerInfo, command: string, payload: Buffer, bytes: number): void;
}
