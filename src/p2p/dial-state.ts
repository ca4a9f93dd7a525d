import type { Endpoint } from './endpoint';
import type { DisconnectReason } from './p2p-events';

/** How a connection to a configured peer ended, or why there was none. */
export interface DialEnd {
  /** Null where no address could be dialled, because its name has none. */
  readonly reason: DisconnectReason | null;
  /** The same for the log: it names each address that was tried. */
  readonly text: string;
  /** How far the last attempt came. */
  readonly reached: 'nothing' | 'connection' | 'handshake';
}

/** A peer that must stay connected, as its dialer knows it. */
export interface DialState {
  readonly endpoint: Endpoint;
  /** Address of the connection whose handshake is complete; null without one. */
  readonly connected: string | null;
  /** Failed attempts since its last complete handshake. */
  readonly failures: number;
  /** Null before the end of the first attempt. */
  readonly last: DialEnd | null;
  /** Milliseconds until the next attempt; null during an attempt or a connection. */
  readonly waitMs: number | null;
}
