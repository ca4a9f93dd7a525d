import { TokenAttempts } from '../../src/lib/token-attempts';
import { Sessions } from '../../src/web/sessions';

it('ends a session after a week', () => {
  let nowMs = 0;
  const sessions = new Sessions(() => nowMs);
  const id = sessions.begin();
  nowMs = 7 * 86_400_000 - 1;
  expect(sessions.has(id)).toBe(true);
  nowMs += 1;
  expect(sessions.has(id)).toBe(false);
  nowMs = 0;
  expect(sessions.has(id)).toBe(false);
});

describe('wrong tokens', () => {
  let nowMs = 0;
  let warned: unknown[] = [];
  const attempts = (): TokenAttempts => {
    nowMs = 0;
    warned = [];
    return new TokenAttempts({ nowMs: () => nowMs, warn: (...line) => warned.push(line) });
  };

  it('can be retried after a minute', () => {
    const counted = attempts();
    for (let count = 0; count < 10; count++) {
      expect(counted.waitS('192.0.2.1')).toBe(0);
      counted.fail('192.0.2.1');
    }
    expect(counted.waitS('192.0.2.1')).toBe(60);
    expect(counted.waitS('::ffff:192.0.2.1')).toBe(60);
    expect(counted.waitS('192.0.2.2')).toBe(0);
    nowMs = 59_500;
    expect(counted.waitS('192.0.2.1')).toBe(1);
    nowMs = 60_000;
    expect(counted.waitS('192.0.2.1')).toBe(0);
  });

  it('count for a whole IPv6 network', () => {
    const counted = attempts();
    for (let count = 0; count < 10; count++) counted.fail(`2001:db8:1:2::${count}`);
    expect(counted.waitS('2001:db8:1:2:ffff::1')).toBe(60);
    expect(counted.waitS('2001:db8:1:3::1')).toBe(0);
    for (let count = 0; count < 10; count++) counted.fail(`2001:db8::${count}:1`);
    expect(counted.waitS('2001:db8:0:0:5::')).toBe(60);
    expect(counted.waitS('2001:db8:0:1::1')).toBe(0);
  });

  it('from many new addresses are counted together', () => {
    const counted = attempts();
    for (let count = 0; count < 1_010; count++) counted.fail(`10.0.${count >> 8}.${count & 255}`);
    expect(counted.waitS('192.0.2.1')).toBe(60);
    expect(counted.waitS('10.0.0.1')).toBe(0);
  });

  it('are logged once a minute, with their number', () => {
    const counted = attempts();
    for (let count = 0; count < 5; count++) counted.fail('192.0.2.1');
    nowMs = 60_000;
    counted.fail('192.0.2.2');
    expect(warned).toEqual([
      ['a wrong token for the page', { from: '192.0.2.1', failed: 1 }],
      ['a wrong token for the page', { from: '192.0.2.2', failed: 5 }],
    ]);
  });
});
