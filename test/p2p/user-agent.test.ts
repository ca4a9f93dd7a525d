import { VERSION } from '../../src/lib/version';
import { isContact, userAgentOf } from '../../src/p2p/user-agent';

it('the user agent names the program, its version, and how the operator is reached', () => {
  expect(userAgentOf()).toBe(`/btcdmon-node:${VERSION}/`);
  expect(userAgentOf('ops@example.org')).toBe(`/btcdmon-node:${VERSION}(ops@example.org)/`);
});

it.each([
  ['ops@example.org', true],
  ['example.org, Mon-Fri; who are you?', true],
  ['x'.repeat(100), true],
  ['x'.repeat(101), false],
  ['', false],
  [' a', false],
  ['a ', false],
  ['a(b)', false],
  ['a/b', false],
  ['a:b', false],
  ['ä', false],
  ['a\nb', false],
])('%j can be a comment of it: %s', (text, can) => {
  expect(isContact(text)).toBe(can);
});
