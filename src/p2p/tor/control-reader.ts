/** Tor's longest line here has a file name of 4,096 bytes with escapes, its longest reply a dozen lines. */
const MAX_LINE_BYTES = 16_384;
const MAX_LINES = 128;

/** What came is no reply of a control port, or breaks a bound. */
export class ControlError extends Error {}

/** A reply of Tor's control port. */
export interface ControlReply {
  /** 250 where the command succeeded. */
  readonly code: number;
  /** The texts of its lines after the codes. The last line ends it. */
  readonly lines: readonly string[];
}

/**
 * Reads the replies of Tor's control port (torspec `control-spec.txt`, 2.3). A reply consists of lines with a
 * code; a space follows the code of the last line. Events (650) and blocks of data (`250+`) are skipped.
 */
export class ControlReader {
  private held: Buffer = Buffer.alloc(0);
  private lines: string[] = [];
  private count = 0;
  private isData = false;

  /**
   * Takes bytes, and returns the replies that they complete.
   * @throws ControlError
   */
  push(chunk: Buffer): ControlReply[] {
    const replies: ControlReply[] = [];
    let bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      if (end > MAX_LINE_BYTES) throw new ControlError('sends a line that is too long');
      const reply = this.take(bytes.toString('latin1', 0, end).replace(/\r$/, ''));
      if (reply !== null) replies.push(reply);
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > MAX_LINE_BYTES) throw new ControlError('sends a line that is too long');
    this.held = Buffer.from(bytes);
    return replies;
  }

  private take(line: string): ControlReply | null {
    if (++this.count > MAX_LINES) throw new ControlError('sends a reply with too many lines');
    if (this.isData) {
      this.isData = line !== '.';
      return null;
    }
    const [, code = '', mark, text = ''] = /^(\d{3})([-+ ])(.*)$/.exec(line) ?? [];
    if (mark === undefined) throw new ControlError("does not speak the protocol of Tor's control port");
    this.isData = mark === '+';
    this.lines.push(text);
    if (mark !== ' ') return null;
    const { lines } = this;
    this.lines = [];
    this.count = 0;
    return code === '650' ? null : { code: Number(code), lines };
  }
}
