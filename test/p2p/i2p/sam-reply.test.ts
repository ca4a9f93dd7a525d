import { FirstLine } from '../../../src/p2p/i2p/first-line';
import { parseSamReply, resultProblem, SamError } from '../../../src/p2p/i2p/sam-reply';

describe('parseSamReply', () => {
  it.each([
    ['HELLO REPLY RESULT=OK VERSION=3.1', 'HELLO REPLY', { RESULT: 'OK', VERSION: '3.1' }],
    ['DEST REPLY PUB=a-~= PRIV=b==', 'DEST REPLY', { PUB: 'a-~=', PRIV: 'b==' }],
    [
      'STREAM STATUS RESULT=I2P_ERROR MESSAGE="Session was \\"closed\\""',
      'STREAM STATUS',
      { RESULT: 'I2P_ERROR', MESSAGE: 'Session was "closed"' },
    ],
    ['NAMING REPLY RESULT=OK  NAME= VALUE=x ', 'NAMING REPLY', { RESULT: 'OK', NAME: '', VALUE: 'x' }],
    ['SESSION STATUS RESULT=OK SILENT', 'SESSION STATUS', { RESULT: 'OK', SILENT: '' }],
  ])('reads %s', (line, topic, values) => {
    const reply = parseSamReply(line);
    expect([reply.topic, Object.fromEntries(reply.values)]).toEqual([topic, values]);
  });

  it.each(['', ' ', 'HELLO', 'RESULT=OK', '=', '"', 'HELLO REPLY ="x', 'HTTP/1.1', '\0\xff'])(
    'refuses %j by a line that shows it',
    (line) => expect(() => parseSamReply(line)).toThrow(`sent what is no reply: ${JSON.stringify(line)}`),
  );

  it('shows no more than the beginning of a long line', () => {
    const read = (): unknown => parseSamReply('x'.repeat(60_000));
    expect(read).toThrow(SamError);
    expect(read).toThrow(/^sent what is no reply: "x{100}\.\.\."$/);
  });
});

describe('resultProblem', () => {
  it.each([
    ['STREAM STATUS RESULT=CANT_REACH_PEER', 'answered "CANT_REACH_PEER"', 'CANT_REACH_PEER'],
    ['SESSION STATUS RESULT=I2P_ERROR MESSAGE="a b"', 'answered "I2P_ERROR" ("a b")', 'I2P_ERROR'],
    ['SESSION STATUS X=1', 'answered "SESSION STATUS" without a result', undefined],
  ])('says what %s means', (line, message, result) =>
    expect(resultProblem(parseSamReply(line))).toMatchObject({ message, result }),
  );
});

describe('FirstLine', () => {
  it('cuts a line out of chunks of any size, and leaves the rest', () => {
    const bytes = Buffer.from('STREAM STATUS RESULT=OK\r\n\xffrest\n', 'latin1');
    for (let size = 1; size <= bytes.length; size += 1) {
      const first = new FirstLine();
      let at = 0;
      let found: ReturnType<FirstLine['push']> = null;
      while (found === null) {
        found = first.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(found.line).toBe('STREAM STATUS RESULT=OK');
      expect(Buffer.concat([found.rest, bytes.subarray(at)]).toString('latin1')).toBe('\xffrest\n');
    }
  });

  it('refuses a line that has no end', () => {
    const first = new FirstLine();
    for (let n = 0; n < 64; n += 1) expect(first.push(Buffer.alloc(1_024, 'a'))).toBeNull();
    expect(() => first.push(Buffer.of(97))).toThrow('sent a line of more than 65536 bytes');
  });
});
