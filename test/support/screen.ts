/* eslint-disable no-control-regex -- these are what a terminal is steered with */
/**
 * A terminal of a given size that supports only the control sequences that the program uses. Another
 * sequence, another control character, a character that is not ASCII and one outside of the screen are
 * errors.
 */
export class TestScreen {
  /** Whether the alternate screen is shown instead of the normal one. */
  alternate = false;
  cursorShown = true;
  /** How often the alternate screen was entered. */
  entered = 0;
  /** Whether any text was written in a style. */
  styled = false;
  private rows: string[];
  private row = 0;
  private column = 0;
  private rest = '';

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.rows = Array<string>(height).fill('');
  }

  /** The lines that are shown. */
  lines(): readonly string[] {
    return this.rows.map((line) => line.trimEnd());
  }

  /** Takes the output of a program, cut anywhere. */
  write(text: string): void {
    const pieces = /\x1b\[[?0-9;]*[A-Za-z]|[^\x1b]/g;
    const whole = this.rest + text;
    const cutOff = /\x1b(\[[?0-9;]*)?$/.exec(whole);
    this.rest = cutOff?.[0] ?? '';
    const complete = whole.slice(0, whole.length - this.rest.length);
    const found = complete.match(pieces) ?? [];
    if (found.join('') !== complete) throw new Error(`not understood: ${JSON.stringify(complete)}`);
    for (const piece of found) this.take(piece);
  }

  private take(piece: string): void {
    switch (piece) {
      case '\x1b[?1049h':
      case '\x1b[?1049l':
        this.alternate = piece.endsWith('h');
        if (this.alternate) this.entered += 1;
        this.clear();
        return;
      case '\x1b[?25h':
      case '\x1b[?25l':
        this.cursorShown = piece.endsWith('h');
        return;
      case '\x1b[2J':
        this.clear();
        return;
      case '\x1b[H':
        this.row = 0;
        this.column = 0;
        return;
      case '\x1b[K':
        this.rows[this.row] = (this.rows[this.row] ?? '').slice(0, this.column);
        return;
      case '\r':
        this.column = 0;
        return;
      case '\n':
        this.row += 1;
        if (this.row >= this.height && this.alternate)
          throw new Error(`the screen has ${this.height} rows; one more was begun`);
        return;
      default:
        if (/^\x1b\[[0-9;]*m$/.test(piece)) this.styled ||= piece !== '\x1b[0m';
        else if (/^[\x20-\x7e]$/.test(piece)) this.put(piece);
        else throw new Error(`written to the terminal: ${JSON.stringify(piece)}`);
    }
  }

  private put(character: string): void {
    if (!this.alternate) return;
    if (this.column >= this.width)
      throw new Error(`the screen has ${this.width} columns; one more is used: ${this.rows[this.row] ?? ''}`);
    const line = (this.rows[this.row] ?? '').padEnd(this.column);
    this.rows[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
    this.column += 1;
  }

  private clear(): void {
    this.rows = Array<string>(this.height).fill('');
  }
}
