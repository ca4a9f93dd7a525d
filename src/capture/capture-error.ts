/** What is wrong with a capture. */
export type CaptureFault =
  /** The bytes are neither pcap nor pcapng. */
  | 'no-capture'
  /** The capture ends within a header, a packet or a block. */
  | 'cut-off'
  /** A length is one that its format cannot have, or that does not fit the lengths around it. */
  | 'impossible-length'
  /** Another field has a value that its format cannot have, such as a time after the year 2262. */
  | 'impossible-value'
  /** The format is known, but this version or link type of it can't be read. */
  | 'not-supported';

/**
 * The bytes are not a capture that can be read. The message is one line and contains the capture's bytes only
 * as numbers. The caller adds the name of the file. The readers of this room throw no other error.
 */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';

  constructor(
    readonly fault: CaptureFault,
    message: string,
  ) {
    super(message);
  }
}
