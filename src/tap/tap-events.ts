import type { FramingViolation } from '../wire/framing';
import type { VersionMessage } from '../wire/messages/version';
import type { Direction, PerDirection, TapCloseReason } from './copy-format';
import type { TapRefusal } from './control';
import type { TapConnection } from './tap-connection';
import type { OpaqueProtocol } from './tap-stream';

/** When something was read by the tap. */
export interface TapTime {
  /** On this program's monotonic clock (`performance.now()`). */
  readonly monotonicMs: number;
  /** Unix time in milliseconds, with fractions, by the wall clock as it is set now. */
  readonly wallMs: number;
}

/**
 * Why bytes were not read as messages.
 * `not-copied` - the program did not read in time, so the tap left their copy out;
 * `no-message` - they belong to no whole message: the rest of one whose other part is missing, the last part
 * of one at the end of a connection, or what is no message of this network.
 */
export type SkipReason = 'not-copied' | 'no-message';

/** All events of a tap. */
export interface TapEvents {
  opened: { readonly connection: TapConnection; readonly time: TapTime };
  closed: {
    readonly connection: TapConnection;
    readonly reason: TapCloseReason;
    /** Whether version and verack went both ways. */
    readonly established: boolean;
    readonly time: TapTime;
  };
  /**
   * Bytes passed. The sum of these is all that passed. It equals the bytes of all messages, all bytes that
   * were skipped and all that are opaque, once the connections have ended.
   */
  bytes: { readonly connection: TapConnection; readonly direction: Direction; readonly bytes: number };
  /** A message passed, whose checksum is right. `payload` may be a view of a larger buffer. */
  message: {
    readonly connection: TapConnection;
    readonly direction: Direction;
    /** A stranger's bytes up to the first NUL, one character each. */
    readonly command: string;
    readonly payload: Buffer;
    /** With the header. */
    readonly bytes: number;
    /** When its last byte was read. */
    readonly time: TapTime;
  };
  /** Bytes passed that were not read as messages. */
  skipped: {
    readonly connection: TapConnection;
    readonly direction: Direction;
    readonly bytes: number;
    readonly why: SkipReason;
  };
  /** Bytes of a stream are missing, and at least one message with them. */
  broken: { readonly connection: TapConnection; readonly direction: Direction };
  /** A side broke the protocol, where no byte was missing: a reason to refuse a peer (`TapProcess.ban`). */
  violation: {
    readonly connection: TapConnection;
    readonly direction: Direction;
    readonly reason: FramingViolation;
  };
  /**
   * The stream is encrypted (BIP324), or speaks another protocol: its bytes are counted and not read.
   * `direction` is the one that showed it.
   */
  opaque: {
    readonly connection: TapConnection;
    readonly direction: Direction;
    readonly protocol: OpaqueProtocol;
  };
  /** Version and verack went both ways. `claims` is the peer's version. */
  handshake: { readonly connection: TapConnection; readonly claims: VersionMessage; readonly time: TapTime };
  /** Connections that were opened and ended without any copy. No other event has their bytes. */
  missed: { readonly connections: number; readonly bytes: PerDirection };
  /** So many connections were refused. */
  refused: { readonly reason: TapRefusal; readonly count: number };
}
