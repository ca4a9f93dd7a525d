import { CommandField } from '../../src/wire/command-field';

/** A header whose command field has these 12 bytes. */
function header(command: string): Buffer {
  const bytes = Buffer.alloc(24, 0xee);
  bytes.write(command.padEnd(12, '\0'), 4, 'latin1');
  return bytes;
}

describe('the command of a header', () => {
  it.each([
    ['tx', 'tx'],
    ['getcfheaders', 'getcfheaders'],
    ['', ''],
    ['tx\0garbage', 'tx'],
    ['\xff\x80unknown', '\xff\x80unknown'],
    ['constructor', 'constructor'],
  ])('%j is %j', (field, command) => {
    expect(new CommandField().of(header(field))).toBe(command);
  });

  it('is read again where one byte differs from the header before', () => {
    const commands = new CommandField();
    for (let at = 0; at < 12; at++) {
      const field = 'abcdefghijkl';
      const other = `${field.slice(0, at)}Z${field.slice(at + 1)}`;
      for (const each of [field, field, other, other, field]) expect(commands.of(header(each))).toBe(each);
    }
  });

  it('is right when it alternates with another', () => {
    const commands = new CommandField();
    const read = ['tx', 'inv', 'tx', '', 'tx'].map((command) => commands.of(header(command)));
    expect(read).toEqual(['tx', 'inv', 'tx', '', 'tx']);
  });

  it('does not follow the header when its bytes change later', () => {
    const commands = new CommandField();
    const bytes = header('ping');
    expect(commands.of(bytes)).toBe('ping');
    bytes.write('pong', 4, 'latin1');
    expect(commands.of(bytes)).toBe('pong');
  });
});
