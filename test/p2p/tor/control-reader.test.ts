import { readProtocolInfo } from '../../../src/p2p/tor/authenticate';
import { ControlReader, type ControlReply } from '../../../src/p2p/tor/control-reader';

/** Reads a text in chunks of a size. */
function read(text: string, size: number): ControlReply[] {
  const reader = new ControlReader();
  const bytes = Buffer.from(text, 'latin1');
  const replies: ControlReply[] = [];
  for (let at = 0; at < bytes.length; at += size) replies.push(...reader.push(bytes.subarray(at, at + size)));
  return replies;
}

it('reads replies of one line and of several, whatever the chunks', () => {
  const text =
    '250 OK\r\n250-A=1\r\n250-B=2\r\n250 OK\r\n650 EVENT x\r\n250+data=\r\n514 no\r\n.\r\n250 OK\n515 No\r\n';
  for (const size of [1, 2, 3, 7, 1_000])
    expect(read(text, size)).toEqual([
      { code: 250, lines: ['OK'] },
      { code: 250, lines: ['A=1', 'B=2', 'OK'] },
      { code: 250, lines: ['data=', 'OK'] },
      { code: 515, lines: ['No'] },
    ]);
});

it.each([
  ['HTTP/1.1 200 OK\r\n', 'does not speak the protocol'],
  ['\r\n', 'does not speak the protocol'],
  [`250 ${'x'.repeat(20_000)}\r\n`, 'a line that is too long'],
  ['x'.repeat(20_000), 'a line that is too long'],
  ['250-x\r\n'.repeat(200), 'too many lines'],
  [`250+x\r\n${'y\r\n'.repeat(200)}`, 'too many lines'],
])('refuses %j', (text, reason) => {
  for (const size of [1, 1_000, 100_000]) expect(() => read(text, size)).toThrow(reason);
});

it.each([
  ['AUTH METHODS=NULL', ['NULL'], null],
  ['AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/run/tor/a"', ['COOKIE', 'SAFECOOKIE'], '/run/tor/a'],
  [String.raw`AUTH METHODS=SAFECOOKIE COOKIEFILE="/a \"b\\c\303\244"`, ['SAFECOOKIE'], String.raw`/a "b\cä`],
  ['AUTH nothing', [''], null],
])('PROTOCOLINFO: %s', (line, methods, cookieFile) =>
  expect(readProtocolInfo(['PROTOCOLINFO 1', line, 'OK'])).toEqual({ methods, cookieFile }),
);
