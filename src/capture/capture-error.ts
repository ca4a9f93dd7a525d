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
  /** The format is known, and this version or link type of it is not read. */
  | 'not-supported';

/**
 * The bytes are not a capture that can be read. The message is one line and has none of the capture's bytes
 * except as numbers. The name of the file is the caller's to add. The readers of this room throw no other
 * error.
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
