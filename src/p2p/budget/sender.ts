/** A peer whose messages are scheduled. */
export interface Sender {
  /** Whether we have dialled it. The turn of an outbound peer comes first. */
  readonly outbound: boolean;
  /** Whether the user named it. The time of such a peer is not counted. */
  readonly isNamed: boolean;
  readonly ended: boolean;
  /** Whether the peer leaves so many bytes unread that we don't handle its messages. */
  readonly isNotReading: boolean;
  /**
   * Handles complete messages while `mayGoOn`, called with the bytes of each, returns true. Returns whether a
   * complete message is left.
   */
  handle(mayGoOn: (bytes: number) => boolean): boolean;
  /** Stops and resumes reading from the socket. */
  pause(): void;
  resume(): void;
  close(reason: 'not-reading' | 'processor-time'): void;
}
