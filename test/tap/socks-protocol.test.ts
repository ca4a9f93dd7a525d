import { encodeReply, readAddress, replyOf } from '../../src/tap-child/socks-protocol';

it.each([
  ['ENETUNREACH', 'network-unreachable'],
  ['EHOSTUNREACH', 'host-unreachable'],
  ['ENOTFOUND', 'host-unreachable'],
  ['EAI_AGAIN', 'host-unreachable'],
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'expired'],
  ['EACCES', 'not-allowed'],
  ['EMFILE', 'failed'],
  ['', 'failed'],
])('answers %s by "%s"', (code, reply) => {
  expect(replyOf(code)).toBe(reply);
});

it.each([
  ['192.0.2.1', 8333],
  ['2001:db8::1', 65_535],
  ['::', 0],
])('reads the address %s that it writes', (host, port) => {
  const bytes = encodeReply('granted', { host, port }).subarray(3);
  expect(readAddress(bytes)).toEqual({ host, port, length: bytes.length });
  for (let length = 0; length < bytes.length; length++)
    expect(readAddress(bytes.subarray(0, length))).toBeUndefined();
});

it('writes no address where there is none', () => {
  expect(encodeReply('refused')).toEqual(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]));
  expect(encodeReply('refused', { host: 'a name', port: 1 })).toEqual(
    Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 1]),
  );
});
