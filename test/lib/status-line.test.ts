import { createLog } from '../../src/lib/log';
import { StatusLine } from '../../src/lib/status-line';

const CLEAR = '\r\x1b[K';

/** A terminal that knows only its lines: those that a person sees in the end. */
class Terminal {
  readonly isTTY = true;
  readonly lines: string[] = [''];

  constructor(readonly columns = 80) {}

  write(text: string): void {
    for (const part of text.replaceAll(CLEAR, '\r').split(/([\r\n])/)) {
      if (part === '\n') this.lines.push('');
      else this.lines.push(part === '\r' ? '' : `${this.lines.pop() ?? ''}${part}`);
      if (part === '\r') this.lines.splice(-2, 1);
    }
  }
}

describe('a status line', () => {
  it('stays below the other lines, in one place', () => {
    const terminal = new Terminal();
    const status = new StatusLine(terminal);
    status.lines.write('one\n');
    status.show('half');
    status.lines.write('two\n');
    status.show('whole');
    expect(terminal.lines).toEqual(['one', 'two', 'whole']);
    status.clear();
    status.lines.write('three\n');
    expect(terminal.lines).toEqual(['one', 'two', 'three', '']);
  });

  it('is cut at the width of the terminal', () => {
    const terminal = new Terminal(10);
    new StatusLine(terminal).show('0123456789abc');
    expect(terminal.lines).toEqual(['012345678']);
  });

  it('does not exist without a terminal', () => {
    const written: string[] = [];
    const status = new StatusLine({ write: (text) => written.push(text) });
    status.show('half');
    status.lines.write('one\n');
    status.clear();
    expect(written).toEqual(['one\n']);
  });

  it('has the log above it as text; without a terminal the log is JSON', async () => {
    const terminal = new Terminal();
    const status = new StatusLine(terminal);
    const log = createLog('info', status);
    status.show('half');
    log.info('listening', { peers: 2 });
    await new Promise(setImmediate);
    expect(terminal.lines).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d info {2}listening peers=2$/),
      'half',
    ]);

    const written: string[] = [];
    createLog('info', new StatusLine({ write: (text) => written.push(text) })).info('listening');
    await new Promise(setImmediate);
    expect(written.map((line): unknown => JSON.parse(line))).toMatchObject([
      { level: 'info', message: 'listening' },
    ]);
  });
});
